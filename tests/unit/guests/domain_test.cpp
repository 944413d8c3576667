// SPDX-License-Identifier: GPL-3.0-or-later
#include "guests/domain.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/text.hpp"
#include "guests/hypervisor.hpp"
#include "platform/linux/linux.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/guests/example.hpp"

using namespace bedplate;
using namespace bedplate::guests;

namespace {

DomainPlan plan() {
    return {.spec = {.name = "web", .cpus = 2, .memory = gib(2), .disk = gib(10), .ha = true},
            .identity = bedplate::example::identity(),
            .platform = {.type = "kvm", .machine = "pc-q35-10.0"},
            .cpu = std::string(test::baseline),
            .vlans = {},
            .cell = {},
            .page_kib = {}};
}

std::string xml_of(const DomainPlan& domain) {
    const auto xml = domain_xml(domain);
    INFO((xml ? "" : xml.error().to_text()));
    REQUIRE(xml);
    return *xml;
}

/// What libvirt's schema says; empty: a good one.
std::string objection(const std::string& xml) {
    const fakes::TempDir dir;
    REQUIRE(linux_file_system()->write(dir / "file.xml", xml));
    const auto result =
        linux_command_runner()->run({.argv = {"virt-xml-validate", (dir / "file.xml").string(), "domain"}});
    REQUIRE(result);
    return result->exit_status == 0 ? "" : result->out + result->err;
}

}  // namespace

TEST_CASE("libvirt's schema takes a machine with everything, and with nothing") {
    auto full = plan();
    full.spec.iso = "/root/debian.iso";
    full.spec.uefi = true;
    full.spec.networks = {{.network = "service", .vlan = {}}, {.network = "service", .vlan = 210}};
    full.vlans = {200, 210};
    full.cell = NumaCell{.id = 1, .memory = gib(32), .cpus = "4-7,12-15", .cpu_count = 8, .pages = {}};
    full.page_kib = 1048576;
    CHECK(objection(xml_of(full)).empty());
    auto bare = plan();
    bare.spec.watchdog = false;
    bare.spec.ha = false;
    CHECK(objection(xml_of(bare)).empty());
    CHECK_FALSE(objection("<domain type='kvm'><nmae>x</nmae></domain>").empty());
}

TEST_CASE("Pacemaker's agent finds one name, on a line of its own") {
    std::size_t names = 0;
    for (const auto& line : split(xml_of(plan()), '\n')) {
        if (line.contains("<name>")) {
            CHECK(trim(line) == "<name>web</name>");
            ++names;
        }
    }
    CHECK(names == 1);
}

TEST_CASE("nothing of a machine is one node's alone") {
    const auto xml = xml_of(plan());
    CHECK(xml.contains("mode=\"custom\""));
    CHECK(xml.contains("check=\"partial\""));
    CHECK(xml.contains("Cascadelake-Server-noTSX"));
    CHECK_FALSE(xml.contains("host-passthrough"));
    CHECK_FALSE(xml.contains("host-model"));
    CHECK_FALSE(xml.contains("source file="));
    CHECK_FALSE(xml.contains("<host name"));  // monitors come from ceph.conf
    CHECK(xml.contains("name=\"vms/web\""));
    CHECK(xml.contains("machine=\"pc-q35-10.0\""));
    CHECK_FALSE(xml.contains("<nvram"));
    auto uefi = plan();
    uefi.spec.uefi = true;
    CHECK(xml_of(uefi).contains("<nvram type=\"network\">"));
    CHECK(xml_of(uefi).contains("name=\"vms/web.nvram\""));
}

TEST_CASE("cache and limits are left to QEMU, discarding is passed on") {
    const auto xml = xml_of(plan());
    CHECK(xml.contains("discard=\"unmap\""));
    CHECK_FALSE(xml.contains("cache="));
    CHECK_FALSE(xml.contains("iotune"));
}

