// SPDX-License-Identifier: GPL-3.0-or-later
#include "netproof/netproof.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <format>

#include "tests/support/fake_platform.hpp"

namespace bedplate {
namespace {

using Outcome = NetworkCheck::Outcome;

constexpr std::string_view good_port = R"(
Slave Interface: {0}
MII Status: up
Aggregator ID: 1
details actor lacp pdu:
    system mac address: 52:54:00:00:00:01
    port state: 63
details partner lacp pdu:
    system mac address: {1}
    port state: 63
)";

std::string bonding(const std::string& first_partner, const std::string& second_partner) {
    return "Bonding Mode: IEEE 802.3ad Dynamic link aggregation\nAggregator ID: 1\n" +
           std::vformat(good_port, std::make_format_args("nic0", first_partner)) +
           std::vformat(good_port, std::make_format_args("nic1", second_partner));
}

/// Two ports, one bond, management in VLAN 100 and storage with large packets in VLAN 300.
NetworkLayout layout() {
    NetworkLayout result;
    for (std::size_t i = 0; i < 2; ++i) {
        const std::string number = std::to_string(i);
        result.ports.push_back({.name = "nic" + number,
                                .nic = i,
                                .match_line = "PermanentMACAddress=52:54:00:00:00:0" + number,
                                .now = "eno" + number,
                                .about = "eno" + number + ", tg3",
                                .bond = "bond0"});
    }
    PlannedBond bond;
    bond.name = "bond0";
    bond.mode = "802.3ad";
    bond.lacp_fast = true;
    bond.mtu = 9000;
    bond.ports = {"nic0", "nic1"};
    result.bonds = {bond};
    PlannedInterface management;
    management.role = "management";
    management.name = "mgmt";
    management.parent = "bond0";
    management.bond = "bond0";
    management.vlan = VlanId::from(100).value();
    management.address = Ipv4::parse("10.0.100.11").value();
    management.subnet = Cidr::parse("10.0.100.0/24").value();
    management.gateway = Ipv4::parse("10.0.100.1").value();
    PlannedInterface storage = management;
    storage.role = "storage_public";
    storage.name = "stpub";
    storage.vlan = VlanId::from(300).value();
    storage.mtu = 9000;
    storage.address = Ipv4::parse("10.0.30.11").value();
    storage.subnet = Cidr::parse("10.0.30.0/24").value();
    storage.gateway.reset();
    storage.peers = {Ipv4::parse("10.0.30.12").value()};
    result.interfaces = {management, storage};
    return result;
}

/// A machine on which everything works; each test spoils one thing.
struct Rack {
    fakes::FakePlatform fake;

    Rack() {
        for (const std::string port : {"eno0", "eno1"}) {
            fake.files.add_directory("/sys/class/net/" + port + "/device");
        }
        for (const std::string name : {"nic0", "nic1", "mgmt", "stpub"}) {
            link(name, true);
        }
        fake.files.add_file("/proc/net/bonding/bond0", bonding("aa:aa:aa:aa:aa:aa", "aa:aa:aa:aa:aa:aa"));
        fake.commands.on("systemctl *")
            .on("udevadm *")
            .on("ip link *")

            .on("arping *")
            .on("ping *")
            .on("ip -json -4 address show",
                {.out = R"([{"ifname":"mgmt","addr_info":[{"local":"10.0.100.11"}]},
                            {"ifname":"stpub","addr_info":[{"local":"10.0.30.11"}]}])"})
            .on("lldpcli *", {.out = R"({"lldp":[{"interface":[{"name":"nic0",
                "chassis":[{"name":[{"value":"tor-a"}]}],"port":[{"id":[{"value":"Eth1/7"}]}]}]}]})"});
    }

    void link(const std::string& name, bool up) {
        fake.files.add_file("/sys/class/net/" + name + "/carrier", up ? "1\n" : "0\n");
    }

    NetworkProof prove(const NetworkLayout& wanted = layout()) {
        auto proof = prove_network(fake.platform, wanted, [](const std::string&) {});
        INFO((proof ? std::string() : proof.error().to_text()));
        REQUIRE(proof);
        return *proof;
    }
};

