// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/tuning.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "base/text.hpp"
#include "example.hpp"
#include "plan/node_files.hpp"

namespace bedplate {
namespace {

using test::Example;
using test::file_text;

/// The planned value; empty where there is none.
std::string wanted(const Example& example, std::string_view name) {
    const auto values = plan_tuning(example.profile, example.inventory);
    const auto found = std::ranges::find(values, name, &TuningValue::name);
    return found == values.end() ? "" : found->wanted;
}

std::string planned_text(const Example& example, std::string_view path) {
    const auto plan = example.plan();
    REQUIRE(plan);
    return file_text(*plan, path);
}

std::string arguments_of(const Example& example) {
    return join(kernel_arguments(example.profile, example.inventory), " ");
}

}  // namespace

TEST_CASE("values that depend on the memory are shares of it, within limits") {
    Example example;
    for (const auto& [memory, free_kib, dirty] :
         {std::tuple{gib(1), "16384", mib(102)}, std::tuple{gib(4), "40960", mib(409)},
          std::tuple{gib(64), "670720", gib(1)}, std::tuple{gib(1024), "2097152", gib(1)}}) {
        INFO(to_binary_text(memory));
        example.inventory.memory.total = memory;
        CHECK(wanted(example, "vm.min_free_kbytes") == free_kib);
        CHECK(wanted(example, "vm.dirty_bytes") == std::to_string(dirty.value));
        CHECK(wanted(example, "vm.dirty_background_bytes") == std::to_string(dirty.value / 4));
    }
    example.profile.tuning.min_free = mib(100);
    CHECK(wanted(example, "vm.min_free_kbytes") == "102400");
}

TEST_CASE("of a machine whose memory is not known nothing is said that depends on it") {
    Example example;
    example.inventory.memory.total = Bytes{};
    CHECK(wanted(example, "vm.min_free_kbytes").empty());
    CHECK(wanted(example, "vm.dirty_bytes").empty());
    CHECK(!planned_text(example, "/etc/sysctl.d/60-bedplate.conf").contains("vm.dirty"));
}

TEST_CASE("memory is balanced between nodes where there are several, and the profile has the last word") {
    Example example;
    CHECK(wanted(example, "kernel.numa_balancing") == "0");
    example.inventory.memory.numa_nodes = {{.id = 0, .bytes = gib(1), .cpus = "0"},
                                           {.id = 1, .bytes = gib(1), .cpus = "1"}};
    CHECK(wanted(example, "kernel.numa_balancing") == "1");
    example.profile.tuning.numa_balancing = false;
    CHECK(wanted(example, "kernel.numa_balancing") == "0");
}

TEST_CASE("equal pages are looked for where memory is promised more than once") {
    Example example;
    CHECK(wanted(example, "ksm") == "off");
    CHECK(wanted(example, "ksm.advisor").empty());
    CHECK(!planned_text(example, "/etc/tmpfiles.d/bedplate.conf").contains("ksm"));
    example.profile.kvm.memory_overcommit = 1.2;
    CHECK(wanted(example, "ksm") == "on");
    const std::string text = planned_text(example, "/etc/tmpfiles.d/bedplate.conf");
    CHECK(text.contains("w- /sys/kernel/mm/ksm/run - - - - 1\n"));
    CHECK(text.contains("w- /sys/kernel/mm/ksm/advisor_mode - - - - scan-time\n"));
    example.profile.tuning.ksm = false;
    CHECK(wanted(example, "ksm") == "off");
    // What the site says counts for its nodes.
    example.profile.tuning.ksm.reset();
    example.node.ha.memory_overcommit = 1.0;
    CHECK(!planned_text(example, "/etc/tmpfiles.d/bedplate.conf").contains("ksm"));
}

TEST_CASE("swap is compressed before its volume, or in memory where the profile says so, never both") {
    Example example;
    const std::string generator = "/etc/systemd/zram-generator.conf",
                      tmpfiles = "/etc/tmpfiles.d/bedplate.conf";
    CHECK(wanted(example, "zswap") == "on");
    CHECK(wanted(example, "zram") == "off");
    CHECK(planned_text(example, tmpfiles).contains("w- /sys/module/zswap/parameters/enabled - - - - 1\n"));
    CHECK(!planned_text(example, generator).contains("[zram0]"));
    example.profile.tuning.compressed_swap = CompressedSwap::zram;
    CHECK(wanted(example, "zswap") == "off");
    CHECK(wanted(example, "zram") == "on");
    CHECK(planned_text(example, generator).contains("[zram0]\ncompression-algorithm = zstd\n"));
    CHECK(planned_text(example, tmpfiles).empty());
    example.profile.tuning.compressed_swap.reset();
    example.profile.layout.swap = Bytes{};
    CHECK(wanted(example, "zswap") == "off");
    CHECK(wanted(example, "zram") == "off");
}

TEST_CASE("schedulers and read-ahead stand in one rule for each kind of disk") {
    Example example;
    CHECK(planned_text(example, "/etc/udev/rules.d/61-bedplate-block.rules") ==
          R"(# Written by bedplate. Why each value: bedplate node status --json
ACTION!="add|change", GOTO="bedplate_end"
SUBSYSTEM!="block", GOTO="bedplate_end"
ENV{DEVTYPE}!="disk", GOTO="bedplate_end"
KERNEL=="nvme*", TEST=="queue/scheduler", ATTR{queue/scheduler}="none"
KERNEL=="vd*", TEST=="queue/scheduler", ATTR{queue/scheduler}="none"
KERNEL=="sd*", ATTR{queue/rotational}=="0", TEST=="queue/scheduler", ATTR{queue/scheduler}="mq-deadline"
KERNEL=="sd*", ATTR{queue/rotational}=="1", TEST=="queue/scheduler", ATTR{queue/scheduler}="mq-deadline", ATTR{queue/read_ahead_kb}="1024"
LABEL="bedplate_end"
)");
    example.profile.tuning.leave = {"io.scheduler.nvme", "io.scheduler.virtual", "io.scheduler.ssd",
                                    "io.scheduler.hdd"};
    const std::string rest = planned_text(example, "/etc/udev/rules.d/61-bedplate-block.rules");
    CHECK(!rest.contains("scheduler}="));
    CHECK(rest.contains("ATTR{queue/read_ahead_kb}=\"1024\""));
}

TEST_CASE("sysctls: one line for each planned value, and what is left alone is in no file") {
    Example example;
    example.profile.tuning.leave = {"vm.swappiness", "cpu.governor", "transparent_hugepage", "kvm.nested"};
    const std::string text = planned_text(example, "/etc/sysctl.d/60-bedplate.conf");
    CHECK(text.contains("\nnet.core.somaxconn = 8192\n"));
    CHECK(text.contains("\nnet.ipv4.tcp_rmem = 4096 131072 16777216\n"));
    CHECK(text.contains("\nkernel.pid_max = 4194304\n"));
    CHECK(text.contains("\nfs.aio-max-nr = 1048576\n"));
    CHECK(!text.contains("swappiness"));
    CHECK(!arguments_of(example).contains("governor"));
    CHECK(!arguments_of(example).contains("transparent_hugepage"));
    CHECK(planned_text(example, "/etc/modprobe.d/bedplate-kvm.conf").empty());
}

TEST_CASE("what has to hold before the first program runs stands on the kernel's command line") {
    Example example;
    CHECK(arguments_of(example) ==
          "console=tty0 console=ttyS0,115200n8 transparent_hugepage=madvise intel_iommu=on iommu=pt "
          "cpufreq.default_governor=performance");
    example.profile.kvm.hugepage_size = gib(1);
    example.profile.kvm.hugepages_reserved = 16;
    CHECK(arguments_of(example).contains(" default_hugepagesz=1G hugepagesz=1G hugepages=16 "));
    CHECK(wanted(example, "hugepages.1GiB") == "16");
    CHECK(wanted(example, "hugepages.2MiB").empty());
    CHECK(planned_text(example, "/etc/default/grub").contains("cpufreq.default_governor=performance"));
}

TEST_CASE("more huge pages than guests may have memory is refused, since the node would not start") {
    Example example;
    example.inventory.memory.total = gib(64);
    example.profile.kvm.hugepage_size = gib(1);
    example.profile.kvm.hugepages_reserved = 57;
    CHECK(example.refusal().empty());
    example.profile.kvm.hugepages_reserved = 58;
    CHECK(example.refusal() == "tuning.hugepages");
    example.profile.kvm.hugepage_size = mib(2);
    CHECK(example.refusal().empty());
}

TEST_CASE("rings and queues stand in the ports' link files, but not in the installer's") {
    CHECK(tuning_of_ports(TuningProfile{}) == "RxBufferSize=max\nTxBufferSize=max\n");
    TuningProfile tuning;
    tuning.largest_rings = false;
    CHECK(tuning_of_ports(tuning).empty());
    tuning.all_channels = true;
    CHECK(tuning_of_ports(tuning) == "CombinedChannels=max\n");
    tuning.leave = {"net.channels"};
    CHECK(tuning_of_ports(tuning).empty());
}

TEST_CASE("multipath is configured and started where the profile asks for it only") {
    Example example;
    CHECK(planned_text(example, "/etc/multipath.conf").empty());
    example.profile.tuning.multipath = true;
    CHECK(planned_text(example, "/etc/multipath.conf").contains("find_multipaths yes"));
    const auto plan = example.plan();
    REQUIRE(plan);
    CHECK(std::ranges::any_of(plan->actions, [](const Action& action) {
        const auto* file = std::get_if<action::WriteFile>(&action.kind);
        return file != nullptr && file->link_target == "/usr/lib/systemd/system/multipathd.service";
    }));
}

TEST_CASE("the plan's text and JSON have every value, and mark those that are required") {
    Example example;
    example.profile.tuning.required = {"iommu"};
    const auto plan = example.plan();
    REQUIRE(plan);
    const std::string text = to_text(*plan);
    CHECK(text.contains("\nTUNING\n"));
    CHECK(text.contains("  * iommu                               on                      kernel argument\n"));
    CHECK(text.contains("without it the node is not ready"));
    const Json json = to_json(*plan);
    REQUIRE(json.at("tuning").size() == plan->tuning.size());
    CHECK(json.at("tuning").front() ==
          Json{{"name", "iommu"}, {"wanted", "on"}, {"by", "kernel argument"}, {"required", true}});
}

TEST_CASE("the node's document gives the planned values back, in the same order") {
    Example example;
    example.inventory.memory.total = gib(256);
    example.profile.tuning.required = {"vm.swappiness", "iommu"};
    const auto values = plan_tuning(example.profile, example.inventory);
    const auto again = tuning_from_document(tuning_document(values));
    REQUIRE(again);
    CHECK(*again == values);
    const auto text = parse_json(planned_text(example, tuning_path), "test");
    REQUIRE(text);
    CHECK(tuning_from_document(*text).value() == values);
    CHECK(tuning_from_document(Json{{"values", 1}}).error().code == "tuning.file");
}

}  // namespace bedplate
