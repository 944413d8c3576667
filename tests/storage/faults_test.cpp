// SPDX-License-Identifier: GPL-3.0-or-later
// Something fails at every place where something can fail.
#include <catch2/catch_test_macros.hpp>

#include "execute/journal.hpp"
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
    CHECK(text.contains("action "));
    const bool before_disks = text.contains("action preflight.");
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
            // Reading the partition table anew is tried again.
            if (machine.commands.lines().at(n - 1).starts_with("blockdev --rereadpt")) {
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

TEST_CASE("whichever write to the disk fails, the disk does not boot and a second try succeeds") {
    std::size_t writes = 0;
    {
        Machine machine;
        REQUIRE(machine.run(machine.plan()));
        writes = machine.blocks.operations().size();
    }
    REQUIRE(writes > 10);
    for (std::size_t n = 1; n <= writes; ++n) {
        Machine machine;
        const Plan plan = machine.plan();
        machine.blocks.fail_at(n);
        const auto done = machine.run(plan);
        INFO("write " << n);
        REQUIRE_FALSE(done);
        INFO(done.error().to_text());
        CHECK(done.error().to_text().contains("SYS1"));
        CHECK(machine.others_untouched());
        // A failed flush of the commit may have written the block: the clean-up has taken it back.
        CHECK_FALSE(machine.bootable());
        CHECK(machine.run(plan));
        CHECK(machine.bootable());
    }
}

TEST_CASE("wherever the power is cut, the disk does not boot before the commit and a new run finishes") {
    std::size_t writes = 0;
    {
        Machine machine;
        REQUIRE(machine.run(machine.plan()));
        writes = machine.blocks.operations().size();
    }
    for (const auto unflushed : {fakes::Unflushed::lost, fakes::Unflushed::kept}) {
        for (std::size_t n = 1; n <= writes; ++n) {
            Machine machine;
            const Plan plan = machine.plan();
            machine.blocks.cut_power_at(n, unflushed);
            CHECK_FALSE(machine.run(plan));
            machine.blocks.restore_power();
            INFO("write " << n);
            const bool committing = n + 1 >= writes;
            CHECK((committing || !machine.bootable()));
            CHECK(machine.others_untouched());
            const auto again = machine.run(plan);
            INFO((again ? "" : again.error().to_text()));
            CHECK(again);
            CHECK(machine.bootable());
        }
    }
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
