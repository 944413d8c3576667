// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "documents.hpp"

using namespace bedplate;
using namespace bedplate::test;

namespace {

using List = std::vector<std::string>;

const std::string whole = R"(schema: bedplate/site/v1
cluster: {name: prod, domain: dc1.example.com, ntp: [10.0.100.1, ntp.example.com], dns: [10.0.100.1], timezone: Europe/Berlin}
networks:
  management: {vlan: 100, subnet: 10.0.100.0/24, gateway: 10.0.100.1}
  service: {vlan: 200, bridge: br-service}
  storage_public: {vlan: 300, subnet: 10.0.30.0/24, mtu: 9000}
  ring1: {vlan: 101, subnet: 10.0.101.0/28}
access:
  ssh_authorized_keys:
    - "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f operator@workstation"
  root_password_hash: null
install: {unattended: true, wipe: not-ours, generation: 7, after: poweroff}
nodes:
  - {match: {service_tag: BPL0001}, hostname: node1, address: 11, cluster: create}
  - {match: {uuid: 4C4C4544-0042-5010-804C-B4C04F303031}, hostname: node2, address: {management: 12, ring1: 2}}
  - match: {mac: "52-54-00-00-00-03"}
    hostname: node3
    address: 13
    cluster: join
    profile: lab-vm
    wipe: [{serial: "S1"}, {serial: "S2"}]
monitoring:
  retention: 14d
  alert_receivers: [{webhook: "http://10.0.100.5:8080/alert"}]
  heartbeat: https://watch.example.com/prod
)";

const std::string canary = "canary-of-a-passphrase";
const std::string bmc_canary = "canary-of-a-bmc";

struct Loaded {
    std::optional<Site> site;
    Report report;
};

Loaded load(const std::string& text) {
    Loaded loaded;
    loaded.site = load_site(text, "site.yaml", loaded.report);
    return loaded;
}

/// A change to the whole site, and the one finding it causes: its code, and the text at which it stands.
struct Fault {
    std::string_view from, to, token, code;
};

void check(const Fault& fault) {
    const std::string text = with(whole, fault.from, fault.to);
    INFO(fault.from << "  ->  " << fault.to);
    CHECK(places(load(text).report) == List{std::format("{} {}", place_of(text, fault.token), fault.code)});
}

}  // namespace

TEST_CASE("every key of a site reaches its member") {
    const auto [loaded, report] = load(whole);
    INFO(report.to_text());
    REQUIRE(loaded);
    CHECK(report.findings().empty());
    const Site& s = *loaded;
    CHECK(s.cluster_name == "prod");
    CHECK(s.domain == "dc1.example.com");
    CHECK(s.ntp == List{"10.0.100.1", "ntp.example.com"});
    CHECK(s.dns == List{"10.0.100.1"});
    CHECK(s.timezone == "Europe/Berlin");

    REQUIRE(s.networks.size() == 4);
    const NetworkSpec& management = s.networks.at("management");
    CHECK(management.vlan->value() == 100);
    CHECK(management.subnet->to_text() == "10.0.100.0/24");
    CHECK(management.gateway->to_text() == "10.0.100.1");
    CHECK(!management.mtu);
    CHECK(s.networks.at("service").bridge == "br-service");
    CHECK(!s.networks.at("service").subnet);
    CHECK(s.networks.at("storage_public").mtu == 9000);

    CHECK(s.ssh_authorized_keys.size() == 1);
    CHECK(!s.root_password_hash);
    CHECK(s.install.unattended);
    CHECK(s.install.wipe == WipePolicy::not_ours);
    CHECK(s.install.generation == 7);
    CHECK(s.install.after == InstallSettings::After::poweroff);

    REQUIRE(s.nodes.size() == 3);
    CHECK(s.nodes[0].match_service_tag == "BPL0001");
    CHECK(s.nodes[0].hostname == "node1");
    CHECK(s.nodes[0].address.at("*") == 11);
    CHECK(s.nodes[0].cluster == NodeEntry::ClusterAction::create);
    CHECK(s.nodes[1].match_uuid == "4c4c4544-0042-5010-804c-b4c04f303031");
    CHECK(s.nodes[1].address == std::map<std::string, std::uint64_t>{{"management", 12}, {"ring1", 2}});
    CHECK(s.nodes[1].cluster == NodeEntry::ClusterAction::join);
    CHECK(s.nodes[2].match_mac == "52:54:00:00:00:03");
    CHECK(s.nodes[2].profile == "lab-vm");
    CHECK(s.nodes[2].wipe.serials == List{"S1", "S2"});

    CHECK(s.monitoring.retention == std::chrono::days(14));
    CHECK(s.monitoring.alert_webhooks == List{"http://10.0.100.5:8080/alert"});
    CHECK(s.monitoring.heartbeat == "https://watch.example.com/prod");
    CHECK(s.origin == "site.yaml");
    CHECK(s.digest.size() == 64);
}

