// SPDX-License-Identifier: GPL-3.0-or-later
// The machine that drills watch, by itself: it starts with both firmwares, acknowledges what its disk has,
// goes on after its power was cut, and ends when its button is pressed.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <iostream>
#include <thread>

#include "harness/accelerator.hpp"
#include "harness/vm.hpp"
#include "harness/workspace.hpp"
#include "lab/collector.hpp"
#include "lab/guest_image.hpp"
#include "lab/timeline.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"

using namespace bedplate;
using namespace bedplate::vm;
using lab::Collector;
using std::chrono::seconds;

namespace {

constexpr const char* machine_id = "5c2e1a90-7d1b-4b5f-9a3e-0123456789ab";

VmSpec pulse_spec(Firmware firmware, const Workspace& workspace) {
    VmSpec spec{.firmware = firmware, .memory = mib(firmware == Firmware::bios ? 192 : 320)};
    spec.identity = SystemIdentity{.uuid = machine_id};
    spec.disks = {{.id = "pulse", .image = workspace / "pulse.img", .serial = "PULSE", .boot_index = 1}};
    spec.nics = {NicSpec{}};
    return spec;
}

/// Waits for that many more beats.
std::vector<Collector::Arrival> beats(const Collector& collector, Collector::Time since, std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + scaled(seconds(180));
    while (collector.since(since).size() < count && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return collector.since(since);
}

}  // namespace

TEST_CASE("the pulse acknowledges what its disk has, and goes on after a power cut", "[pulse]") {
    const auto firmware = GENERATE(Firmware::bios, Firmware::uefi);
    Workspace workspace(firmware == Firmware::bios ? "pulse-bios" : "pulse-uefi");
    const auto begin = std::chrono::steady_clock::now();
    const auto collector = must(Collector::open("127.0.0.1", 0));
    must(lab::make_guest(host_commands(),
                         {.medium = must(find_iso()),
                          .program = BEDPLATE_PULSE,
                          .settings = {.address = "10.0.2.15",
                                       .prefix = 24,
                                       .collector = "10.0.2.2",
                                       .port = collector->port()},
                          .scratch = workspace / "parts"},
                         workspace / "pulse.img"));
    const auto accelerator = must(choose_accelerator());
    auto vm = must(Vm::start(pulse_spec(firmware, workspace), workspace.path(), accelerator));
    const auto first = beats(*collector, begin, 30);
    INFO(vm->serial().text());
    REQUIRE(first.size() >= 30);
    std::cout << std::format("timed: {} s from power-on to the first beat\n",
                             std::chrono::duration_cast<seconds>(first.front().at - begin).count());
    CHECK(first.front().beat.sequence == 1);
    CHECK(first.front().beat.resumed == 0);
    CHECK(pulse::to_text(first.front().beat.machine) == machine_id);
    vm->power_cut();
    vm.reset();

    const auto cut = std::chrono::steady_clock::now();
    vm = must(Vm::start(pulse_spec(firmware, workspace), workspace.path(), accelerator));
    const auto second = beats(*collector, cut, 10);
    INFO(vm->serial().text());
    REQUIRE(second.size() >= 10);
    std::vector<lab::Ack> acks;
    for (const auto& arrival : collector->since(begin)) {
        acks.push_back({std::chrono::duration_cast<lab::Span>(arrival.at - cut), arrival.beat});
    }
    const auto measured = lab::measure(lab::DrillKind::node_crash, acks, {});
    CHECK(measured.starts == 1);
    CHECK(measured.lost == 0);
    CHECK(measured.double_active == 0);
    CHECK(second.back().beat.resumed >= first.size());
    CHECK(second.back().beat.holes == 0);

    must(vm->powerdown());
    CHECK(must(vm->wait_exit(scaled(seconds(60)))).status == 0);
    workspace.succeeded();
}
