// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "firstboot/checks.hpp"
#include "firstboot/tuning_checks.hpp"
#include "plan/tuning.hpp"
#include "tests/support/fake_platform.hpp"

using namespace bedplate;
using fakes::FakePlatform;

namespace {

using Tuned = NodeTuning::State;

/// A node on which `name` is planned to be `wanted`.
void plan_value(FakePlatform& fake, const std::string& name, const std::string& wanted,
                bool required = false) {
    const Json document = tuning_document({{.name = name, .wanted = wanted, .required = required}});
    fake.files.add_file(tuning_path, document.dump());
}

NodeTuning only_value(FakePlatform& fake) {
    const auto values = firstboot::check_tuning(fake.platform);
    REQUIRE(values);
    REQUIRE(values->size() == 1);
    return values->front();
}

struct Look {
    std::string name, wanted, path, text;
    Tuned state;
    std::string actual;
};

}  // namespace

TEST_CASE("each way in which the kernel shows a value is read") {
    const std::vector<Look> looks{
        {"vm.swappiness", "10", "/proc/sys/vm/swappiness", "10\n", Tuned::holds, "10"},
        {"vm.swappiness", "10", "/proc/sys/vm/swappiness", "60\n", Tuned::differs, "60"},
        {"net.ipv4.tcp_rmem", "4096 131072 16777216", "/proc/sys/net/ipv4/tcp_rmem",
         "4096\t131072\t16777216\n", Tuned::holds, "4096 131072 16777216"},
        {"net.core.somaxconn", "8192", "/proc/sys/net/core/somaxconn", "65535\n", Tuned::holds, "65535"},
        {"net.core.somaxconn", "8192", "/proc/sys/net/core/somaxconn", "4096\n", Tuned::differs, "4096"},
        {"transparent_hugepage", "madvise", "/sys/kernel/mm/transparent_hugepage/enabled",
         "always [madvise] never\n", Tuned::holds, "madvise"},
        {"transparent_hugepage", "madvise", "/sys/kernel/mm/transparent_hugepage/enabled",
         "[always] madvise never\n", Tuned::differs, "always"},
        {"hugepages.1GiB", "16", "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "12\n",
         Tuned::differs, "12"},
        {"zswap", "on", "/sys/module/zswap/parameters/enabled", "Y\n", Tuned::holds, "on"},
        {"ksm", "off", "/sys/kernel/mm/ksm/run", "0\n", Tuned::holds, "off"},
        {"kvm.nested", "off", "/sys/module/kvm_amd/parameters/nested", "1\n", Tuned::differs, "on"},
        {"kvm.nested", "on", "/sys/module/kvm_intel/parameters/nested", "Y\n", Tuned::holds, "on"},
        {"zram", "off", "/proc/swaps", "Filename\n/dev/dm-3 partition 16 0 -2\n", Tuned::holds, "off"},
        {"zram", "off", "/proc/swaps", "Filename\n/dev/zram0 partition 16 0 100\n", Tuned::differs, "on"},
        {"fs.noatime", "noatime", "/proc/mounts",
         "/dev/mapper/sys-root / ext4 rw,noatime 0 0\nproc /proc proc rw,relatime 0 0\n", Tuned::holds,
         "noatime (1)"},
        {"fs.noatime", "noatime", "/proc/mounts",
         "/dev/mapper/sys-root / ext4 rw,noatime 0 0\n/dev/mapper/sys-var /var ext4 rw,relatime 0 0\n",
         Tuned::differs, "not on /var"},
        {"multipath", "off", "/sys/block/dm-0/dm/uuid", "LVM-abc\n", Tuned::holds, "off"},
        {"multipath", "off", "/sys/block/dm-0/dm/uuid", "mpath-35000\n", Tuned::differs, "maps: 1"},
        {"iommu", "on", "/sys/kernel/iommu_groups/0/type", "DMA-FQ\n", Tuned::holds, "on (groups: 1)"},
        {"iommu", "on", "/sys/firmware/acpi/tables/DMAR", "", Tuned::differs,
         "off, though the firmware has one"},
    };
    for (const Look& look : looks) {
        INFO(look.name << " " << look.text);
        FakePlatform fake;
        fake.files.add_file(look.path, look.text);
        plan_value(fake, look.name, look.wanted);
        const NodeTuning value = only_value(fake);
        CHECK(value.state == look.state);
        CHECK(value.actual == look.actual);
        CHECK(value.wanted == look.wanted);
        CHECK(value.reason == find_tuning_item(look.name)->reason);
    }
}

TEST_CASE("what is not there is not applicable, and says what is missing") {
    for (const auto& name : tuning_names()) {
        INFO(name);
        FakePlatform fake;
        plan_value(fake, name, name == "multipath" ? "on" : "1");
        const NodeTuning value = only_value(fake);
        CHECK(value.state == Tuned::not_applicable);
        CHECK(value.actual.starts_with("not applicable: "));
    }
    FakePlatform fake;
    plan_value(fake, "vm.of_a_later_version", "1");
    CHECK(only_value(fake).state == Tuned::not_applicable);
}