TEST_CASE("a site needs little") {
    const auto [loaded, report] =
        load("schema: bedplate/site/v1\ncluster: {name: c}\nnetworks: {management: {subnet: 10.0.0.0/24}}\n");
    REQUIRE(loaded);
    CHECK(codes(report) == List{"site.no-access"});
    CHECK(loaded->timezone == "UTC");
    CHECK(!loaded->install.unattended);
    CHECK(loaded->install.wipe == WipePolicy::blank_only);
    CHECK(loaded->install.generation == 1);
    CHECK(loaded->monitoring.retention == std::chrono::days(30));
}

TEST_CASE("wrong values of a site are found at their place") {
    const std::vector<Fault> faults{
        {"name: prod", "name: -prod", "-prod", "yaml.value"},
        {"dc1.example.com", "dc1..example.com", "dc1..", "yaml.value"},
        {"ntp.example.com", "10.0.100.999", "10.0.100.999", "yaml.value"},
        {"ntp.example.com", "\"bad host\"", "\"bad host\"", "yaml.value"},
        {"dns: [10.0.100.1]", "dns: [dns.example.com]", "dns.example.com", "yaml.value"},
        {"dns: [10.0.100.1]", "dns: 10.0.100.1", "10.0.100.1, timezone", "yaml.type"},
        {"Europe/Berlin", "../etc/passwd", "../etc", "yaml.value"},
        {"Europe/Berlin", "/etc/passwd", "/etc", "yaml.value"},
        {"vlan: 200", "vlan: 0", "0, bridge", "yaml.value"},
        {"vlan: 200", "vlan: 4095", "4095", "yaml.value"},
        {"vlan: 200", "vlan: 0200", "0200", "yaml.value"},
        {"10.0.30.0/24", "10.0.30.1/24", "10.0.30.1/24", "yaml.value"},
        {"10.0.30.0/24", "10.0.30.0/33", "10.0.30.0/33", "yaml.value"},
        {"mtu: 9000", "mtu: 90", "90}", "yaml.value"},
        {"br-service", "bridge with blanks", "bridge with", "yaml.value"},
        {"generation: 7", "generation: 0", "0, after", "yaml.value"},
        {"wipe: not-ours", "wipe: everything", "everything", "yaml.value"},
        {"unattended: true", "unattended: yes", "yes", "yaml.value"},
        {"hostname: node1", "hostname: node_1", "node_1", "yaml.value"},
        {"hostname: node1", "hostname: \"node1\\nroot\"", "\"node1\\nroot\"", "yaml.value"},
        {"address: 11", "address: 011", "011", "yaml.value"},
        {"address: 11", "address: 10.0.100.11", "10.0.100.11", "yaml.value"},
        {"52-54-00-00-00-03", "52-54-00-00-00", "\"52-54-00-00-00\"", "yaml.value"},
        {"4C4C4544-0042-5010-804C-B4C04F303031", "4C4C4544", "4C4C4544", "yaml.value"},
        {"retention: 14d", "retention: 14 days", "14 days", "yaml.value"},
        {"http://10.0.100.5:8080/alert", "ftp://10.0.100.5/", "\"ftp", "yaml.value"},
        {"http://10.0.100.5:8080/alert", "http://x/ y", "\"http://x", "yaml.value"},
        {"https://watch.example.com/prod", "watch.example.com", "watch.example.com", "yaml.value"},
    };
    for (const Fault& fault : faults) {
        check(fault);
    }
}

