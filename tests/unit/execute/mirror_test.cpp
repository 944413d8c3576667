// SPDX-License-Identifier: GPL-3.0-or-later
// The system on two disks: arrays, two system partitions, two commits, two boot entries.
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>

#include "execute/journal.hpp"
#include "tests/unit/execute/machine/machine.hpp"

using namespace bedplate;
using test::Machine;

namespace {

struct Mirror : Machine {
    explicit Mirror(FirmwareMode firmware = FirmwareMode::uefi)
        : Machine(firmware, test::SystemDisks::mirror) {}
};

std::size_t entries_called(const Machine& machine, std::string_view label) {
    return static_cast<std::size_t>(std::ranges::count_if(machine.boot_entries, [&](const std::string& line) {
        return line.contains(std::format("* {}\t", label));
    }));
}

}  // namespace

TEST_CASE("a mirror boots from either disk, with one entry each, the first disk's first") {
    Mirror machine;
    const auto done = machine.run(machine.plan());
    INFO(test::text_of(done));
    REQUIRE(done);
    CHECK(machine.commands.unexpected().empty());
    CHECK(machine.arrays.size() == 2);
    CHECK(machine.bootable(0));
    CHECK(machine.bootable(1));
    CHECK(entries_called(machine, "bedplate") == 1);
    CHECK(entries_called(machine, "bedplate disk 2") == 1);
    REQUIRE(machine.boot_order.size() >= 2);
    const auto entry_at = [&](std::size_t place) {
        return *std::ranges::find_if(machine.boot_entries, [&](const std::string& line) {
            return line.starts_with("Boot" + machine.boot_order[place]);
        });
    };
    CHECK(entry_at(0).contains("* bedplate\t"));
    CHECK(entry_at(1).contains("* bedplate disk 2\t"));
    CHECK(machine.others_untouched());
    CHECK(machine.lock_mistakes.empty());
}

TEST_CASE("after a failure no array holds the disks of a mirror, and the bundle is on both") {
    Mirror machine;
    machine.commands.on("chroot * update-initramfs *", fakes::Answer{.status = 1, .err = "no space\n"});
    REQUIRE_FALSE(machine.run(machine.plan()));
    CHECK(machine.arrays.empty());
    for (const std::size_t disk : {0U, 1U}) {
        CHECK(machine.esp_file("bedplate/failure/error.txt", disk).contains("update-initramfs"));
        CHECK(machine.esp_file("EFI/BOOT/BOOTX64.EFI", disk).empty());
    }
}

TEST_CASE("a second run of a finished mirror changes nothing") {
    Mirror machine;
    const Plan plan = machine.plan();
    REQUIRE(machine.run(plan));
    const auto writes = machine.blocks.operations().size();
    const auto entries = machine.boot_entries;
    const auto again = machine.run(plan);
    INFO(test::text_of(again));
    REQUIRE(again);
    CHECK(machine.blocks.operations().size() == writes);
    CHECK(machine.boot_entries == entries);
    CHECK(machine.arrays.size() == 2);
    CHECK(machine.commands.count("chroot *") == 1);
}

TEST_CASE("whichever command fails, a mirror does not boot before its commit and a second try finishes it") {
    std::size_t commands = 0;
    {
        Mirror machine;
        REQUIRE(machine.run(machine.plan()));
        commands = machine.commands.lines().size();
    }
    for (std::size_t n = 1; n <= commands; n += std::getenv("BEDPLATE_EXHAUSTIVE") != nullptr ? 1 : 3) {
        Mirror machine;
        const Plan plan = machine.plan();
        machine.commands.fail_at(n);
        const auto done = machine.run(plan);
        const std::string line = machine.commands.lines().at(n - 1);
        INFO("command " << n << ": " << line);
        INFO(test::text_of(done));
        const bool committed = line.starts_with("efibootmgr");
        CHECK((done || committed || !machine.bootable()));
        const auto again = machine.run(plan);
        INFO(test::text_of(again));
        CHECK(again);
        CHECK(machine.bootable(0));
        CHECK(machine.bootable(1));
        CHECK(machine.others_untouched());
    }
}

TEST_CASE("wherever the power is cut in the end of a mirror's installation, a new run finishes both disks") {
    std::size_t operations = 0;
    {
        Mirror machine;
        REQUIRE(machine.run(machine.plan()));
        operations = machine.blocks.operations().size();
    }
    for (std::size_t n = operations > 12 ? operations - 12 : 1; n <= operations; ++n) {
        Mirror machine;
        const Plan plan = machine.plan();
        machine.blocks.cut_power_at(n, fakes::Unflushed::some, static_cast<unsigned>(n));
        CHECK_FALSE(machine.run(plan));
        machine.blocks.restore_power();
        INFO("operation " << n << " of " << operations);
        const auto again = machine.run(plan);
        INFO(test::text_of(again));
        CHECK(again);
        CHECK(machine.bootable(0));
        CHECK(machine.bootable(1));
    }
}
