// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/identifiers.hpp"

#include <catch2/catch_test_macros.hpp>
#include <set>
#include <string>

#include "base/digest.hpp"

using namespace bedplate;

TEST_CASE("GUIDs are read in either case and written in lower case") {
    const auto guid = Guid::parse("C12A7328-F81F-11D2-ba4b-00a0c93ec93b");
    REQUIRE(guid.has_value());
    CHECK(guid->to_text() == partition_type::esp);
    CHECK(guid->bytes()[0] == 0xC1);
    CHECK(guid->bytes()[15] == 0x3B);
    for (const auto type : {partition_type::bios_boot, partition_type::linux_data, partition_type::linux_boot,
                            partition_type::lvm}) {
        REQUIRE(Guid::parse(type).has_value());
        CHECK(Guid::parse(type)->to_text() == type);
    }
}

TEST_CASE("what is no GUID is refused") {
    for (const char* text :
         {"", "c12a7328", "c12a7328-f81f-11d2-ba4b-00a0c93ec93", "c12a7328-f81f-11d2-ba4b-00a0c93ec93bb",
          "{c12a7328-f81f-11d2-ba4b-00a0c93ec93b}", "c12a7328f81f11d2ba4b00a0c93ec93b",
          "c12a7328-f81f-11d2-ba4b-00a0c93ec93g", "c12a7328-f81f-11d2-ba4b_00a0c93ec93b",
          "c12a732-8f81f-11d2-ba4b-00a0c93ec93b", " 12a7328-f81f-11d2-ba4b-00a0c93ec93b",
          "------------------------------------"}) {
        INFO(text);
        REQUIRE_FALSE(Guid::parse(text).has_value());
        CHECK(Guid::parse(text).error().code == "guid.syntax");
    }
}

TEST_CASE("a derived GUID is the start of the digest with version 8 and the RFC 9562 variant") {
    const Guid guid = Guid::derive("seed", "esp");
    // printf 'seed\0esp' | sha256sum: the first 16 bytes, bits of version and variant replaced.
    const std::string hex = sha256_hex(std::string_view("seed\0esp", 8));
    CHECK(guid.to_text().substr(0, 8) == hex.substr(0, 8));
    CHECK(guid.to_text().substr(9, 4) == hex.substr(8, 4));
    CHECK(guid.to_text()[14] == '8');
    CHECK(guid.to_text().substr(15, 3) == hex.substr(13, 3));
    CHECK(std::string("89ab").contains(guid.to_text()[19]));
    CHECK(guid.to_text().substr(20, 3) == hex.substr(17, 3));
    CHECK(guid.to_text().substr(24) == hex.substr(20, 12));
    CHECK(Guid::derive("seed", "esp") == guid);
}

TEST_CASE("seed and name do not run into each other") {
    const std::set<Guid> all{Guid::derive("ab", "c"), Guid::derive("a", "bc"), Guid::derive("abc", ""),
                             Guid::derive("", "abc")};
    CHECK(all.size() == 4);
}

TEST_CASE("MAC addresses are read with colons or dashes") {
    CHECK(MacAddress::parse("52:54:00:AB:cd:03")->to_text() == "52:54:00:ab:cd:03");
    CHECK(MacAddress::parse("52-54-00-ab-cd-03")->to_text() == "52:54:00:ab:cd:03");
    for (const char* text :
         {"", "52:54:00:ab:cd", "52:54:00:ab:cd:0", "52:54:00:ab:cd:0g", "52:54:00-ab:cd:03", "525400abcd03",
          "5254.00ab.cd03", "52:54:00:ab:cd:03:04", " 2:54:00:ab:cd:03", "52 54 00 ab cd 03"}) {
        INFO(text);
        REQUIRE_FALSE(MacAddress::parse(text).has_value());
        CHECK(MacAddress::parse(text).error().code == "mac.syntax");
    }
}

TEST_CASE("VLAN ids are 1 to 4094") {
    CHECK(VlanId::from(1)->value() == 1);
    CHECK(VlanId::from(4094)->value() == 4094);
    for (const std::uint64_t value : {0ULL, 4095ULL, 65537ULL, ~0ULL}) {
        REQUIRE_FALSE(VlanId::from(value).has_value());
        CHECK(VlanId::from(value).error().code == "vlan.range");
    }
}