/// The one failure, as "code: detail".
std::string failure(const NetworkProof& proof) {
    std::string text;
    for (const NetworkCheck& check : proof.checks) {
        if (check.outcome == Outcome::failed) {
            text += check.code + ": " + check.detail + "\n";
        }
    }
    return text;
}

}  // namespace

TEST_CASE("a network that works holds, and its files lie below /run") {
    Rack rack;
    const NetworkProof proof = rack.prove();
    CHECK(failure(proof).empty());
    CHECK(proof.holds());
    CHECK(rack.fake.files.files()
              .at("/run/systemd/network/41-mgmt.network")
              .contains("Address=10.0.100.11/24"));
    CHECK(rack.fake.commands.count("ip link set dev eno0 name bedplate0") == 1);
    CHECK(rack.fake.commands.count("ip link set dev bedplate1 name nic1") == 1);
    CHECK(rack.fake.commands.count("ping * -s 8972 * 10.0.30.12") == 1);
    CHECK(rack.fake.commands.unexpected().empty());
}

TEST_CASE("no address is in use before it was asked for") {
    Rack rack;
    rack.fake.commands.on("arping -D *", fakes::FakeCommandRunner::Handler([&](const Command&) {
                              const auto files = rack.fake.files.files();
                              CHECK(!files.at("/run/systemd/network/41-mgmt.network").contains("Address="));
                              return Result<CommandResult>(CommandResult{});
                          }));
    CHECK(rack.prove().holds());
}

TEST_CASE("a port without link ends a bond with LACP, and only one of two another bond") {
    Rack rack;
    rack.link("nic1", false);
    const std::string seen = failure(rack.prove());
    CHECK(seen.starts_with("network.no-link: bond0: no link on nic1 (eno1, tg3)"));
    // Nobody is asked for addresses over a bond that does not work.
    CHECK(rack.fake.commands.count("arping *") == 0);

    NetworkLayout backup = layout();
    backup.bonds[0].mode = "active-backup";
    CHECK(rack.prove(backup).holds());
}

TEST_CASE("LACP: a silent port, two switches, a port that is not taken") {
    Rack rack;
    rack.fake.files.add_file("/proc/net/bonding/bond0", bonding("aa:aa:aa:aa:aa:aa", "00:00:00:00:00:00"));
    CHECK(failure(rack.prove()).contains("network.lacp: bond0: the switch sends no LACP on nic1"));
    rack.fake.files.add_file("/proc/net/bonding/bond0", bonding("aa:aa:aa:aa:aa:aa", "bb:bb:bb:bb:bb:bb"));
    CHECK(failure(rack.prove()).contains("different switches (aa:aa:aa:aa:aa:aa, bb:bb:bb:bb:bb:bb)"));
    std::string text = bonding("aa:aa:aa:aa:aa:aa", "aa:aa:aa:aa:aa:aa");
    text.replace(text.rfind("Aggregator ID: 1"), 16, "Aggregator ID: 2");
    rack.fake.files.add_file("/proc/net/bonding/bond0", text);
    CHECK(failure(rack.prove()).contains("does not take nic1"));
}

TEST_CASE("an address that somebody has is refused with the owner's MAC") {
    Rack rack;
    rack.fake.commands.on(
        "arping -D * mgmt 10.0.100.11",
        {.out = "Unicast reply from 10.0.100.11 [52:54:00:BA:D0:01]  0.8ms\n", .status = 1});
    const std::string seen = failure(rack.prove());
    CHECK(seen.starts_with(
        "network.address-taken: VLAN 100 (management) on bond0: nic0 (eno0, tg3) on switch "
        "tor-a port Eth1/7, nic1 (eno1, tg3): 52:54:00:ba:d0:01 has the address 10.0.100.11"));
    CHECK(rack.fake.commands.count("systemctl reload systemd-networkd.service") == 0);
}