TEST_CASE("keys that a site does not have are found, down to the deepest") {
    const std::vector<Fault> faults{
        {"cluster: {name", "clustr: x\ncluster: {name", "clustr", "yaml.unknown-key"},
        {"ring1: {", "storage_clutser: {vlan: 5}\n  ring1: {", "storage_clutser", "yaml.unknown-key"},
        {"mtu: 9000", "mtu: 9000, vlan_id: 3", "vlan_id", "yaml.unknown-key"},
        {"{management: 12,", "{management: 12, ringl: 3,", "ringl", "yaml.unknown-key"},
        {"after: poweroff", "after: poweroff, password: x", "password: x", "yaml.unknown-key"},
        {"{serial: \"S2\"}", "{serial: \"S2\", wwn: x}", "wwn", "yaml.unknown-key"},
        {"hostname: node1, ", "", "{match: {service_tag", "yaml.missing-key"},
        {"{service_tag: BPL0001}", "{}", "{}", "site.empty-match"},
    };
    for (const Fault& fault : faults) {
        check(fault);
    }
}

TEST_CASE("what must be unique or fit together in a site is checked over all of it") {
    const std::vector<Fault> faults{
        {"vlan: 101", "vlan: 300", "300, subnet: 10.0.30.0", "site.duplicate-vlan"},
        {"10.0.101.0/28", "10.0.0.0/16", "10.0.0.0/16", "site.overlapping-subnets"},
        {"gateway: 10.0.100.1", "gateway: 10.0.99.1", "10.0.99.1", "site.gateway"},
        {"gateway: 10.0.100.1", "gateway: 10.0.100.255", "10.0.100.255", "site.gateway"},
        {"gateway: 10.0.100.1", "gateway: 10.0.100.11", "11, cluster", "site.address"},
        {"vlan: 200,", "vlan: 200, gateway: 10.9.0.1,", "10.9.0.1", "site.gateway"},
        {"hostname: node3", "hostname: node1", "node1\n", "site.duplicate-hostname"},
        {"{mac: \"52-54-00-00-00-03\"}", "{service_tag: BPL0001}", "BPL0001}\n",
         "site.duplicate-service_tag"},
        {"address: {management: 12, ring1: 2}", "address: {management: 11, ring1: 2}", "11, ring1",
         "site.duplicate-address"},
        {"address: 13", "address: 15", "15\n", "site.address"},
        {"ring1: 2}", "ring1: 15}", "15}}", "site.address"},
        {"ring1: 2}", "service: 2}", "2}}", "site.address"},
        {"ring1: 2}", "migration: 2}", "2}}", "site.address"},
        {"{management: 12, ring1: 2}", "{ring1: 2}", "{ring1: 2}", "site.address"},
        {"    cluster: join", "    cluster: create", "create\n", "site.two-creators"},
    };
    for (const Fault& fault : faults) {
        INFO(fault.from << "  ->  " << fault.to);
        const std::string text = with(whole, fault.from, fault.to);
        const auto [loaded, report] = load(text);
        INFO(report.to_text());
        CHECK(std::ranges::contains(places(report),
                                    std::format("{} {}", place_of(text, fault.token), fault.code)));
    }
}

TEST_CASE("what of others may be erased stands in the node's wipe, and the cluster's own fsid in the site") {
    const std::string fsid = "6f1e7c52-0f7e-4a3c-8f6b-3a5c6a1f2d11";
    const std::string entries = "wipe: [{serial: \"S1\"}, {fsid: " + fsid + "}, {cluster: old}]";
    const auto [loaded, report] = load(with(whole, "wipe: [{serial: \"S1\"}, {serial: \"S2\"}]", entries));
    INFO(report.to_text());
    REQUIRE(loaded);
    CHECK(loaded->nodes[2].wipe.serials == List{"S1"});
    CHECK(loaded->nodes[2].wipe.fsids == List{fsid});
    CHECK(loaded->nodes[2].wipe.clusters == List{"old"});
    CHECK(codes(load(with(whole, "{serial: \"S2\"}", "{}")).report) == List{"site.empty-wipe"});

    Site other = *loaded;
    CHECK(ceph_fsid(other) == ceph_fsid(*loaded));
    other.domain = "elsewhere.example.com";
    CHECK(ceph_fsid(other) != ceph_fsid(*loaded));
    other.fsid = Guid::parse(fsid).value();
    CHECK(ceph_fsid(other).to_text() == fsid);
}