TEST_CASE("IPv4 addresses are four plain decimal numbers") {
    CHECK(Ipv4::parse("10.0.100.1")->to_text() == "10.0.100.1");
    CHECK(Ipv4::parse("0.0.0.0")->value() == 0);
    CHECK(Ipv4::parse("255.255.255.255")->value() == 0xFFFFFFFF);
    for (const char* text :
         {"", "10.0.0", "10.0.0.0.0", "10.0.0.256", "10.0.0.01", "010.0.0.1", "10.0.0.-1", "10.0.0.1 ",
          "10..0.1", "0x0a.0.0.1", "10.0.0.1/24", "::1", "10.0.0.1000000000000000"}) {
        INFO(text);
        REQUIRE_FALSE(Ipv4::parse(text).has_value());
        CHECK(Ipv4::parse(text).error().code == "ip.syntax");
    }
}

TEST_CASE("subnets have no host bits, and the hint names the one that was meant") {
    CHECK(Cidr::parse("10.0.100.0/24")->to_text() == "10.0.100.0/24");
    CHECK(Cidr::parse("0.0.0.0/0")->contains(*Ipv4::parse("203.0.113.9")));
    CHECK(Cidr::parse("192.0.2.7/32").has_value());
    const auto inside = Cidr::parse("10.0.100.17/24");
    REQUIRE_FALSE(inside.has_value());
    CHECK(inside.error().code == "cidr.host-bits");
    CHECK(inside.error().hint.contains("10.0.100.0/24"));
    for (const char* text : {"", "10.0.0.0", "10.0.0.0/", "/24", "10.0.0.0/33", "10.0.0.0/024", "10.0.0.0/-1",
                             "10.0.0.0/24/8", "10.0.0.0/255.0.0.0", "10.0.0/24"}) {
        INFO(text);
        REQUIRE_FALSE(Cidr::parse(text).has_value());
        CHECK(Cidr::parse(text).error().code == "cidr.syntax");
    }
}

TEST_CASE("hosts of a subnet are numbered from its network address") {
    const auto net = *Cidr::parse("10.0.100.0/24");
    CHECK(net.host(11)->to_text() == "10.0.100.11");
    CHECK(net.host(1)->to_text() == "10.0.100.1");
    CHECK(net.host(254)->to_text() == "10.0.100.254");
    for (const std::uint64_t n : {0ULL, 255ULL, 256ULL, 1ULL << 32U, (1ULL << 32U) + 5, ~0ULL}) {
        INFO(n);
        REQUIRE_FALSE(net.host(n).has_value());
        CHECK(net.host(n).error().code == "cidr.host-range");
    }
    CHECK(Cidr::parse("10.0.0.0/31")->host(0)->to_text() == "10.0.0.0");
    CHECK(Cidr::parse("10.0.0.0/31")->host(1)->to_text() == "10.0.0.1");
    CHECK_FALSE(Cidr::parse("10.0.0.0/31")->host(2).has_value());
    CHECK(Cidr::parse("10.0.0.9/32")->host(0)->to_text() == "10.0.0.9");
    CHECK(Cidr::parse("0.0.0.0/0")->host(0xFFFFFFFE)->to_text() == "255.255.255.254");
    CHECK(net.contains(*Ipv4::parse("10.0.100.255")));
    CHECK_FALSE(net.contains(*Ipv4::parse("10.0.101.0")));
}

TEST_CASE("host names are one RFC 1123 label in lower case") {
    CHECK(parse_hostname("node1") == "node1");
    CHECK(parse_hostname("Node-1") == "node-1");
    CHECK(parse_hostname("3com") == "3com");
    CHECK(parse_hostname(std::string(63, 'a')).has_value());
    for (const auto& text : {std::string(), std::string(64, 'a'), std::string("-a"), std::string("a-"),
                             std::string("a.b"), std::string("a_b"), std::string("a b"), std::string("ä"),
                             std::string("42"), std::string("a\0b", 3), std::string("-")}) {
        INFO(text);
        REQUIRE_FALSE(parse_hostname(text).has_value());
        CHECK(parse_hostname(text).error().code == "hostname.syntax");
    }
}
