// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "documents.hpp"

using namespace bedplate;
using namespace bedplate::test;

namespace {

using List = std::vector<std::string>;

const std::string whole = R"(schema: bedplate/profile/v1
name: dell-test
description: all keys
match:
  system: {manufacturer: "Dell Inc.", product: "PowerEdge R750*", sku: "*"}
  memory: {min: 64GiB, max: 2TiB}
  disks:
    - {select: {model: "DELLBOSS*"}, count: 1}
    - {select: {transport: nvme, min_size: 800GB}, min_count: 2}
    - {select: {vendor: "ATA"}}
  priority: 10
disks:
  system: {select: {model: "DELLBOSS*"}, exactly: 2, mirror: md-raid1}
  osd: {select: {transport: sas, rotational: true, max_size: 20TB}, at_least: 2, at_most: 24, device_class: hdd}
  osd_db: {select: {wwn: "eui.*", serial: "S*", by_path: "pci-*"}, slot_size: 60GiB}
layout: {esp: 512MiB, boot: 1GiB, volume_group: vg0, root: 30GiB, var: 20GiB, log: 10GiB, ceph: 0, swap: 8GiB}
network:
  bonds:
    - {name: bond0, mode: 802.3ad, lacp_rate: fast, select: {min_speed: 25G}, exactly: 2, mtu: 9000}
    - {name: bond1, mode: active-backup, select: {max_speed: 1G, driver: tg3, pci: "0000:04:*", link: true}}
  roles: {management: bond1, service: bond0, ring0: bond1, ring1: bond0}
kvm: {hugepages: {size: 1GiB, reserve: 4}, iommu: false, nested: true, memory_overcommit: 1.5, reserved_host_memory: 25%}
ceph: {osd_memory_target: 8GiB, dmcrypt: true}
fencing: {agent: fence_idrac, via: bmc}
)";

struct Loaded {
    std::optional<Profile> profile;
    Report report;
};

Loaded load(const std::string& text) {
    Loaded loaded;
    loaded.profile = load_profile(text, "p.yaml", loaded.report);
    return loaded;
}

/// A change to the whole profile, and the one finding it causes: its code, and the text at which it stands.
struct Fault {
    std::string_view from, to, token, code;
};

void check(const Fault& fault) {
    const std::string text = with(whole, fault.from, fault.to);
    INFO(fault.from << "  ->  " << fault.to);
    CHECK(places(load(text).report) == List{std::format("{} {}", place_of(text, fault.token), fault.code)});
}

}  // namespace

