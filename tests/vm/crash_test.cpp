// SPDX-License-Identifier: GPL-3.0-or-later
// The power goes at any moment: every state that a disk can then be in is judged without starting it, and
// machines are really killed.
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <format>
#include <fstream>
#include <random>
#include <thread>

#include "base/text.hpp"
#include "figures.hpp"
#include "harness/crash_judge.hpp"
#include "harness/disk_images.hpp"
#include "installation.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"

using namespace bedplate;
using namespace bedplate::vm;
using std::chrono::milliseconds;
using std::chrono::minutes;

namespace fs = std::filesystem;

namespace {

NodeExpectation expected_node(Firmware firmware, std::uint64_t generation = 1) {
    return {.firmware = firmware,
            .disk_serial = "BPSYS0001",
            .disk_model = "DELLBOSS VD",
            .cluster = "vmtest",
            .hostname = "vmnode1",
            .generation = generation};
}

/// All states of a recorded installation; `what` stands in the line that is printed.
CrashReport judge_recording(const Workspace& workspace, const Recording& recording, const std::string& what,
                            std::uint64_t seed) {
    const auto payload = must(payload_files(must(find_iso())));
    const CrashSampling sampling{.subsets = amount("BEDPLATE_CRASH_SUBSETS", 5), .seed = seed};
    const auto begun = std::chrono::steady_clock::now();
    auto report = must(judge_crashes(recording, sampling, payload, workspace / "replay.img"));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    proved(std::format("{}, seed {}: {}, {:.0f} s", what, seed, report.to_text(), took.count()));
    std::ofstream(workspace / "violations.log") << join(report.violations, "\n") << "\n";
    CHECK(join(report.violations, "\n").empty());
    // The whole installation was recorded, so that far more than a sample was judged.
    CHECK(report.states >= 100);
    CHECK(report.complete > 0);
    return report;
}

/// The judge has to find fault with a disk that boots and is not complete.
void check_the_judge(const Workspace& workspace, const fs::path& finished, Firmware firmware) {
    const auto payload = must(payload_files(must(find_iso())));
    CHECK(to_text(check_complete(finished, expected_node(firmware), payload)).empty());
    const auto damaged = workspace / "damaged.img";
    must(copy_sparse(finished, damaged));
    // In the middle of the root volume: files, and with them one hash.
    for (std::uint64_t at = gib(2).value; at < gib(2).value + mib(256).value; at += mib(1).value) {
        must(flip_bit(damaged, at));
    }
    CHECK_FALSE(check_complete(damaged, expected_node(firmware), payload).empty());
    fs::remove(damaged);
}

/// A machine that installs and is killed in the middle of the payload: its disk does not boot. Returns how
/// long a whole installation would have taken about, by its own estimate.
milliseconds kill_extraction(const TestMachine& machine, const fs::path& medium, Firmware firmware,
                             std::mt19937_64& random) {
    const auto percent = static_cast<unsigned>(10 + random() % 70);
    CAPTURE(percent);
    auto vm = machine.boot_medium(medium, first_line);
    const auto whole = wait_for_extraction(vm->serial(), percent);
    CHECK(vm->power_cut().status == 128 + 9);
    CHECK_FALSE(is_bootable(machine.system_disk(), firmware));
    proved(std::format("a machine killed at {} % of the payload does not boot", percent));
    return whole;
}

/// A machine that installs and is killed `after` so long. It may be done by then.
void kill_installation(const TestMachine& machine, const fs::path& medium, milliseconds after) {
    auto vm = machine.boot_medium(medium, first_line);
    const auto deadline = std::chrono::steady_clock::now() + after;
    while (vm->running() && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(milliseconds(50));
    }
    const auto text = vm->serial().text();
    vm->power_cut();
    INFO(text.substr(text.size() > 2000 ? text.size() - 2000 : 0));
    CHECK(text.find("exit status") == std::string::npos);  // it neither failed nor refused before
}

/// Cut off again and again at seeded times, the next run taking up what the last one left; then it finishes.
/// The caller has killed one machine already. With `finish_each` every cut is followed by a run to the end on
/// a fresh disk.
void kill_and_finish(const TestMachine& machine, const fs::path& medium, Firmware firmware,
                     milliseconds whole, unsigned kills, std::mt19937_64& random) {
    const bool finish_each = kills > 3;
    std::string times;
    for (unsigned i = 1; i < kills; ++i) {
        // The last of a few falls among the many short actions at the beginning, which the payload dwarfs.
        const auto range = finish_each || i + 1 < kills ? whole : whole / 3;
        const auto after = milliseconds(random() % static_cast<std::uint64_t>(range.count()));
        times += std::format(" {:.1f}", static_cast<double>(after.count()) / 1000);
        INFO("kill " << i + 1 << " after " << after.count() << " ms");
        kill_installation(machine, medium, after);
        const auto judgement = must(judge_disk(machine.system_disk(), expected_node(firmware)));
        if (judgement.loader) {  // the last moment of an installation, after the commit
            const auto payload = must(payload_files(must(find_iso())));
            CHECK(to_text(check_complete(machine.system_disk(), expected_node(firmware), payload)).empty());
            must(make_blank_disk(machine.system_disk(), gib(16)));
        } else {
            CHECK((judgement.verdict == Verdict::use || judgement.verdict == Verdict::erase));
        }
        if (finish_each || i + 1 == kills) {
            run_installation(machine, medium);
            const auto payload = must(payload_files(must(find_iso())));
            CHECK(to_text(check_complete(machine.system_disk(), expected_node(firmware), payload)).empty());
            CHECK(to_text(machine.protected_disks().check()).empty());
            if (i + 1 != kills) {
                must(make_blank_disk(machine.system_disk(), gib(16)));
            }
        }
    }
    proved(std::format("{} more killed after{} s of {:.1f}, {} to the end afterwards", kills - 1, times,
                       static_cast<double>(whole.count()) / 1000, finish_each ? "each run" : "the next run"));
}

/// Take the installation up from states that the replay met: one of each kind, `most` of them, drawn by lot.
void rerun_from_states(const TestMachine& machine, const fs::path& medium, const Recording& recording,
                       std::vector<CrashState> states, std::size_t most, std::mt19937_64& random) {
    std::ranges::shuffle(states, random);
    states.resize(std::min(states.size(), most));
    const auto log = must(WriteLog::open(recording.log));
    const auto payload = must(payload_files(must(find_iso())));
    for (const auto& state : states) {
        INFO(state.to_text());
        must(materialise(log, state, recording.before, gib(16), machine.system_disk()));
        if (must(has_loader(machine.system_disk(), recording.node.firmware, Bytes{512}))) {
            continue;  // finished: the installer would refuse it
        }
        run_installation(machine, medium);
        CHECK(to_text(check_complete(machine.system_disk(), recording.node, payload)).empty());
        proved("a run from " + state.to_text() + " finishes");
    }
}

/// The first of the machines to be killed begins with what a cut left (one of `states`), not with a blank
/// disk.
void begin_from_a_cut(const TestMachine& machine, const Recording& recording, std::vector<CrashState> states,
                      std::mt19937_64& random) {
    std::erase_if(states, [](const CrashState& state) { return state.window == 0 && state.applied.empty(); });
    const auto& first = states.at(random() % states.size());
    must(materialise(must(WriteLog::open(recording.log)), first, recording.before, gib(16),
                     machine.system_disk()));
    if (must(has_loader(machine.system_disk(), recording.node.firmware, Bytes{512}))) {
        must(make_blank_disk(machine.system_disk(), gib(16)));
    }
    proved("the first run to be killed begins from " + first.to_text());
}

/// Record one installation, replay it, kill others if asked to, and start the node of the last.
void prove_power_cuts(const std::string& name, Firmware firmware, Bytes memory) {
    Workspace workspace(name);
    TestMachine machine(workspace, firmware, memory);
    const auto medium = make_medium(workspace, machine);
    const auto seed = test_seed();
    CAPTURE(seed);
    std::mt19937_64 random(seed);

    machine.record_writes(workspace / "writes.img");
    const auto whole = run_installation(machine, medium);
    machine.record_writes({});
    Recording recording{.before = {},
                        .log = workspace / "writes.img",
                        .after = machine.system_disk(),
                        .node = expected_node(firmware)};
    check_the_judge(workspace, recording.after, firmware);
    const auto report = judge_recording(workspace, recording, name, seed);
    if (const auto kills = amount("BEDPLATE_KILLS", 0); kills > 0) {
        recording.after = workspace / "after.img";
        fs::rename(machine.system_disk(), recording.after);
        rerun_from_states(machine, medium, recording, report.interesting, amount("BEDPLATE_RERUNS", 0),
                          random);
        begin_from_a_cut(machine, recording, report.interesting, random);
        (void)kill_extraction(machine, medium, firmware, random);
        kill_and_finish(machine, medium, firmware, whole, kills, random);
    }
    check_node(machine, workspace, firmware);
    check_refusal(machine, medium);
    check_audits(machine, workspace);
    workspace.succeeded();
}

}  // namespace