TEST_CASE("of several processors and disks each counts, and those that differ are named") {
    FakePlatform fake;
    const std::string cpus = "/sys/devices/system/cpu/cpufreq/policy";
    fake.files.add_file(cpus + "0/scaling_governor", "performance\n");
    fake.files.add_file(cpus + "1/scaling_governor", "performance\n");
    plan_value(fake, "cpu.governor", "performance");
    CHECK(only_value(fake).actual == "performance (2)");
    fake.files.add_file(cpus + "1/scaling_governor", "powersave\n");
    const NodeTuning value = only_value(fake);
    CHECK(value.state == Tuned::differs);
    CHECK(value.actual == "performance: policy0; powersave: policy1");
}

TEST_CASE("a disk is judged by its kind only") {
    FakePlatform fake;
    const auto disk = [&](const std::string& name, const char* rotational, const char* scheduler) {
        fake.files.add_file("/sys/block/" + name + "/queue/rotational", rotational);
        fake.files.add_file("/sys/block/" + name + "/queue/scheduler", scheduler);
        fake.files.add_file("/sys/block/" + name + "/queue/read_ahead_kb", "128\n");
    };
    disk("sda", "1\n", "none [mq-deadline]\n");
    disk("sdb", "0\n", "[none] mq-deadline\n");
    disk("nvme0n1", "0\n", "[none] mq-deadline\n");
    disk("dm-0", "0\n", "none\n");
    plan_value(fake, "io.scheduler.hdd", "mq-deadline");
    CHECK(only_value(fake).state == Tuned::holds);
    plan_value(fake, "io.scheduler.ssd", "mq-deadline");
    CHECK(only_value(fake).actual == "none");
    CHECK(only_value(fake).state == Tuned::differs);
    plan_value(fake, "io.scheduler.nvme", "none");
    CHECK(only_value(fake).state == Tuned::holds);
    plan_value(fake, "io.scheduler.virtual", "none");
    CHECK(only_value(fake).actual == "not applicable: no disk of this kind");
    plan_value(fake, "io.read_ahead.hdd", "1024");
    CHECK(only_value(fake).actual == "128");
}

TEST_CASE("rings are asked of the ports that the plan named, and a driver without them is left out") {
    FakePlatform fake;
    fake.files.add_file("/sys/class/net/nic0/mtu", "1500\n");
    fake.files.add_file("/sys/class/net/nic1/mtu", "1500\n");
    fake.files.add_file("/sys/class/net/bond0/mtu", "1500\n");
    fake.commands.on("ethtool --json --show-ring nic0",
                     {.out = R"([{"ifname":"nic0","rx-max":4096,"rx":4096,"tx-max":4096,"tx":512}])"});
    fake.commands.on("ethtool --json --show-ring nic1", {.status = 95, .err = "not supported"});
    plan_value(fake, "net.ring_buffers", "max");
    CHECK(only_value(fake).actual == "nic0 tx 512 of 4096");
    CHECK(only_value(fake).state == Tuned::differs);
    fake.commands.on("ethtool --json --show-ring nic0",
                     {.out = R"([{"ifname":"nic0","rx-max":4096,"rx":4096,"tx-max":4096,"tx":4096}])"});
    CHECK(only_value(fake).state == Tuned::holds);
    CHECK(fake.commands.unexpected().empty());
}

TEST_CASE("a disk with two paths and no map is a deviation where maps are wanted") {
    FakePlatform fake;
    for (const std::string disk : {"sda", "sdb"}) {
        fake.files.add_file("/sys/block/" + disk + "/device/wwid", "naa.5000\n");
    }
    plan_value(fake, "multipath", "on");
    CHECK(only_value(fake).actual == "one disk each, and no map: sda and sdb");
    for (const std::string disk : {"sda", "sdb"}) {
        fake.files.add_file("/sys/block/" + disk + "/holders/dm-0/dev", "254:0\n");
    }
    fake.files.add_file("/sys/block/dm-0/dm/uuid", "mpath-35000\n");
    CHECK(only_value(fake).state == Tuned::holds);
}

TEST_CASE("a node that was planned without values has no check of them") {
    FakePlatform fake;
    const auto values = firstboot::check_tuning(fake.platform);
    REQUIRE(values);
    CHECK(values->empty());
    CHECK(firstboot::tuning_summary(*values).empty());
}

TEST_CASE("a deviation is advice, unless the profile requires the value") {
    const auto value = [](Tuned state, bool required) {
        return NodeTuning{.state = state,
                          .name = "vm.swappiness",
                          .wanted = "10",
                          .actual = "",
                          .reason = "",
                          .required = required};
    };
    const auto summary = firstboot::tuning_summary({value(Tuned::differs, false), value(Tuned::holds, true)});
    REQUIRE(summary.size() == 2);
    CHECK(summary[0].id == "tuning.values");
    CHECK(!summary[0].ok);
    CHECK(summary[0].detail == "1 as wanted, 0 not applicable, different: vm.swappiness");
    CHECK(summary[1].id == "tuning.required");
    CHECK(summary[1].ok);
    CHECK(!firstboot::tuning_summary({value(Tuned::differs, true)})[1].ok);
    // Who requires a value does not want a node that cannot have it.
    CHECK(!firstboot::tuning_summary({value(Tuned::not_applicable, true)})[1].ok);
    CHECK(firstboot::tuning_summary({value(Tuned::not_applicable, false)})[1].ok);
}