TEST_CASE("every key of a profile reaches its member") {
    const auto [loaded, report] = load(whole);
    INFO(report.to_text());
    REQUIRE(loaded);
    CHECK(report.findings().empty());
    const Profile& p = *loaded;
    CHECK(p.name == "dell-test");
    CHECK(p.description == "all keys");
    CHECK(p.origin == "p.yaml");
    CHECK(p.digest.size() == 64);

    CHECK(p.match.system.at("manufacturer") == "Dell Inc.");
    CHECK(p.match.system.at("product") == "PowerEdge R750*");
    CHECK(p.match.system.at("sku") == "*");
    CHECK(p.match.memory_min == gib(64));
    CHECK(p.match.memory_max == gib(2048));
    CHECK(p.match.priority == 10);
    REQUIRE(p.match.disks.size() == 3);
    CHECK(p.match.disks[0].count == 1);
    CHECK(p.match.disks[1].min_count == 2);
    CHECK(p.match.disks[1].select ==
          DiskSelector{.transport = Transport::nvme, .min_size = Bytes{800'000'000'000}});
    CHECK(p.match.disks[2].min_count == 1);

    CHECK(p.system.mirror);
    CHECK(p.system.count.exactly == 2);
    REQUIRE(p.osd);
    CHECK(p.osd->select.rotational == true);
    CHECK(p.osd->select.max_size == Bytes{20'000'000'000'000});
    CHECK(p.osd->count.at_least == 2);
    CHECK(p.osd->count.at_most == 24);
    CHECK(p.osd->device_class == "hdd");
    REQUIRE(p.osd_db);
    CHECK(p.osd_db->select.wwn == "eui.*");
    CHECK(p.osd_db->select.serial == "S*");
    CHECK(p.osd_db->select.by_path == "pci-*");
    CHECK(p.osd_db->slot_size == gib(60));
    CHECK(p.osd_db->count.at_least == 1);

    CHECK(p.layout.esp == mib(512));
    CHECK(p.layout.boot == gib(1));
    CHECK(p.layout.volume_group == "vg0");
    CHECK(p.layout.root == gib(30));
    CHECK(p.layout.var == gib(20));
    CHECK(p.layout.log == gib(10));
    CHECK(p.layout.ceph == Bytes{0});
    CHECK(p.layout.swap == gib(8));

    REQUIRE(p.network.bonds.size() == 2);
    CHECK(p.network.bonds[0].lacp_rate == "fast");
    CHECK(p.network.bonds[0].mtu == 9000);
    CHECK(p.network.bonds[0].select.min_speed_mbps == 25'000);
    CHECK(p.network.bonds[0].count.exactly == 2);
    CHECK(p.network.bonds[1].mode == "active-backup");
    CHECK(p.network.bonds[1].mtu == 1500);
    CHECK(p.network.bonds[1].select.max_speed_mbps == 1'000);
    CHECK(p.network.bonds[1].select.driver == "tg3");
    CHECK(p.network.bonds[1].select.pci == "0000:04:*");
    CHECK(p.network.bonds[1].select.link == true);
    CHECK(p.network.bonds[1].count.at_least == 1);
    CHECK(p.network.roles.at("management") == "bond1");
    CHECK(p.network.roles.at("service") == "bond0");
    CHECK(!p.network.roles.contains("migration"));

    CHECK(p.kvm.hugepage_size == gib(1));
    CHECK(p.kvm.hugepages_reserved == 4);
    CHECK(!p.kvm.iommu);
    CHECK(p.kvm.nested);
    CHECK(p.kvm.memory_overcommit == 1.5);
    CHECK(p.kvm.reserved_host_memory_percent == 25);
    CHECK(p.ceph.osd_memory_target == gib(8));
    CHECK(p.ceph.dmcrypt);
    REQUIRE(p.fencing);
    CHECK(p.fencing->agent == "fence_idrac");
    CHECK(p.fencing->via == "bmc");
}

TEST_CASE("what may be left out has the documented default") {
    const auto [loaded, report] = load(R"(schema: bedplate/profile/v1
name: small
match: {memory: {min: 1GiB}}
disks: {system: {select: {serial: "S1"}}}
network: {bonds: [{name: b0, mode: active-backup, select: {driver: "*"}}], roles: {management: b0}}
)");
    INFO(report.to_text());
    REQUIRE(loaded);
    CHECK(loaded->system.count.exactly == 1);
    CHECK(!loaded->osd);
    CHECK(!loaded->osd_db);
    CHECK(!loaded->fencing);
    CHECK(loaded->layout.root == gib(60));
    CHECK(loaded->kvm.iommu);
    CHECK(loaded->match.priority == 0);
}

TEST_CASE("a role that is declared absent is the same as one that is left out") {
    const auto [loaded, report] =
        load(with(whole, "{select: {wwn: \"eui.*\", serial: \"S*\", by_path: \"pci-*\"}, slot_size: 60GiB}",
                  "{none: true}"));
    REQUIRE(loaded);
    CHECK(!loaded->osd_db);
    CHECK(loaded->osd);
}

TEST_CASE("wrong values are found at their place") {
    const std::vector<Fault> faults{
        {"dell-test", "Dell Test", "Dell Test", "yaml.value"},
        {"dell-test", "-", "-\n", "yaml.syntax"},
        {"profile/v1", "profile/v2", "bedplate/profile/v2", "document.schema"},
        {"min: 64GiB", "min: 64G", "64G", "yaml.value"},
        {"max: 2TiB", "max: 1GiB", "{min: 64GiB", "profile.range"},
        {"count: 1}", "count: 01}", "01}", "yaml.value"},
        {"count: 1}", "count: \"1\"}", "\"1\"}", "yaml.type"},
        {"count: 1}", "count: 0x1}", "0x1}", "yaml.value"},
        {"count: 1}", "count: -1}", "-1}", "yaml.value"},
        {"count: 1}", "count: [1]}", "[1]}", "yaml.type"},
        {"count: 1}", "count: 99999999999999999999}", "99999999999999999999", "yaml.value"},
        {"min_count: 2", "min_count: 2, count: 2", "{select: {transport: nvme", "profile.count"},
        {"transport: nvme", "transport: nvm", "nvm,", "yaml.value"},
        {"rotational: true", "rotational: yes", "yes", "yaml.value"},
        {"rotational: true", "rotational: \"true\"", "\"true\"", "yaml.type"},
        {"at_least: 2", "at_least: 30", "{select: {transport: sas", "profile.range"},
        {"at_least: 2", "exactly: 2", "{select: {transport: sas", "profile.count"},
        {"exactly: 2, mirror: md-raid1", "exactly: 2", "{select: {model: \"DELLBOSS*\"}, exactly: 2",
         "profile.system-count"},
        {"exactly: 2, mirror", "exactly: 1, mirror", "{select: {model: \"DELLBOSS*\"}, exactly: 1",
         "profile.system-count"},
        {"esp: 512MiB", "esp: 100MiB", "100MiB", "yaml.value"},
        {"vg0", "-x", "-x", "yaml.value"},
        {"root: 30GiB", "root: 0", "0, var", "yaml.value"},
        {"mtu: 9000", "mtu: 100000", "100000", "yaml.value"},
        {"min_speed: 25G", "min_speed: fast", "fast}", "yaml.value"},
        {"active-backup", "active-backup, lacp_rate: slow", "{name: bond1", "profile.lacp-rate"},
        {"management: bond1", "management: bond2", "bond2", "profile.unknown-bond"},
        {"name: bond1", "name: thisnameistoolong", "thisnameistoolong", "yaml.value"},
        {"ring1: bond0", "ring1: bond1", "{management", "profile.one-ring"},
        {"memory_overcommit: 1.5", "memory_overcommit: 0.5", "0.5", "yaml.value"},
        {"memory_overcommit: 1.5", "memory_overcommit: 1e0", "1e0", "yaml.value"},
        {"reserved_host_memory: 25%", "reserved_host_memory: 25", "25}", "yaml.value"},
        {"size: 1GiB", "size: 4MiB", "4MiB", "yaml.value"},
        {"via: bmc", "via: drac", "drac}", "yaml.value"},
    };
    for (const Fault& fault : faults) {
        check(fault);
    }
}

TEST_CASE("unknown, missing and misplaced keys are found at their place") {
    const std::vector<Fault> faults{
        {"description:", "descripton:", "descripton", "yaml.unknown-key"},
        {"name: dell-test\n", "", "schema", "yaml.missing-key"},
        {"ring0: bond1", "ring_0: bond1", "ring_0", "yaml.unknown-key"},
        {"management: bond1, ", "", "{service", "yaml.missing-key"},
        {"{model: \"DELLBOSS*\"}, exactly", "{}, exactly", "{}, exactly", "profile.empty-selector"},
        {"{model: \"DELLBOSS*\"}, exactly", "[], exactly", "[], exactly", "yaml.type"},
        {"slot_size: 60GiB", "none: true", "{select: {wwn", "profile.role"},
        {"slot_size: 60GiB", "device_class: hdd", "device_class: hdd}\nlayout", "yaml.unknown-key"},
        {"{size: 1GiB, reserve: 4}", "", "hugepages", "yaml.type"},
    };
    for (const Fault& fault : faults) {
        check(fault);
    }
}

TEST_CASE("a second bond of the same name is refused") {
    const auto [loaded, report] = load(with(whole, "name: bond1", "name: bond0"));
    CHECK(!loaded);
    CHECK(codes(report) == List{"profile.duplicate-bond", "profile.unknown-bond", "profile.unknown-bond"});
}

TEST_CASE("a profile without a clause would fit everything and is refused") {
    const auto text = with(
        whole,
        whole.substr(whole.find("  system: {man"), whole.find("  priority") - whole.find("  system: {man")),
        "");
    CHECK(places(load(text).report) == List{"5:3 profile.empty-match"});
}

TEST_CASE("encryption, sizes and weight of OSDs, slots and the fast tier reach their members") {
    std::string text =
        with(whole, "exactly: 2, mirror: md-raid1", "exactly: 2, mirror: md-raid1, encryption: tpm2");
    text = with(text, "device_class: hdd}", "device_class: hdd, min_size: 4TB, max_size: 8TB, weight: 1.5}");
    text = with(text, "slot_size: 60GiB}",
                "slots: 8}\n  fast: {select: {model: \"FAST\"}, volume_group: local}");
    const auto [loaded, report] = load(text);
    INFO(report.to_text());
    REQUIRE(loaded);
    CHECK(loaded->system.encryption == Encryption::tpm2);
    CHECK(loaded->osd->min_size == Bytes{4'000'000'000'000});
    CHECK(loaded->osd->max_size == Bytes{8'000'000'000'000});
    CHECK(loaded->osd->weight == 1.5);
    CHECK(loaded->osd_db->slots == 8);
    CHECK(!loaded->osd_db->slot_size);
    REQUIRE(loaded->fast);
    CHECK(loaded->fast->volume_group == "local");
    CHECK(loaded->fast->count.at_least == 2);
}

TEST_CASE("a fast tier of one disk, or in the system's volume group, is refused") {
    const auto with_fast = [](const std::string& fast) {
        return codes(load(with(whole, "slot_size: 60GiB}", "slots: 8}\n  fast: " + fast)).report);
    };
    CHECK(with_fast("{select: {model: \"FAST\"}}").empty());
    CHECK(with_fast("{none: true}").empty());
    CHECK(with_fast("{select: {model: \"FAST\"}, exactly: 1}") == List{"profile.fast-count"});
    CHECK(with_fast("{select: {model: \"FAST\"}, volume_group: vg0}") == List{"profile.volume-group"});
}

TEST_CASE("an osd_db without an osd is refused") {
    const auto osd = whole.substr(whole.find("  osd: "), whole.find("  osd_db") - whole.find("  osd: "));
    CHECK(places(load(with(whole, osd, "")).report) == List{"13:3 profile.osd-db"});
}

TEST_CASE("all findings of a document come at once, in the order of the text") {
    auto text = with(whole, "name: dell-test", "nmae: dell-test");
    text = with(text, "transport: nvme", "transport: scsi");
    text = with(text, "exactly: 2, mtu", "exacty: 2, mtu");
    text = with(text, "iommu: false", "iommu: off");
    const auto [loaded, report] = load(text);
    CHECK(!loaded);
    CHECK(places(report) ==
          List{"1:1 yaml.missing-key", "2:1 yaml.unknown-key", place_of(text, "scsi") + " yaml.value",
               place_of(text, "exacty") + " yaml.unknown-key", place_of(text, "off,") + " yaml.value"});
}

TEST_CASE("findings say what was meant and what is allowed") {
    const auto message = [](std::string_view from, std::string_view to) {
        const auto [loaded, report] = load(with(whole, from, to));
        REQUIRE(!report.findings().empty());
        return report.findings().front();
    };
    CHECK(message("priority:", "prioriti:").message == "unknown key 'prioriti' (did you mean 'priority'?)");
    CHECK(message("priority:", "prioriti:").path == "match.prioriti");
    CHECK(message("mode: 802.3ad", "mode: lacp").message.contains("one of active-backup, 802.3ad"));
    CHECK(message("mode: 802.3ad", "mode: 802.3da").message.contains("did you mean '802.3ad'?"));
    CHECK(message("mode: 802.3ad", "mode: 802.3da").path == "network.bonds[0].mode");
    CHECK(message("{transport: nvme", "{transport:nvme").hint == "YAML wants a blank after the ':' of a key");
    CHECK(message("management: bond1", "management: bond9").hint == "bonds here: bond0, bond1");
    CHECK(message("count: 1}", "count: 007}").message.contains("leading zeros"));
}
