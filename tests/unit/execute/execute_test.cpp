// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/execute.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "base/json.hpp"
#include "execute/journal.hpp"
#include "tests/unit/execute/machine/machine.hpp"

using namespace bedplate;
using test::Machine;

namespace {

std::vector<std::string> changing_commands(const Machine& machine) {
    std::vector<std::string> changing;
    for (const std::string& line : machine.commands.lines()) {
        for (const char* tool : {"wipefs", "mkfs.ext4", "mkswap", "pvcreate", "vgcreate", "lvcreate",
                                 "efibootmgr --quiet", "grub-"}) {
            if (line.starts_with(tool)) {
                changing.push_back(line);
            }
        }
    }
    return changing;
}

JournalRun last_run(const Machine& machine) {
    return read_journal(machine.files, machine.journal).value().runs.back();
}

}  // namespace

TEST_CASE("a whole plan is carried out and the disk boots at the end") {
    Machine machine;
    const Plan plan = machine.plan();
    const auto done = machine.run(plan);
    INFO(test::text_of(done));
    REQUIRE(done);
    CHECK(machine.commands.unexpected().empty());
    CHECK(machine.bootable());
    CHECK(machine.others_untouched());
    CHECK(machine.mounts.empty());
    CHECK(machine.target_file("etc/hostname") == "node1\n");
    CHECK(machine.target_file("etc/shadow").starts_with("root:*:20000:"));
    CHECK(machine.target_file("boot/grub/grub.cfg").contains("vmlinuz-6.12.1-test-amd64"));
    CHECK(machine.esp_file("bedplate/node.json").contains(plan.digest()));
    CHECK(machine.boot_order.front() == "0001");
    CHECK(machine.boot_entries.size() == 2);
    CHECK(machine.sink.events.back().type == Event::Type::done);
    CHECK(machine.sink.events.back().fraction == 1);
    CHECK(machine.target_file("var/lib/bedplate/journal.jsonl").contains("extract.payload"));
    for (const auto& left : std::filesystem::directory_iterator(machine.journal.parent_path())) {
        CHECK((left.path() == machine.journal || left.path().filename() == "commands.jsonl"));
    }
}

TEST_CASE("every command is written down with how it ended, nothing of what it read or printed") {
    Machine machine;
    machine.root_password_hash = Secret("$y$a-hash");
    machine.commands.once("mkswap *", {.status = 1, .err = "mkswap: I/O error\n"});
    REQUIRE_FALSE(machine.run(machine.plan()));
    const auto path = machine.journal.parent_path() / "commands.jsonl";
    const auto log = machine.files.read(path).value();
    std::vector<Json> lines;
    std::istringstream stream(log);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(Json::parse(line));
    }
    const auto failed = std::ranges::find_if(
        lines, [](const Json& line) { return line.at("command").get<std::string>().starts_with("mkswap "); });
    REQUIRE(failed != lines.end());
    CHECK(failed->at("status") == 1);
    CHECK(failed->at("seconds") == 0);
    CHECK(failed->contains("time"));
    CHECK_FALSE(log.contains("I/O error"));
    CHECK_FALSE(log.contains("a-hash"));
    CHECK(machine.esp_file("bedplate/failure/commands.jsonl").contains("mkswap"));
}

TEST_CASE("what an earlier owner left where a partition begins or ends does not show on it") {
    // The BIOS boot partition, which gets no file system: from 1 to 2 MiB.
    Machine machine;
    machine.blocks.poke("/dev/sdb", mib(1) + Bytes{1080}, "old superblock");
    machine.blocks.poke("/dev/sdb", mib(2) - kib(4), "old superblock");
    REQUIRE(machine.run(machine.plan()));
    CHECK(machine.blocks.peek("/dev/sdb", mib(1) + Bytes{1080}, Bytes{3}) == std::string(3, '\0'));
    CHECK(machine.blocks.peek("/dev/sdb", mib(2) - kib(4), Bytes{3}) == std::string(3, '\0'));
}

