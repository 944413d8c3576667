// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/bonding.hpp"

#include <catch2/catch_test_macros.hpp>

namespace bedplate {
namespace {

constexpr std::string_view two_ports = R"(Ethernet Channel Bonding Driver: v6.12.57+deb13-amd64

Bonding Mode: IEEE 802.3ad Dynamic link aggregation
Transmit Hash Policy: layer3+4 (1)
MII Status: up
MII Polling Interval (ms): 100
Up Delay (ms): 200
Down Delay (ms): 200
Peer Notification Delay (ms): 0

802.3ad info
LACP active: on
LACP rate: fast
Min links: 1
Aggregator selection policy (ad_select): bandwidth
System priority: 65535
System MAC address: 52:54:00:00:00:01
Active Aggregator Info:
	Aggregator ID: 1
	Number of ports: 2
	Actor Key: 21
	Partner Key: 1
	Partner Mac Address: 5e:ea:0a:1d:38:a8

Slave Interface: nic0
MII Status: up
Speed: 25000 Mbps
Duplex: full
Link Failure Count: 0
Permanent HW addr: 52:54:00:00:00:01
Slave queue ID: 0
Aggregator ID: 1
Actor Churn State: none
Partner Churn State: none
Actor Churned Count: 0
Partner Churned Count: 0
details actor lacp pdu:
    system priority: 65535
    system mac address: 52:54:00:00:00:01
    port key: 21
    port priority: 255
    port number: 1
    port state: 63
details partner lacp pdu:
    system priority: 65534
    system mac address: 5e:ea:0a:1d:38:a8
    oper key: 1
    port priority: 65535
    port number: 1
    port state: 63

Slave Interface: nic1
MII Status: up
Speed: 25000 Mbps
Duplex: full
Link Failure Count: 1
Permanent HW addr: 52:54:00:00:00:02
Slave queue ID: 0
Aggregator ID: 2
Actor Churn State: churned
Partner Churn State: churned
Actor Churned Count: 1
Partner Churned Count: 1
details actor lacp pdu:
    system priority: 65535
    system mac address: 52:54:00:00:00:01
    port key: 21
    port priority: 255
    port number: 2
    port state: 71
details partner lacp pdu:
    system priority: 65535
    system mac address: 00:00:00:00:00:00
    oper key: 1
    port priority: 255
    port number: 1
    port state: 1
)";

constexpr std::string_view backup = R"(Ethernet Channel Bonding Driver: v6.12.57+deb13-amd64

Bonding Mode: fault-tolerance (active-backup)
Primary Slave: None
Currently Active Slave: nic1
MII Status: up
MII Polling Interval (ms): 100

Slave Interface: nic0
MII Status: down
Speed: Unknown

Slave Interface: nic1
MII Status: up
)";

}  // namespace

TEST_CASE("ports of an LACP bond: who answers, and whether they carry anything") {
    const auto state = parse_bonding(two_ports);
    REQUIRE(state);
    CHECK(state->mode == "IEEE 802.3ad Dynamic link aggregation");
    CHECK(state->aggregator == 1);
    REQUIRE(state->ports.size() == 2);
    CHECK(state->ports[0].partner == "5e:ea:0a:1d:38:a8");
    CHECK(state->ports[0].in_service());
    CHECK(state->ports[1].up);
    CHECK(state->ports[1].partner.empty());
    CHECK(state->ports[1].aggregator == 2);
    CHECK_FALSE(state->ports[1].in_service());
}

TEST_CASE("ports of an active-backup bond") {
    const auto state = parse_bonding(backup);
    REQUIRE(state);
    CHECK(state->active == "nic1");
    REQUIRE(state->ports.size() == 2);
    CHECK_FALSE(state->ports[0].up);
    CHECK(state->ports[1].up);
}

TEST_CASE("something else is no bond") {
    const auto state = parse_bonding("no such file");
    REQUIRE(!state);
    CHECK(state.error().code == "bonding.syntax");
}

}  // namespace bedplate
