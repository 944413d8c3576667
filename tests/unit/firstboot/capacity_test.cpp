// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/capacity.hpp"

#include <catch2/catch_test_macros.hpp>

#include "firstboot/node_metrics.hpp"
#include "tests/support/fake_platform.hpp"

using namespace bedplate;
using fakes::FakePlatform;

TEST_CASE("what a node is made of is what its kernel counts") {
    FakePlatform fake;
    fake.files.add_file("/proc/cpuinfo",
                        "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: X\nflags\t\t: fpu\n\n"
                        "processor\t: 1\nvendor_id\t: GenuineIntel\nmodel name\t: X\nflags\t\t: fpu\n");
    fake.files.add_file("/proc/meminfo", "MemTotal:       67108864 kB\nMemFree:  1 kB\n");
    NodeSettings settings;
    settings.osds = {OsdDisk{}, OsdDisk{}, OsdDisk{}};
    settings.osd_memory_target = gib(2);
    const auto machine = firstboot::read_machine(fake.platform, settings, true);
    REQUIRE(machine);
    CHECK(machine->threads == 2);
    CHECK(machine->memory == gib(64));
    CHECK(machine->osds == 3);
    CHECK(machine->osd_memory_target == gib(2));
    CHECK(machine->control);
    FakePlatform empty;
    CHECK(!firstboot::read_machine(empty.platform, settings, true));
}

TEST_CASE("what machines may be promised is told to Prometheus, in bytes and threads") {
    firstboot::NodeFigures figures;
    CHECK(!firstboot::to_metrics(figures).contains("bedplate_capacity"));
    figures.room = NodeCapacity{.cpu = 216, .hv_memory = 1024, .threads = 54};
    const std::string text = firstboot::to_metrics(figures);
    CHECK(text.contains("bedplate_capacity_memory_bytes 1073741824\n"));
    CHECK(text.contains("bedplate_capacity_threads 54\n"));
}