TEST_CASE("the management network must have a subnet") {
    const auto text = with(whole, "{vlan: 100, subnet: 10.0.100.0/24, gateway: 10.0.100.1}", "{vlan: 100}");
    CHECK(codes(load(text).report).front() == "site.no-subnet");
    const auto without =
        with(whole, "  management: {vlan: 100, subnet: 10.0.100.0/24, gateway: 10.0.100.1}\n", "");
    CHECK(codes(load(without).report).front() == "yaml.missing-key");
}

TEST_CASE("an unattended site without nodes is refused, an interactive one is not") {
    const std::string head =
        "schema: bedplate/site/v1\ncluster: {name: c}\nnetworks: {management: {subnet: 10.0.0.0/24}}\n";
    CHECK(codes(load(head + "install: {unattended: true}\n").report) ==
          List{"site.no-access", "site.no-nodes"});
    CHECK(codes(load(head + "install: {unattended: true}\nnodes: []\n").report) ==
          List{"site.no-access", "site.no-nodes"});
    CHECK(load(head + "install: {unattended: false}\n").site);
}

TEST_CASE("ssh keys are public keys of an allowed type, on one line, without options") {
    const std::string good =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
    const auto with_key = [](const std::string& key) {
        return load(with(whole,
                         "\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f "
                         "operator@workstation\"",
                         "\"" + key + "\""));
    };
    CHECK(with_key(good).site);
    CHECK(with_key(good + " name with blanks").site);
    CHECK(with_key("sk-" + with(good, "ed25519", "ed25519@openssh.com")).site);
    for (const std::string& bad :
         {std::string("ssh-dss AAAAB3NzaC1kc3MAAACBAP1/U4EddRIpUt9KnC7s5Of2EbdSPO9EAMMeP4C2USZpRV1AIlH7WT2N"),
          "command=\\\"id\\\" " + good, std::string("ssh-ed25519"), std::string("ssh-ed25519 AAAAC3Nza"),
          with(good, "AAAAC3", "BBBBC3"), good + "\\nssh-rsa AAAA", std::string("ssh-ed25519  ") + good,
          with(good, "HR4f", "HR4*")}) {
        INFO(bad);
        const auto [loaded, report] = with_key(bad);
        CHECK(!loaded);
        CHECK(codes(report) == List{"yaml.value"});
    }
}

TEST_CASE("a password hash is a crypt hash and is kept as a secret") {
    const std::string yescrypt = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7";
    const std::string sha512 =
        "$6$rounds=656000$4XzXN0QG0sJq7p0o$"
        "Xr0v8CTy9wHqPDQ4g6c3k8kZc2m6tTlcE9wF1Z3vX2aK7R1oXhdnI9rJyYfQ9tB5uKXoZ0mC5dV1wzq8N3pJ41";
    for (const std::string& hash : {yescrypt, sha512}) {
        const auto [loaded, report] =
            load(with(whole, "root_password_hash: null", "root_password_hash: '" + hash + "'"));
        INFO(report.to_text());
        REQUIRE(loaded);
        CHECK(loaded->root_password_hash->reveal() == hash);
    }
}

