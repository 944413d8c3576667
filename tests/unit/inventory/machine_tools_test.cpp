// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "inventory/cpuinfo.hpp"
#include "inventory/dmi.hpp"
#include "inventory/ipmi.hpp"
#include "inventory/meminfo.hpp"

using namespace bedplate;

TEST_CASE("dmidecode: the system, the installed memory, an IPMI device") {
    const auto facts = parse_dmidecode(R"(# dmidecode 3.6
Getting SMBIOS data from sysfs.
SMBIOS 3.3.0 present.

Handle 0x0100, DMI type 1, 27 bytes
System Information
	Manufacturer: Dell Inc.
	Product Name: PowerEdge R750
	Version: Not Specified
	Serial Number: WHSM96B
	UUID: 4c4c4544-0048-5310-804d-d7c04f393642
	Wake-up Type: Power Switch
	SKU Number: SKU=090E;ModelName=PowerEdge R750
	Family: PowerEdge

Handle 0x1100, DMI type 17, 92 bytes
Memory Device
	Array Handle: 0x1000
	Size: 16 GB
	Locator: A1
	Manufacturer: 00CE00B300CE

Handle 0x1101, DMI type 17, 92 bytes
Memory Device
	Size: 16384 MB

Handle 0x1102, DMI type 17, 92 bytes
Memory Device
	Size: No Module Installed

Handle 0x2600, DMI type 38, 18 bytes
IPMI Device Information
	Interface Type: KCS (Keyboard Control Style)
)");
    REQUIRE(facts);
    CHECK(facts->system.manufacturer == "Dell Inc.");
    CHECK(facts->system.product == "PowerEdge R750");
    CHECK(facts->system.serial == "WHSM96B");
    CHECK(facts->system.sku == "SKU=090E;ModelName=PowerEdge R750");
    CHECK(facts->installed_memory == gib(32));
    CHECK(facts->ipmi);
}

TEST_CASE("dmidecode without rights or tables") {
    CHECK(parse_dmidecode("# dmidecode 3.6\nScanning /dev/mem for entry point.\n").error().code ==
          "dmi.syntax");
    const auto empty = parse_dmidecode(
        "Handle 0x0001, DMI type 1, 27 bytes\nSystem Information\n"
        "\tSerial Number: Not Specified\n");
    REQUIRE(empty);
    CHECK(empty->system.serial.empty());
    CHECK_FALSE(empty->installed_memory.has_value());
}

TEST_CASE("ipmitool lan print of an iDRAC") {
    const auto bmc = parse_ipmitool_lan(R"(Set in Progress         : Set Complete
Auth Type Support       : MD5 
Auth Type Enable        : Callback : MD5 
                        : User     : MD5 
IP Address Source       : Static Address
IP Address              : 10.0.100.21
Subnet Mask             : 255.255.255.0
MAC Address             : D0:94:66:2A:10:7F
SNMP Community String   : public
)");
    REQUIRE(bmc);
    CHECK(bmc->present);
    CHECK(bmc->ip == "10.0.100.21");
    CHECK(bmc->mac == "d0:94:66:2a:10:7f");
    CHECK(parse_ipmitool_lan("IP Address              : 0.0.0.0\n")->ip.empty());
    CHECK(parse_ipmitool_lan("Invalid channel: 1\n").error().code == "ipmi.syntax");
}

TEST_CASE("cpuinfo: sockets, cores and threads, with and without a topology") {
    std::string text;
    for (int i = 0; i < 8; ++i) {
        text += std::format(
            "processor\t: {}\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R)\n"
            "physical id\t: {}\ncore id\t\t: {}\nflags\t\t: vmx fpu  sse\n\n",
            i, i % 2, i % 4);
    }
    const auto cpu = parse_cpuinfo(text);
    REQUIRE(cpu);
    CHECK(cpu->vendor == "GenuineIntel");
    CHECK(cpu->model == "Intel(R) Xeon(R)");
    CHECK(cpu->sockets == 2);
    CHECK(cpu->cores == 4);
    CHECK(cpu->threads == 8);
    CHECK(cpu->flags == std::vector<std::string>{"fpu", "sse", "vmx"});

    const auto flat = parse_cpuinfo("processor\t: 0\nvendor_id\t: AuthenticAMD\n\nprocessor\t: 1\n");
    REQUIRE(flat);
    CHECK(flat->sockets == 1);
    CHECK(flat->cores == 2);
    CHECK(flat->threads == 2);
    CHECK(parse_cpuinfo("").error().code == "cpuinfo.syntax");
}

TEST_CASE("meminfo of the machine and of a NUMA node") {
    CHECK(parse_meminfo_total("MemTotal:       24613884 kB\nMemFree: 1 kB\n") == kib(24613884));
    CHECK(parse_meminfo_total("\nNode 0 MemTotal:       2003252 kB\n") == kib(2003252));
    CHECK(parse_meminfo_total("MemFree: 1 kB\n").error().code == "meminfo.syntax");
}
