// SPDX-License-Identifier: GPL-3.0-or-later
// Something fails at every place where something can fail.
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>

#include "execute/journal.hpp"
#include "inventory/run_record.hpp"
#include "tests/unit/execute/machine/machine.hpp"

using namespace bedplate;
using test::Machine;

namespace {

/// What every failed run has to leave behind. A failure in the very last step comes after the commit.
void check_failure(const Machine& machine, const Result<void>& done) {
    REQUIRE_FALSE(done);
    const std::string text = done.error().to_text();
    INFO(text);
    CHECK_FALSE(done.error().code.empty());
    const bool looking = text.contains("is still the same");
    CHECK((looking || text.contains("action ")));
    const bool before_disks = looking || text.contains("action preflight.");
    CHECK((before_disks || text.contains("SYS1")));
    CHECK(machine.others_untouched());
    CHECK(machine.mounts.empty());
    const bool after_commit = text.contains("action seal.boot-entry");
    CHECK(machine.bootable() == after_commit);
    const auto journal = read_journal(machine.files, machine.journal);
    REQUIRE(journal);
    const auto& entries = journal->runs.back().entries;
    const auto failed = std::ranges::find(entries, JournalEntry::Type::failed, &JournalEntry::type);
    REQUIRE(failed != entries.end());
    CHECK(text.contains(failed->action));
    CHECK((*failed->error)["code"] == done.error().code);
}

std::size_t count_commands(FirmwareMode firmware) {
    Machine machine(firmware);
    REQUIRE(machine.run(machine.plan()));
    return machine.commands.lines().size();
}

}  // namespace

TEST_CASE(
    "whichever command fails, the error is named, other disks stay untouched and the disk does not boot") {
    for (const FirmwareMode firmware : {FirmwareMode::uefi, FirmwareMode::bios}) {
        const std::size_t commands = count_commands(firmware);
        REQUIRE(commands > 40);
        for (std::size_t n = 1; n <= commands; ++n) {
            // Up to the boot loader both modes run the same commands.
            if (firmware == FirmwareMode::bios && n + 6 < commands) {
                continue;
            }
            Machine machine(firmware);
            const Plan plan = machine.plan();
            machine.commands.fail_at(n);
            const auto done = machine.run(plan);
            INFO("command " << n << ": " << machine.commands.lines().at(n - 1));
            // Reading the partition table anew is tried again, and udev may take its time.
            if (machine.commands.lines().at(n - 1).starts_with("blockdev --rereadpt") ||
                machine.commands.lines().at(n - 1).starts_with("udevadm control") ||
                machine.commands.lines().at(n - 1).starts_with("udevadm trigger")) {
                CHECK(done);
                continue;
            }
            if (firmware == FirmwareMode::bios && machine.commands.lines().at(n - 1).starts_with("umount")) {
                // On BIOS the target is let go after the commit.
                CHECK_FALSE(done);
                CHECK(machine.bootable());
                continue;
            }
            check_failure(machine, done);
            // A second try succeeds, whatever the first one left.
            const auto again = machine.run(plan);
            INFO((again ? "" : again.error().to_text()));
            CHECK(again);
            CHECK(machine.bootable());
        }
    }
}

namespace {

/// A machine whose system disk holds something that goes first: the plan tears down, discards and zeroes.
struct UsedMachine : Machine {
    UsedMachine() {
        Disk& disk = example.system_disk();
        disk.rotational = false;
        disk.signatures = {"xfs"};
        example.node.install.wipe = WipePolicy::not_ours;
        blocks.poke(disk.path, Bytes{0}, "XFSB");
        blocks.poke(disk.path, gib(100), "bluestore block device\n5f0c53ab-1bbf-4a5d-8f43-8c1de5b6b0a1\n");
        blocks.poke(disk.path, disk.size - kib(4), "backup");
    }
};

/// The operations at which something is to happen, counted from 1: every one with BEDPLATE_EXHAUSTIVE=1; else
/// all but the records of how far the run has come, of which there is one for each action: every 16th of
/// those.
template <typename Kind>
std::vector<std::size_t> interesting_operations(std::size_t& total) {
    Kind machine;
    REQUIRE(machine.run(machine.plan()));
    const auto& operations = machine.blocks.operations();
    total = operations.size();
    const bool all = std::getenv("BEDPLATE_EXHAUSTIVE") != nullptr;
    const auto is_record = [&](std::size_t at) {
        return operations[at].kind == fakes::BlockOperation::Kind::write &&
               operations[at].offset == run_record_offset(Bytes{512}) && operations[at].size == Bytes{512};
    };
    std::vector<std::size_t> numbers;
    std::size_t records = 0;
    for (std::size_t at = 0; at < operations.size(); ++at) {
        const bool of_record = is_record(at) || (at > 0 && is_record(at - 1));
        if (all || !of_record || records++ % 16 < 2) {
            numbers.push_back(at + 1);
        }
    }
    return numbers;
}

/// One operation fails and later ones work: the error is named, nothing boots, a second try finishes.
template <typename Kind>
void check_fault(std::size_t n) {
    Kind machine;
    const Plan plan = machine.plan();
    machine.blocks.fail_at(n);
    const auto done = machine.run(plan);
    INFO("operation " << n);
    REQUIRE_FALSE(done);
    INFO(done.error().to_text());
    CHECK(done.error().to_text().contains("disk serial SYS1"));
    CHECK(done.error().to_text().contains("bay pci-"));
    CHECK(machine.others_untouched());
    // A failed flush of the commit may have written the block: the clean-up has taken it back.
    CHECK_FALSE(machine.bootable());
    const auto again = machine.run(plan);
    INFO((again ? "" : again.error().to_text()));
    CHECK(again);
    CHECK(machine.bootable());
}

/// The power goes at one operation.
template <typename Kind>
void check_power_cut(std::size_t n, std::size_t operations, fakes::Unflushed unflushed, unsigned seed) {
    Kind machine;
    const Plan plan = machine.plan();
    machine.blocks.cut_power_at(n, unflushed, seed);
    CHECK_FALSE(machine.run(plan));
    machine.blocks.restore_power();
    INFO("operation " << n << " of " << operations << ", seed " << seed);
    const bool committing = n + 1 >= operations;
    CHECK((committing || !machine.bootable()));
    CHECK(machine.others_untouched());
    const auto again = machine.run(plan);
    INFO((again ? "" : again.error().to_text()));
    CHECK(again);
    CHECK(machine.bootable());
}

}  // namespace