TEST_CASE("the power may go at any moment of an installation in UEFI mode", "[crash-uefi]") {
    prove_power_cuts("crash-uefi", Firmware::uefi, mib(2560));
}

TEST_CASE("the power may go at any moment of an installation in BIOS mode", "[crash-bios]") {
    prove_power_cuts("crash-bios", Firmware::bios, mib(2048));
}

TEST_CASE(
    "a machine with BIOS and 1.5 GiB of memory is killed in its installation three times, finishes it and "
    "comes up as a node",
    "[install-bios]") {
    Workspace workspace("install-bios");
    const TestMachine machine(workspace, Firmware::bios, mib(1536));
    const auto medium = make_medium(workspace, machine);
    const auto seed = test_seed();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const auto whole = kill_extraction(machine, medium, Firmware::bios, random);
    kill_and_finish(machine, medium, Firmware::bios, whole, 3, random);
    CHECK(is_bootable(machine.system_disk(), Firmware::bios));
    check_node(machine, workspace, Firmware::bios);
    check_audits(machine, workspace);
    workspace.succeeded();
}

TEST_CASE("the power may go at any moment of a reinstallation over a finished node", "[crash-again]") {
    Workspace workspace("crash-again");
    TestMachine machine(workspace, Firmware::uefi, mib(2560));
    const auto seed = test_seed();
    CAPTURE(seed);
    run_installation(machine, make_medium(workspace, machine));
    Recording recording{.before = workspace / "before.img",
                        .log = workspace / "writes.img",
                        .after = machine.system_disk(),
                        .node = expected_node(Firmware::uefi, 2)};
    must(copy_sparse(machine.system_disk(), recording.before));
    machine.record_writes(recording.log);
    run_installation(machine, make_medium(workspace, machine, 2));
    judge_recording(workspace, recording, "crash-again", seed);
    check_audits(machine, workspace);
    workspace.succeeded();
}

// Hidden: not a test of its own, but a second look at what another one left (a failed one keeps its images).
TEST_CASE("a kept recording is judged again, with another seed", "[.judge]") {
    const char* folder = std::getenv("BEDPLATE_RECORDING");
    REQUIRE(folder != nullptr);
    const fs::path kept = folder;
    Workspace workspace("judge");
    const bool again = fs::exists(kept / "before.img");
    const Recording recording{
        .before = again ? kept / "before.img" : fs::path(),
        .log = kept / "writes.img",
        .after = kept / "after.img",
        .node = expected_node(std::getenv("BEDPLATE_BIOS") != nullptr ? Firmware::bios : Firmware::uefi,
                              again ? 2 : 1)};
    judge_recording(workspace, recording, "judge", test_seed());
    workspace.succeeded();
}
