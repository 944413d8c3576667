// SPDX-License-Identifier: GPL-3.0-or-later
// A disk that does not answer, and one that is gone.
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "execute/journal.hpp"
#include "tests/unit/execute/machine/machine.hpp"

using namespace bedplate;
using test::Machine;

namespace {

/// A tool that does not come back until it is let go, while its disk has a request under way.
struct Hang {
    explicit Hang(Machine& machine, const std::string& pattern) {
        machine.commands.set_concurrent();
        machine.hang_limit = std::chrono::milliseconds{400};
        machine.commands.on(pattern, [this, &machine](const Command& /*command*/) -> Result<CommandResult> {
            machine.files.fake.add_file("/sys/devices/block/sdb/stat", "7 0 0 0 0 0 0 0 1 0 0\n");
            while (!let_go) {
                std::this_thread::sleep_for(std::chrono::milliseconds{5});
            }
            return CommandResult{};
        });
    }
    /// The disk answers at last; what was left behind ends.
    void end() {
        let_go = true;
        while (abandoned_work() > 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
    }
    std::atomic<bool> let_go = false;
};

}  // namespace

TEST_CASE("a disk that hangs under a tool ends the installation with its name, and nothing goes on later") {
    Machine machine;
    const Plan plan = machine.plan();
    Hang hang(machine, "mkfs.ext4 *");
    const auto done = machine.run(plan);
    REQUIRE_FALSE(done);
    const std::string text = done.error().to_text();
    INFO(text);
    CHECK(done.error().code == "disk.hung");
    CHECK(text.contains("SYS1"));
    CHECK(text.contains("pci-0000:18:00.0-scsi-0:0:0:SYS1"));
    CHECK(text.contains("action format.mkfs."));
    CHECK(text.contains("while running: mkfs.ext4"));
    CHECK(abandoned_work() == 1);
    const auto commands = machine.commands.lines();
    hang.end();
    // The thread that was stuck finds that it was given up: no further tool, no further write.
    CHECK(machine.commands.lines() == commands);
    CHECK_FALSE(machine.bootable());
    CHECK(machine.others_untouched());
    const auto journal = read_journal(machine.files, machine.journal);
    REQUIRE(journal);
    const auto& entries = journal->runs.back().entries;
    CHECK(std::ranges::any_of(entries, [](const JournalEntry& entry) {
        return entry.type == JournalEntry::Type::failed && (*entry.error)["code"] == "disk.hung";
    }));
    CHECK(machine.sink.events.size() > 3);
}

TEST_CASE("a disk that is gone before the first write is named with its bay") {
    Machine machine;
    const Plan plan = machine.plan();
    machine.blocks.remove("/dev/sdb");
    const auto done = machine.run(plan);
    REQUIRE_FALSE(done);
    const std::string text = done.error().to_text();
    INFO(text);
    CHECK(text.contains("SYS1"));
    CHECK(text.contains("pci-0000:18:00.0-scsi-0:0:0:SYS1"));
    CHECK(machine.blocks.operations().empty());
}

TEST_CASE("a disk that is kept for Ceph and is gone stops the installation before the first write") {
    Machine machine;
    const Plan plan = machine.plan();
    machine.blocks.remove("/dev/sdc");
    const auto done = machine.run(plan);
    REQUIRE_FALSE(done);
    CHECK(done.error().to_text().contains("DATA2"));
    CHECK(machine.blocks.operations().empty());
}

TEST_CASE("a disk that vanishes in the middle is named, and the others stay as they were") {
    Machine machine;
    const Plan plan = machine.plan();
    machine.commands.on("mkfs.ext4 *", [&](const Command& /*command*/) -> Result<CommandResult> {
        machine.blocks.remove("/dev/sdb");
        return CommandResult{.exit_status = 1, .out = {}, .err = "mkfs.ext4: No such device or address\n"};
    });
    const auto done = machine.run(plan);
    REQUIRE_FALSE(done);
    const std::string text = done.error().to_text();
    INFO(text);
    CHECK(text.contains("No such device or address"));
    CHECK(text.contains("disk serial SYS1"));
    CHECK(text.contains("bay pci-0000:18:00.0-scsi-0:0:0:SYS1"));
    CHECK(machine.others_untouched());
}