TEST_CASE("no finding repeats a secret, wherever it stands") {
    const std::string canary = "CANARYxyz0";
    const std::string hash = "$y$j9T$" + canary;
    const std::vector<std::pair<std::string, std::string>> changes{
        {"root_password_hash: null", "root_password_hash: " + canary},
        {"root_password_hash: null", "root_password_hash: '" + hash + "'"},
        {"root_password_hash: null", "root_password_hash: [" + hash + "]"},
        {"root_password_hash: null", "root_password_hash: {" + hash + ": 1}"},
        {"root_password_hash: null", "root_password_hash: *" + canary},
        {"root_password_hash: null", "root_password_hash: &" + canary + " x"},
        {"root_password_hash: null", "root_password_hash: !" + canary + " x"},
        {"root_password_hash: null", "root_password_hash: '" + hash},
        {"root_password_hash: null", "root_password_hash: \"" + canary + "\\q\""},
        {"root_password_hash: null", "root_password_hash: " + hash + ": x"},
        {"root_password_hash: null", "root_password_hash:" + hash},
        {"root_password_hash: null", "root_password_hash:" + hash + ": x"},
        {"root_password_hash: null", "root_pasword_hash: " + hash},
        {"root_password_hash: null", "root_password_hash: x\n  root_password_hash: " + hash},
        {"timezone: Europe/Berlin", "timezone: " + hash},
        {"hostname: node1", "hostname: " + hash},
        {"wipe: not-ours", "wipe: " + hash},
        {"subnet: 10.0.30.0/24", "subnet: " + hash},
        {"generation: 7", "generation: " + hash},
        {"unattended: true", "unattended: " + hash},
        {"ssh-ed25519 AAAA", "-----BEGIN OPENSSH PRIVATE KEY----- " + canary},
        {"ssh-ed25519 AAAA", canary + " AAAA"},
    };
    for (const auto& [from, to] : changes) {
        INFO(to);
        const auto [loaded, report] = load(with(whole, from, to));
        CHECK(!loaded);
        CHECK(!report.findings().empty());
        CHECK(!report.to_text().contains(canary));
        CHECK(!report.to_json().dump().contains(canary));
    }
}

TEST_CASE("several faults of a site are reported together") {
    auto text = with(whole, "vlan: 100", "vlan: 5000");
    text = with(text, "hostname: node3", "hostname: node1");
    text = with(text, "generation: 7", "generation: 0");
    CHECK(codes(load(text).report) == List{"yaml.value", "yaml.value", "site.duplicate-hostname"});
}

TEST_CASE("a node entry that is no map does not disturb the checks of the others") {
    const auto text = with(whole, "nodes:\n", "nodes:\n  - node0\n");
    CHECK(codes(load(text).report) == List{"yaml.type"});
}

TEST_CASE("validate_document knows what a text is by its schema") {
    CHECK(validate_document(whole, "s").findings().empty());
    CHECK(codes(validate_document(with(whole, "generation: 7", "generation: x"), "s")) == List{"yaml.value"});
    CHECK(validate_document(read_file(source_path("profiles/dell-r750-nvme.yaml")), "p").findings().empty());
    CHECK(validate_document(read_file(source_path("tests/machines/vm-r750/inventory.json")), "i")
              .findings()
              .empty());
    CHECK(codes(validate_document("schema: bedplate/plan/v1\n", "x")) == List{"document.schema"});
    CHECK(places(validate_document("a: 1\nschema: 5\n", "x")) == List{"2:9 document.schema"});
    CHECK(codes(validate_document("a: 1\n", "x")) == List{"document.schema"});
    CHECK(codes(validate_document("[]\n", "x")) == List{"document.schema"});
    CHECK(codes(validate_document("a: [\n", "x")) == List{"yaml.syntax"});
    CHECK(codes(validate_document("{\"schema\": \"bedplate/inventory/v1\"}", "x")) ==
          List{"inventory.field"});
    CHECK(codes(validate_document("{\"schema\": \"bedplate/inventory/v1\"", "x")) == List{"json.syntax"});
    CHECK(codes(validate_document("schema: bedplate/site/v2\nother: 1\n", "x")) == List{"document.schema"});
}