TEST_CASE("whichever write, flush or discard fails, the disk does not boot and a second try succeeds") {
    std::size_t total = 0;
    const auto blank = interesting_operations<Machine>(total);
    REQUIRE(blank.size() > 10);
    for (const std::size_t n : blank) {
        check_fault<Machine>(n);
    }
    // What a used disk has more comes first: its teardown.
    const auto used = interesting_operations<UsedMachine>(total);
    REQUIRE(used.size() > blank.size());
    for (std::size_t i = 0; i < used.size() - blank.size() + 4; ++i) {
        check_fault<UsedMachine>(used[i]);
    }
}

TEST_CASE("wherever the power is cut, the disk does not boot before the commit and a new run finishes") {
    std::size_t total = 0;
    const auto blank = interesting_operations<Machine>(total);
    for (const std::size_t n : blank) {
        check_power_cut<Machine>(n, total, fakes::Unflushed::lost, 1);
        check_power_cut<Machine>(n, total, fakes::Unflushed::kept, 1);
        check_power_cut<Machine>(n, total, fakes::Unflushed::some, static_cast<unsigned>(n));
    }
    const auto used = interesting_operations<UsedMachine>(total);
    for (std::size_t i = 0; i < used.size() - blank.size() + 4; ++i) {
        check_power_cut<UsedMachine>(used[i], total, fakes::Unflushed::lost, 1);
        check_power_cut<UsedMachine>(used[i], total, fakes::Unflushed::some, static_cast<unsigned>(i + 100));
    }
}

TEST_CASE("a used disk is discarded, and everything that any probe would find is gone") {
    UsedMachine machine;
    const Plan plan = machine.plan();
    REQUIRE(test::find_action(plan, "teardown.wipe") != nullptr);
    const auto done = machine.run(plan);
    INFO((done ? "" : done.error().to_text()));
    REQUIRE(done);
    CHECK(std::ranges::any_of(machine.blocks.operations(), [](const fakes::BlockOperation& operation) {
        return operation.kind == fakes::BlockOperation::Kind::discard;
    }));
    CHECK(machine.blocks.peek("/dev/sdb", gib(100), Bytes{9}) == std::string(9, '\0'));
}

TEST_CASE("every tool that writes to a disk runs under its lock, and none that waits for udev does") {
    UsedMachine machine;
    REQUIRE(machine.run(machine.plan()));
    CHECK(machine.lock_mistakes.empty());
    CHECK(machine.blocks.locked().empty());
}

TEST_CASE("an installation that was cut off says on the disk how far it came") {
    Machine machine;
    const Plan plan = machine.plan();
    machine.commands.once("mkswap *", {.status = 1, .err = "I/O error\n"});
    REQUIRE_FALSE(machine.run(plan));
    const auto record = machine.record();
    REQUIRE(record);
    CHECK(record->action == "format.mkswap.swap");
    CHECK(record->total == plan.actions.size());
    CHECK(plan.actions.at(record->number - 1).id == record->action);
    CHECK(record->hostname == "node1");
    CHECK(plan.digest().starts_with(record->plan_digest));
    CHECK_FALSE(machine.bootable());
    REQUIRE(machine.run(plan));
    // Nothing is written to a disk that boots: the last record is that of the commit.
    CHECK(machine.record()->action == "seal.commit");
}

TEST_CASE("whichever file cannot be written, the error names it and the disk does not boot") {
    for (std::size_t n = 1; n <= 12; ++n) {
        Machine machine;
        const Plan plan = machine.plan();
        machine.files.fail_write_at = n;
        check_failure(machine, machine.run(plan));
        CHECK(machine.run(plan));
    }
}

TEST_CASE("a failure leaves a bundle on the disk's EFI system partition, and nothing to boot") {
    Machine machine;
    const Plan plan = machine.plan();
    machine.commands.once("mkswap *", {.status = 1, .err = "mkswap: I/O error\n"});
    REQUIRE_FALSE(machine.run(plan));
    CHECK(machine.esp_file("bedplate/node.json").contains("\"failed\""));
    CHECK(machine.esp_file("bedplate/failure/error.txt").contains("mkswap: I/O error"));
    CHECK(machine.esp_file("bedplate/failure/journal.jsonl").contains("format.mkswap.swap"));
    CHECK(machine.esp_file("bedplate/failure/plan.txt").contains("SYS1"));
    CHECK(machine.esp_file("bedplate/failure/inventory.json").contains("SYS1"));
    CHECK(machine.esp_file("bedplate/failure/dmesg.txt").contains("Linux"));
    CHECK_FALSE(machine.bootable());
}

TEST_CASE("a failure before the first write leaves no bundle and no trace") {
    Machine machine;
    machine.source.bytes.pop_back();
    REQUIRE_FALSE(machine.run(machine.plan()));
    CHECK(machine.blocks.operations().empty());
    CHECK(machine.sink.events.back().type == Event::Type::failed);
}