TEST_CASE("a probe that could not be sent is no proof") {
    Rack rack;
    rack.fake.commands.on("arping -D * stpub *", {.status = 2, .err = "arping: interface is down\n"});
    CHECK(failure(rack.prove()).contains("network.probe: VLAN 300"));
}

TEST_CASE(
    "a gateway that does not answer names VLAN, ports and switch, and the native VLAN where it is that") {
    Rack rack;
    rack.fake.commands.on("arping -f * mgmt 10.0.100.1", {.status = 1});
    CHECK(failure(rack.prove())
              .contains("network.unreachable: VLAN 100 (management) on bond0: nic0 (eno0, "
                        "tg3) on switch tor-a port Eth1/7"));
    rack.fake.commands.on("arping -D * bond0 10.0.100.1",
                          {.out = "Unicast reply from 10.0.100.1 [52:54:00:00:01:00]  1ms\n", .status = 1});
    CHECK(failure(rack.prove()).contains("VLAN 100 is the native VLAN of the switch port"));
}

TEST_CASE("nobody to ask is doubtful, not wrong") {
    Rack rack;
    rack.fake.commands.on("arping -f * stpub *", {.status = 1});
    const NetworkProof proof = rack.prove();
    CHECK(proof.holds());
    CHECK(std::ranges::any_of(proof.checks,
                              [](const NetworkCheck& check) { return check.outcome == Outcome::doubtful; }));
}

TEST_CASE("large packets that are lost are told from a host that answers no ping") {
    Rack rack;
    rack.fake.commands.on("ping * -s 8972 *", {.status = 1});
    CHECK(failure(rack.prove()).contains("network.mtu: VLAN 300"));
    rack.fake.commands.on("ping *", {.status = 1});
    CHECK(rack.prove().holds());
}

TEST_CASE("the switch has the name that the profile expects on every port") {
    Rack rack;
    NetworkLayout wanted = layout();
    wanted.bonds[0].expect_switch = "tor-*";
    const std::string seen = failure(rack.prove(wanted));
    CHECK(seen.contains("network.wrong-switch: bond0: nic1 (eno1, tg3); expected tor-*, and no switch"));
    CHECK(!seen.contains("nic0 (eno0, tg3) on switch tor-a port Eth1/7; expected"));
}

TEST_CASE("the error holds everything that failed and says that no disk was touched") {
    const NetworkProof proof{.checks = {{Outcome::held, "network.no-link", "a"},
                                        {Outcome::failed, "network.mtu", "first"},
                                        {Outcome::failed, "network.unreachable", "second"}}};
    const Error error = proof.to_error();
    CHECK(error.code == "network.mtu");
    CHECK(error.kind == ErrorKind::refused);
    CHECK(error.message.contains("first"));
    CHECK(error.message.contains("second"));
    CHECK(to_json(proof)["holds"] == false);
}

TEST_CASE("ports are switched on all at once, and one that stays dark costs its time once") {
    fakes::FakePlatform fake;
    for (const std::string port : {"eno1", "eno2", "idrac"}) {
        fake.files.add_directory("/sys/devices/pci0000:00/" + port);
        fake.files.add_link("/sys/class/net/" + port + "/device", "/sys/devices/pci0000:00/" + port);
    }
    fake.files.add_directory("/sys/devices/pci0000:00/usb1/1-14");
    fake.files.add_link("/sys/class/net/bmc/device", "/sys/devices/pci0000:00/usb1/1-14");
    fake.files.add_directory("/sys/class/net/lo");
    fake.commands.on("ip link set dev * up").on("systemctl *");
    bring_ports_up(fake.platform);
    CHECK(fake.commands.count("ip link set dev eno? up") == 2);
    CHECK(fake.commands.count("ip link set dev bmc up") == 0);
    CHECK(fake.commands.count("ip link set dev lo up") == 0);
    CHECK(fake.clock.elapsed() < std::chrono::seconds(7));
}

}  // namespace bedplate
