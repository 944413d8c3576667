// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/installation.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "platform/linux/linux.hpp"
#include "tests/support/fake_platform.hpp"

using namespace bedplate;

namespace {

Nic port(const std::string& name, std::uint64_t speed, bool link) {
    return {.name = name,
            .mac = "52:54:00:00:00:01",
            .permanent_mac = "52:54:00:00:00:01",
            .speed_mbps = link ? std::optional(speed) : std::nullopt,
            .max_speed_mbps = speed,
            .link = link};
}

Profile one_bond() {
    Profile profile;
    profile.network.bonds = {
        {.name = "bond0", .mode = "802.3ad", .select = {.min_speed_mbps = 25000}, .count = {.exactly = 2}}};
    profile.network.roles = {{"management", "bond0"}};
    return profile;
}

bool ok(const std::vector<NodeCheck>& checks, std::string_view id) {
    const auto found = std::ranges::find(checks, id, &NodeCheck::id);
    REQUIRE(found != checks.end());
    return found->ok;
}

}  // namespace

TEST_CASE("what is to be typed for a disk is the end of the best name it has") {
    CHECK(confirmation_of({.wwn = "0x5000c500a1b2c3d4", .serial = "S6CSNA0W", .model = "", .by_path = ""}) ==
          "NA0W");
    CHECK(confirmation_of({.wwn = "0x5000c500a1b2c3d4", .serial = "", .model = "", .by_path = ""}) == "c3d4");
    CHECK(confirmation_of({.wwn = "", .serial = "A1 ", .model = "", .by_path = ""}) == "A1");
    CHECK(confirmation_of({.wwn = "", .serial = "", .model = "", .by_path = "pci-0000:00:1f.2-ata-1"}) ==
          "ta-1");
}

TEST_CASE("cables: missing ports, links, speeds and VLANs are each found") {
    NodeSpec node;
    node.networks["management"].vlan = VlanId::from(100).value();
    Inventory inventory;
    inventory.nics = {port("a", 25000, true), port("b", 25000, true), port("slow", 1000, true)};
    CHECK(std::ranges::all_of(check_links(inventory, one_bond(), node), &NodeCheck::ok));

    inventory.nics[1].link = false;
    CHECK(!ok(check_links(inventory, one_bond(), node), "bond0.b"));
    inventory.nics[1] = port("b", 100000, true);
    CHECK(!ok(check_links(inventory, one_bond(), node), "bond0.speed"));
    inventory.nics[1] = port("b", 25000, true);
    inventory.nics[1].lldp = Lldp{.chassis = "leaf1", .port = "e1", .vlans = {200}};
    CHECK(!ok(check_links(inventory, one_bond(), node), "bond0.b.vlan-100"));
    inventory.nics.erase(inventory.nics.begin());
    CHECK(!ok(check_links(inventory, one_bond(), node), "bond0.ports"));
}

TEST_CASE("answers are saved into memory where there is no stick, and onto the stick where there is one") {
    fakes::FakePlatform fake;
    SessionInstallation installation(fake.platform,
                                     *[] {
                                         static struct : EventSink {
                                             void on_event(const Event&) override {}
                                         } sink;
                                         return &sink;
                                     }(),
                                     {.profiles = {"/none"}});
    struct Open : SessionInstallation {
        using SessionInstallation::use_inventory;
    };
    Inventory inventory;
    (installation.*(&Open::use_inventory))(inventory);
    CHECK(installation.save("site.yaml", "text").value() == "/run/bedplate/site.yaml");
    CHECK(fake.files.mode_of("/run/bedplate/site.yaml") == 0600U);
    CHECK(installation.read_stick("*.ticket").error().code == "stick.none");

    Disk stick{.name = "sdb",
               .path = "/dev/sdb",
               .by_id = {"usb-Kingston_1"},
               .transport = Transport::usb,
               .removable = true};
    stick.partitions = {{.number = 1, .fstype = "vfat"}};
    inventory.disks = {stick};
    (installation.*(&Open::use_inventory))(inventory);
    fake.commands.on("mount -o * /dev/disk/by-id/usb-Kingston_1-part1 /run/bedplate/usb")
        .on("umount /run/bedplate/usb");
    CHECK(installation.save("site.yaml", "text").value().contains("USB stick"));
    fake.files.add_file("/run/bedplate/usb/join.ticket", "T");
    CHECK(installation.read_stick("*.ticket").value().front().text == "T");
    inventory.disks.push_back(stick);
    (installation.*(&Open::use_inventory))(inventory);
    CHECK(installation.read_stick("*.ticket").error().code == "stick.several");
}