TEST_CASE("a whole plan for BIOS ends with boot code") {
    Machine machine(FirmwareMode::bios);
    const auto done = machine.run(machine.plan());
    INFO(test::text_of(done));
    REQUIRE(done);
    CHECK(machine.bootable());
    CHECK(machine.commands.unexpected().empty());
}

TEST_CASE("a second run of a finished plan changes nothing") {
    for (const FirmwareMode firmware : {FirmwareMode::uefi, FirmwareMode::bios}) {
        Machine machine(firmware);
        const Plan plan = machine.plan();
        REQUIRE(machine.run(plan));
        const auto commands = changing_commands(machine).size();
        const auto writes = machine.blocks.operations().size();
        const auto again = machine.run(plan);
        INFO(test::text_of(again));
        REQUIRE(again);
        CHECK(changing_commands(machine).size() == commands);
        CHECK(machine.blocks.operations().size() == writes);
        CHECK(machine.bootable());
        for (const JournalEntry& entry : last_run(machine).entries) {
            const bool transient = entry.action.starts_with("format.mount") ||
                                   entry.action == "seal.protect" || entry.action == "seal.unmount" ||
                                   entry.action == "seal.verify" || entry.action == "preflight.payload";
            INFO(entry.action);
            CHECK((entry.type != JournalEntry::Type::finished || transient));
        }
    }
}

TEST_CASE("file systems that an earlier run left read-only are made writable again, and let go in the end") {
    Machine machine(FirmwareMode::bios);
    const Plan plan = machine.plan();
    REQUIRE(machine.run(plan));
    std::size_t mounts = 0;
    for (const Action& action : plan.actions) {
        if (const auto* const mount = std::get_if<action::MountVolume>(&action.kind)) {
            const auto point = machine.target.string() + (mount->path == "/" ? "" : mount->path);
            machine.mounts[point] = mount->device;
            machine.read_only.insert(point);
            ++mounts;
        }
    }
    machine.show_mounts();
    const auto again = machine.run(plan);
    INFO(test::text_of(again));
    REQUIRE(again);
    CHECK(mounts > 1);
    CHECK(machine.commands.count("mount --options remount,rw *") == mounts);
    CHECK(machine.mounts.empty());
    CHECK(machine.bootable());
}

TEST_CASE(
    "a machine whose firmware variables cannot be reached is installed without a boot entry, and told so") {
    Machine machine;
    REQUIRE(machine.files.fake.remove(
        "/sys/firmware/efi/efivars/BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c"));
    REQUIRE(machine.run(machine.plan()));
    CHECK(machine.commands.count("efibootmgr*") == 0);
    CHECK(std::ranges::any_of(machine.sink.events, [](const Event& event) {
        return event.type == Event::Type::note && event.text.contains("default loader");
    }));
}

TEST_CASE("without a fitting consent nothing is written") {
    Machine machine;
    const Plan plan = machine.plan();
    Consent consent = machine.consent(plan);

    SECTION("none at all") {
        CHECK(machine.run(plan, Consent{}).error().code == "consent.missing");
    }
    SECTION("for another plan") {
        consent.plan_digest = std::string(64, '0');
        CHECK(machine.run(plan, consent).error().code == "consent.other-plan");
    }
    SECTION("for another disk") {
        consent.disks = {identify(machine.example.inventory.disks[0], machine.example.inventory).value()};
        CHECK(machine.run(plan, consent).error().code == "consent.missing");
    }
    SECTION("the disk is gone") {
        machine.example.inventory.disks.erase(machine.example.inventory.disks.begin() + 1);
        CHECK(machine.run(plan, consent).error().code == "disk.gone");
    }
    CHECK(machine.blocks.operations().empty());
    CHECK(machine.commands.lines().empty());
    CHECK_FALSE(machine.files.exists(machine.journal));
}