TEST_CASE("a crash ends an HA machine, so that Pacemaker counts it; another one starts again") {
    CHECK(xml_of(plan()).contains("<on_crash>destroy</on_crash>"));
    auto alone = plan();
    alone.spec.ha = false;
    CHECK(xml_of(alone).contains("<on_crash>restart</on_crash>"));
}

TEST_CASE("ports have the tags that they are given, and their own addresses") {
    auto two = plan();
    two.spec.networks = {{.network = "service", .vlan = {}}, {.network = "other", .vlan = {}}};
    two.vlans = {200, std::nullopt};
    const auto xml = xml_of(two);
    CHECK(xml.contains("<tag id=\"200\""));
    CHECK(xml.contains(vm_mac(two.identity, "web", 0)));
    CHECK(xml.contains(vm_mac(two.identity, "web", 1)));
    CHECK(split(xml, '\n').size() > 40);
}

TEST_CASE("without a processor that all have there is no machine") {
    auto none = plan();
    for (const auto* cpu : {"", "<cpu/>", "not XML <"}) {
        none.cpu = cpu;
        INFO(cpu);
        CHECK_FALSE(domain_xml(none));
    }
}

TEST_CASE("what a node can offer is what libvirt says") {
    const auto host = vm_host_from(std::string(test::capabilities), std::string(test::domain_capabilities));
    INFO((host ? "" : host.error().to_text()));
    REQUIRE(host);
    CHECK(host->type == "kvm");
    CHECK(host->machine == "pc-q35-10.0");
    CHECK(host->threads == 6);
    CHECK(host->memory == kib(32 * 1024 * 1024 + 1024));
    REQUIRE(host->cells.size() == 2);
    CHECK(host->cells[0].cpus == "0-2,8");
    CHECK(host->cells[0].cpu_count == 4);
    CHECK(host->cells[0].pages == std::map<std::uint64_t, std::uint64_t>{{2048, 16}});
    CHECK(host->cells[1].cpus == "3,5");
    CHECK(host->cells[1].pages.empty());
    CHECK_FALSE(vm_host_from("<capabilities/>", std::string(test::domain_capabilities)));
    CHECK_FALSE(vm_host_from(std::string(test::capabilities), "<domainCapabilities/>"));
    CHECK_FALSE(vm_host_from("x", "y"));
}

TEST_CASE("libvirt itself is asked for machines, networks and what it can do") {
    // Its test driver has one machine, "test", and one network, "default".
    const auto libvirt = connect_libvirt("test:///default");
    INFO((libvirt ? "" : libvirt.error().to_text()));
    REQUIRE(libvirt);
    auto& here = **libvirt;
    const auto domains = here.domains();
    REQUIRE(domains);
    REQUIRE(domains->size() == 1);
    CHECK(domains->front().name == "test");
    CHECK(domains->front().state == Domain::State::running);
    CHECK(domains->front().memory == gib(8));
    CHECK(here.networks() == std::vector<std::string>{"default"});
    CHECK(here.capabilities()->contains("<capabilities>"));
    CHECK(here.address("test") == "192.168.122.3");  // as that driver says
    CHECK(here.address("none").empty());
    CHECK(here.forget("none"));
    CHECK(here.power_off("none"));
    CHECK(here.power_off("test"));
    CHECK(here.domains()->front().state == Domain::State::off);
    CHECK(here.left_off()->empty());  // it does not start with the node
    CHECK(here.start_with_node("test"));
    CHECK(here.left_off() == std::vector<std::string>{"test"});
    CHECK(here.start("test"));
    CHECK(here.start("test"));  // on is fine
    CHECK(here.start("none"));
    CHECK(here.domains()->front().state == Domain::State::running);
    CHECK(here.left_off()->empty());
    const auto gone = here.migrate("none", "test:///default", "tcp://x");
    REQUIRE_FALSE(gone);
    CHECK(gone.error().code == "libvirt.none");
    CHECK(connect_libvirt("nonsense:///x").error().code == "libvirt.connect");
}