TEST_CASE("the rules of high availability are read, and what is left out has its default") {
    const auto read = load(
        with(whole, "nodes:\n",
             "ha: {wait_before_moving: 60s, stickiness: 10, migration_threshold: 2, "
             "failure_timeout: 5min, reserve: 15%, memory_overcommit: 1.5, cpu_overcommit: 2, fencing_test: "
             "cycle, fence_loop: {times: 4, window: 2h}, qdevice: {host: witness}}\nnodes:\n"));
    REQUIRE(read.site);
    const HaSettings& ha = read.site->ha;
    CHECK(ha.wait_before_moving == std::chrono::seconds{60});
    CHECK(ha.failure_timeout == std::chrono::minutes{5});
    CHECK(ha.stickiness == 10);
    CHECK(ha.migration_threshold == 2);
    CHECK(ha.reserve_percent == 15);
    CHECK(ha.memory_overcommit == 1.5);
    CHECK(ha.cpu_overcommit == 2);
    CHECK(ha.fencing_test == FencingTest::cycle);
    CHECK(ha.fence_loop_times == 4);
    CHECK(ha.fence_loop_window == std::chrono::hours{2});
    CHECK(ha.qdevice_host == "witness");
    const auto plain = load(whole);
    REQUIRE(plain.site);
    CHECK(plain.site->ha.fencing_test == FencingTest::status);
    CHECK(!plain.site->ha.reserve_percent);
    CHECK(!plain.site->ha.cpu_overcommit);
    for (const auto* wrong :
         {"fencing_test: maybe", "reserve: 0%", "memory_overcommit: 0.5", "qdevice: {}", "cpu_overcommit: 33",
          "wait_before_moving: 2s", "fence_loop: {times: 0}", "stickyness: 1"}) {
        INFO(wrong);
        CHECK(
            load(with(whole, "nodes:\n", std::string("ha: {") + wrong + "}\nnodes:\n")).report.has_errors());
    }
}

TEST_CASE("what opens the BMCs is read for all and for single machines, and no finding shows it") {
    Report report;
    const auto secrets =
        load_secrets("schema: bedplate/secrets/v1\nbmc:\n  user: root\n  password: \"" + bmc_canary +
                         "\"\n  nodes:\n    - {service_tag: ABC, password: other}\n"
                         "    - {service_tag: DEF, user: admin}\n",
                     "secrets.yaml", report);
    INFO(report.to_text());
    REQUIRE(secrets);
    CHECK(secrets->bmc.of("abc").user == "root");
    CHECK(secrets->bmc.of("abc").password == Secret("other"));
    CHECK(secrets->bmc.of("DEF").user == "admin");
    CHECK(secrets->bmc.of("DEF").password == Secret(bmc_canary));
    CHECK(secrets->bmc.of("").password == Secret(bmc_canary));
    for (const std::string& wrong : std::vector<std::string>{
             "password: \"" + bmc_canary + " \"", "password: [" + bmc_canary + "]", "pass: " + bmc_canary,
             "password: {x: " + bmc_canary + "}", "password: \"" + std::string(65, 'c') + "\""}) {
        INFO(wrong);
        Report found;
        CHECK_FALSE(load_secrets("schema: bedplate/secrets/v1\nbmc:\n  " + wrong + "\n", "s", found));
        CHECK_FALSE(found.to_text().contains("canary"));
        CHECK_FALSE(found.to_text().contains("ccc"));
    }
}

TEST_CASE("the secrets' passphrase is read, and no finding shows it") {
    Report report;
    const auto secrets = load_secrets("schema: bedplate/secrets/v1\ndisk_passphrase: " + canary + "\n",
                                      "secrets.yaml", report);
    REQUIRE(secrets);
    CHECK(secrets->disk_passphrase == Secret(canary));
    for (const std::string& wrong : std::vector<std::string>{
             "disk_passphrase: [" + canary + "]", "disk_passphrase: " + canary + "\u00e4",
             "disk_passphrase: short", "disk_pass: " + canary, "disk_passphrase: {" + canary + ": x}",
             "disk_passphrase: '" + canary}) {
        INFO(wrong);
        Report found;
        CHECK_FALSE(load_secrets("schema: bedplate/secrets/v1\n" + wrong + "\n", "secrets.yaml", found));
        CHECK(found.has_errors());
        CHECK_FALSE(found.to_text().contains("canary"));
        CHECK_FALSE(found.to_text().contains("short'"));
    }
}