TEST_CASE("a disk that is not what the inventory saw is not written to") {
    Machine machine;
    const Plan plan = machine.plan();
    std::string part;
    SECTION("other size") {
        machine.blocks.add_disk("/dev/sdb", gib(299));
        part = "size";
    }
    SECTION("other block size") {
        machine.blocks.add_disk("/dev/sdb", gib(300), Bytes{4096});
        part = "logical block size";
    }
    SECTION("other serial number") {
        machine.commands.on("udevadm info *", fakes::Answer{.out = "ID_SERIAL_SHORT=OTHER\n"});
        part = "serial number";
    }
    SECTION("other WWN") {
        machine.commands.on("udevadm info *", fakes::Answer{.out = "ID_SERIAL_SHORT=SYS1\nID_WWN=0x1\n"});
        part = "WWN";
    }
    SECTION("other device under the same name") {
        machine.commands.on("udevadm info *", [&](const Command& /*command*/) -> Result<CommandResult> {
            machine.files.fake.add_file("/sys/devices/block/sdb/diskseq", "2\n");
            return CommandResult{};
        });
        part = "sequence number";
    }
    const auto done = machine.run(plan);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == "disk.changed");
    CHECK(done.error().kind == ErrorKind::refused);
    CHECK(done.error().message.contains(part));
    CHECK(machine.blocks.operations().empty());
    CHECK(changing_commands(machine).empty());
}

TEST_CASE("a partition name that leads to another disk is refused before anything is made on it") {
    Machine machine;
    const Plan plan = machine.plan();
    const auto& table =
        std::get<action::WritePartitionTable>(test::find_action(plan, "partition.table")->kind);
    const std::string boot = "/dev/disk/by-partuuid/" + table.partitions.at(2).guid.to_text();
    machine.commands.on("blockdev --rereadpt *", [&](const Command& /*command*/) -> Result<CommandResult> {
        // A copy of the disk: the link of the boot partition is the copy's.
        machine.blocks.add_part(boot, "/dev/sda", mib(1), mib(1));
        machine.files.fake.add_file("/dev/sda3", "");
        machine.files.fake.add_link(boot, "/dev/sda3");
        machine.files.fake.add_link("/sys/class/block/sda3", "/sys/devices/block/sda/sda3");
        machine.files.fake.add_file("/sys/devices/block/sda/sda3/partition", "3\n");
        for (const auto number : {0UL, 1UL, 3UL}) {
            const auto& partition = table.partitions.at(number);
            const std::string link = "/dev/disk/by-partuuid/" + partition.guid.to_text();
            const std::string name = std::format("sdb{}", number + 1);
            const auto folder = std::filesystem::path("/sys/devices/block/sdb") / name;
            machine.blocks.add_part(link, "/dev/sdb", mib(1), mib(1));
            machine.files.fake.add_file("/dev/" + name, "");
            machine.files.fake.add_link(link, "/dev/" + name);
            machine.files.fake.add_link("/sys/class/block/" + name, folder.string());
            machine.files.fake.add_file(folder / "partition", "");
            machine.files.fake.add_file(folder / "start", std::to_string(partition.first.value));
            machine.files.fake.add_file(folder / "size",
                                        std::to_string(partition.last.value - partition.first.value + 1));
        }
        return CommandResult{};
    });
    const auto done = machine.run(plan);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == "disk.other");
    CHECK(machine.commands.count("mkfs.ext4*") == 0);
    CHECK_FALSE(machine.bootable());
}

TEST_CASE("the root password's hash is set where there is one, and stands nowhere else") {
    Machine machine;
    const std::string hash = "$y$j9T$canary$canary";
    machine.example.node.root_password_hash = Secret(hash);
    machine.root_password_hash = Secret(hash);
    REQUIRE(machine.run(machine.plan()));
    CHECK(machine.target_file("etc/shadow").starts_with("root:" + hash + ":20000:0:99999"));
    CHECK_FALSE(machine.files.read(machine.journal).value().contains("canary"));
    for (const std::string& line : machine.commands.lines()) {
        CHECK_FALSE(line.contains("canary"));
    }
    for (const Event& event : machine.sink.events) {
        CHECK_FALSE(to_json(event).dump().contains("canary"));
    }
}

