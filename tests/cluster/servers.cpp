// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/cluster/servers.hpp"

#include <pwd.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <format>
#include <thread>

#include "base/text.hpp"
#include "cluster/files.hpp"
#include "registry/pki.hpp"
#include "tests/vm/require.hpp"

namespace bedplate::jointest {

namespace {

namespace fs = std::filesystem;

using fakes::free_port;
using fakes::Process;
using fakes::wait_for_port;
using vm::must;

}  // namespace

SeedHost::SeedHost() : etcd_port_(free_port()), peer_port_(free_port()), ssh_port_(free_port()) {
    std::string pattern = std::string(BEDPLATE_SOURCE_DIR) + "/build/join-test-XXXXXX";
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    identity_ = {
        .name = "jointest",
        .fsid = must(Guid::parse(must(real_.get().files.read("/proc/sys/kernel/random/uuid")).substr(0, 36))),
        .created = "2026-01-01T00:00:00Z"};
    make_pki();
    start_etcd();
    write_seed_files();
    Connection connection(*this);
    Member first = machine(0);
    first.id = 1;
    first.control = true;
    first.state = Member::State::member;
    must(connection.registry.found(identity_, first));
}

SeedHost::~SeedHost() {
    sshd_.reset();
    etcd_.reset();
    std::error_code ignored;  // a folder left behind below build/ harms nobody
    fs::remove_all(folder_, ignored);
}

HttpTls SeedHost::tls() const {
    return {.ca_file = folder_ / "ca.crt",
            .certificate_file = folder_ / "node.crt",
            .key_file = folder_ / "node.key"};
}

std::vector<std::string> SeedHost::endpoints() const {
    return {std::format("https://127.0.0.1:{}", etcd_port_)};
}

std::string SeedHost::user() const {
    const passwd* entry = ::getpwuid(::geteuid());
    return entry == nullptr ? "root" : entry->pw_name;
}

void SeedHost::make_pki() {
    const auto ca = must(make_ca(real_.get(), "jointest"));
    must(real_.get().files.write(folder_ / "ca.crt", ca.certificate));
    must(real_.get().files.write(folder_ / "ca.key", ca.key.reveal(), 0600));
    const auto own = must(make_key_request(real_.get(), "node0"));
    must(real_.get().files.write(folder_ / "node.key", own.key.reveal(), 0600));
    must(real_.get().files.write(
        folder_ / "node.crt", must(sign(real_.get(), folder_ / "ca.crt", folder_ / "ca.key", own.csr, "node0",
                                        {"localhost"}, {"127.0.0.1"}, folder_))));
}

/// The configuration is the product's, with the ports and paths of this test.
void SeedHost::start_etcd() {
    Member self = machine(0);
    self.management = must(Ipv4::parse("127.0.0.1"));
    Json config = must(parse_json(etcd_conf(identity_, self, std::vector<Member>{self}, true), "etcd"));
    const std::string client = endpoints().front(), peer = std::format("https://127.0.0.1:{}", peer_port_);
    config["data-dir"] = (folder_ / "etcd").string();
    config["listen-client-urls"] = client;
    config["advertise-client-urls"] = client;
    config["listen-metrics-urls"] = std::format("http://127.0.0.1:{}", free_port());
    config["listen-peer-urls"] = peer;
    config["initial-advertise-peer-urls"] = peer;
    config["initial-cluster"] = self.hostname + "=" + peer;
    // What is tested is who gets what, not the disk below it.
    config["unsafe-no-fsync"] = true;
    for (const auto* side : {"client-transport-security", "peer-transport-security"}) {
        config[side]["cert-file"] = (folder_ / "node.crt").string();
        config[side]["key-file"] = (folder_ / "node.key").string();
        config[side]["trusted-ca-file"] = (folder_ / "ca.crt").string();
    }
    must(real_.get().files.write(folder_ / "etcd.json", config.dump()));
    etcd_ = std::make_unique<Process>(
        std::vector<std::string>{"/usr/bin/etcd", "--config-file", (folder_ / "etcd.json").string()},
        folder_ / "etcd.log");
    wait_for_port("127.0.0.1", etcd_port_, folder_ / "etcd.log");
    Connection connection(*this);
    for (int i = 0; i < 300 && !connection.etcd.get("/x"); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
}

/// A seed's files, and corosync's tools as this ring has them: they say what the plan in the registry says,
/// since there is no corosync here. (The virtual machines have the real one.)
void SeedHost::write_seed_files() {
    must(real_.get().files.write(folder_ / "bin/corosync-cfgtool", "#!/bin/sh\nexit 0\n", 0755));
    must(real_.get().files.write(
        folder_ / "bin/corosync-quorumtool",
        std::format("#!/bin/sh\nvotes=$(grep -c nodeid: {0}/corosync.conf)\n"
                    "echo \"Expected votes:   $votes\"\n"
                    "echo \"Total votes:      $(cat {0}/running 2>/dev/null || echo $votes)\"\n",
                    folder_.string()),
        0755));
    must(real_.get().files.write(folder_ / "corosync.conf",
                                 corosync_conf("jointest", 1, std::vector<Member>{machine(0)})));
    for (const auto* name : {"corosync.key", "pacemaker.key", "ceph.keyring"}) {
        must(real_.get().files.write(folder_ / name, std::format("secret of {}\n", name), 0600));
    }
    must(real_.get().files.write(folder_ / "registry.json", Json{{"endpoints", endpoints()},
                                                                 {"ca", tls().ca_file},
                                                                 {"certificate", tls().certificate_file},
                                                                 {"key", tls().key_file}}
                                                                .dump()));
    const Json secrets{{"corosync", (folder_ / "corosync.key").string()},
                       {"pacemaker", (folder_ / "pacemaker.key").string()},
                       {"ceph_join", (folder_ / "ceph.keyring").string()}};
    const Json control{{"ca_key", (folder_ / "ca.key").string()}};
    const Json places{
        {"registry_access", (folder_ / "registry.json").string()},
        {"ca_certificate", (folder_ / "ca.crt").string()},
        {"ca_key", (folder_ / "ca.key").string()},
        {"corosync_conf", (folder_ / "corosync.conf").string()},
        {"work", (folder_ / "work").string()},
        {"hostname", "node0"},
        {"secrets", secrets},
        {"control_secrets", control},
        {"service_secrets", (folder_ / "secrets.json").string()},
        {"tools", (folder_ / "bin").string()},
        {"command", std::format("{} --config {}", BEDPLATE_ACCEPT, (folder_ / "seed.json").string())}};
    must(real_.get().files.write(folder_ / "seed.json", places.dump()));
}

void SeedHost::start_sshd() {
    must(run_checked(real_.get().commands, {.argv = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                                                     (folder_ / "host_key").string()}}));
    const auto words = split(trim(must(real_.get().files.read(folder_ / "host_key.pub"))), ' ');
    host_key_ = words[0] + " " + words[1];
    must(real_.get().files.make_directories("/run/sshd"));
    must(real_.get().files.write(
        folder_ / "sshd_config",
        std::format("Port {}\nListenAddress 127.0.0.1\nHostKey {}\nPidFile none\nUsePAM no\nStrictModes yes\n"
                    "MaxStartups 200:30:400\nPerSourcePenalties no\nPermitRootLogin prohibit-password\n"
                    "PasswordAuthentication no\nAuthorizedKeysFile none\n"
                    "AuthorizedKeysCommand {} --config {} --keys %f\nAuthorizedKeysCommandUser {}\n",
                    ssh_port_, (folder_ / "host_key").string(), BEDPLATE_ACCEPT,
                    (folder_ / "seed.json").string(), user())));
    sshd_ = std::make_unique<Process>(
        std::vector<std::string>{"/usr/sbin/sshd", "-D", "-e", "-f", (folder_ / "sshd_config").string()},
        folder_ / "sshd.log");
    wait_for_port("127.0.0.1", ssh_port_, folder_ / "sshd.log");
}

Ticket SeedHost::make_ticket(std::uint32_t uses, std::int64_t seconds, std::vector<std::string> tags) {
    Connection connection(*this);
    auto made = must(
        new_ticket(connection.real.get(), folder_ / "work",
                   {.uses = uses, .ttl = std::chrono::seconds{seconds}, .service_tags = std::move(tags)}));
    made.ticket.cluster = identity_.name;
    made.ticket.fsid = identity_.fsid.to_text();
    made.ticket.seeds = {{.address = "127.0.0.1", .port = ssh_port_, .host_key = host_key_}};
    must(connection.registry.add_ticket(made.record));
    return made.ticket;
}

Member machine(std::uint32_t n) {
    const auto address = [&](std::uint32_t net) { return Ipv4{(10U << 24U) + (net << 16U) + n + 11}; };
    return {.hostname = std::format("node{}", n),
            .domain = "lab.example.com",
            .service_tag = std::format("TAG{}", n),
            .product_uuid = Guid::derive("jointest", std::to_string(n)).to_text(),
            .management = address(1),
            .storage = address(2),
            .migration = address(3),
            .ring0 = address(1),
            .ring1 = address(4)};
}

JoinRequest request(std::uint32_t n, JoinRequest::Verb verb) {
    static RealPlatform real;
    static const KeyRequest key = must(make_key_request(real.get(), "any"));
    return {.verb = verb,
            .attempt = Guid::derive("attempt", std::to_string(n)).to_text(),
            .version = BEDPLATE_VERSION,
            .time = std::chrono::duration_cast<std::chrono::seconds>(
                        std::chrono::system_clock::now().time_since_epoch())
                        .count(),
            .node = machine(n),
            .csr = key.csr};
}

}  // namespace bedplate::jointest