TEST_CASE("a join ticket gets to the node that joins, as one line, and stands nowhere else") {
    Machine machine;
    machine.example.node.cluster = NodeEntry::ClusterAction::join;
    machine.join_ticket = Secret("bedplate-ticket-v1.canary.0123\n\n");
    REQUIRE(machine.run(machine.plan()));
    CHECK(machine.target_file("etc/bedplate/join-ticket") == "bedplate-ticket-v1.canary.0123\n");
    CHECK_FALSE(machine.files.read(machine.journal).value().contains("canary"));
    for (const Event& event : machine.sink.events) {
        CHECK_FALSE(to_json(event).dump().contains("canary"));
    }
    REQUIRE(machine.run(machine.plan()));  // a second run finds it done
}

TEST_CASE("what opens the BMC gets to the node as a file for root alone, and stands nowhere else") {
    Machine machine;
    machine.example.profile.fencing = FencingProfile{.agent = "fence_ipmilan", .via = "bmc", .cipher = {}};
    machine.node_secrets.emplace("/etc/bedplate/bmc.json", R"({"user":"root","password":"canary"})");
    REQUIRE(machine.run(machine.plan()));
    CHECK(machine.target_file("etc/bedplate/bmc.json").contains("canary"));
    CHECK_FALSE(machine.files.read(machine.journal).value().contains("canary"));
    for (const Event& event : machine.sink.events) {
        CHECK_FALSE(to_json(event).dump().contains("canary"));
    }
    REQUIRE(machine.run(machine.plan()));  // a second run finds it done
}

TEST_CASE("without what opens the BMC the node is installed all the same, and says later what it lacks") {
    Machine machine;
    machine.example.profile.fencing = FencingProfile{.agent = "fence_ipmilan", .via = "bmc", .cipher = {}};
    REQUIRE(machine.run(machine.plan()));
    CHECK_FALSE(machine.files.exists(machine.target / "etc/bedplate/bmc.json"));
}

TEST_CASE("secrets get to a node whose site needs some, readable for root alone, and stand nowhere else") {
    Machine machine;
    machine.node_secrets.emplace("/etc/bedplate/secrets.json", "{\"canary\": 1}\n");
    SECTION("a site that needs none") {
        REQUIRE(machine.run(machine.plan()));
        CHECK_FALSE(machine.files.exists(machine.target / "etc/bedplate/secrets.json"));
    }
    SECTION("a site that forwards its logs") {
        machine.example.node.logs.elasticsearch = ElasticsearchSpec{.url = "https://logs.example.com:9200"};
        REQUIRE(machine.run(machine.plan()));
        CHECK(machine.target_file("etc/bedplate/secrets.json") == "{\"canary\": 1}\n");
        CHECK(std::filesystem::status(machine.target / "etc/bedplate/secrets.json").permissions() ==
              std::filesystem::perms{0600});
        CHECK_FALSE(machine.files.read(machine.journal).value().contains("canary"));
        for (const Event& event : machine.sink.events) {
            CHECK_FALSE(to_json(event).dump().contains("canary"));
        }
        REQUIRE(machine.run(machine.plan()));  // a second run finds it done
    }
}

TEST_CASE("a node that joins without a ticket is installed all the same and waits for one") {
    Machine machine;
    machine.example.node.cluster = NodeEntry::ClusterAction::join;
    REQUIRE(machine.run(machine.plan()));
    CHECK_FALSE(machine.files.exists(machine.target / "etc/bedplate/join-ticket"));
}

TEST_CASE("a damaged payload is found before anything is written") {
    Machine machine;
    machine.source.bytes[machine.source.bytes.size() / 2] ^= 1;
    const auto done = machine.run(machine.plan());
    REQUIRE_FALSE(done);
    CHECK(done.error().code == "payload.corrupt");
    CHECK(machine.blocks.operations().empty());
    CHECK(changing_commands(machine).empty());
}

TEST_CASE("with little memory the payload is read twice, with enough it is read once") {
    Machine machine;
    REQUIRE(machine.run(machine.plan()));
    CHECK(machine.source.reads == machine.manifest.payload.chunks.size());

    Machine small;
    small.files.fake.add_file("/proc/meminfo", "MemAvailable: 500000 kB\n");
    REQUIRE(small.run(small.plan()));
    CHECK(small.source.reads == 2 * small.manifest.payload.chunks.size());
}
