// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/record.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/text.hpp"
#include "fake_machine.hpp"
#include "platform/linux/linux.hpp"
#include "probe/recording.hpp"

using namespace bedplate;

namespace {

const std::filesystem::path machines = std::filesystem::path(BEDPLATE_SOURCE_DIR) / "tests/machines";

/// Only the files are real; whatever else were asked would fail the test.
struct FixtureReader {
    FakeMachine fake;
    std::unique_ptr<FileSystem> real_files = linux_file_system();
    Platform platform{.commands = fake.commands,
                      .files = *real_files,
                      .blocks = fake.blocks,
                      .clock = fake.clock,
                      .http = fake.http};
};

std::vector<std::filesystem::path> recorded_machines() {
    std::vector<std::filesystem::path> folders;
    for (const auto& entry : std::filesystem::directory_iterator(machines)) {
        if (std::filesystem::exists(entry.path() / "raw/index.json")) {
            folders.push_back(entry.path());
        }
    }
    return folders;
}

std::string all_text(const Recording& recording) {
    std::string text;
    for (const auto& [line, command] : recording.commands) {
        text += command.out + command.err;
    }
    for (const auto& [path, file] : recording.files) {
        text += file.value_or("");
    }
    return text;
}

FakeMachine& with_one_disk(FakeMachine& machine) {
    machine.commands.on("lsblk *",
                        {.out = R"({"blockdevices": [{"kname": "sda", "name": "sda", "path": "/dev/sda",
        "type": "disk", "size": 1073741824, "serial": "SECRET-SERIAL", "wwn": "0x5000c50015ea71ac"}]})"});
    machine.commands.on("ip *", {.out = R"([{"ifname": "eno1", "link_type": "ether", "flags": ["UP"],
        "address": "d0:94:66:2a:10:7f"}])"});
    machine.commands.on("wipefs *");
    machine.files.add_file("/sys/class/dmi/id/product_serial", "BPL0001\n");
    machine.files.add_file("/sys/class/dmi/id/product_uuid", "4c4c4544-0050-4c10-8030-c2c04f303031\n");
    machine.files.add_directory("/sys/class/net/eno1/device");
    machine.blocks.add_disk("/dev/sda", gib(1));
    machine.blocks.poke("/dev/sda", kib(32),
                        std::string("\1CD001\1\0", 8) + std::string(32, ' ') + "BEDPLATE_TEST");
    return machine;
}

}  // namespace

TEST_CASE("every machine recorded by the project still gives the recorded inventory") {
    const auto folders = recorded_machines();
    REQUIRE_FALSE(folders.empty());
    for (const auto& folder : folders) {
        CAPTURE(folder.filename().string());
        FixtureReader reader;
        auto inventory = replay(reader.platform, folder);
        if (!inventory) {
            FAIL(inventory.error().to_text());
        }
        const std::string text = to_json(*inventory).dump(2) + "\n";
        if (std::getenv("BEDPLATE_RECORD") != nullptr) {
            REQUIRE(reader.real_files->write(folder / "inventory.json", text));
        }
        CHECK(text == reader.real_files->read(folder / "inventory.json"));
        CHECK(reader.fake.commands.commands().empty());
    }
}

TEST_CASE("what record() writes down gives the same machine again, blocks included") {
    FakeMachine machine;
    const auto recorded = record(with_one_disk(machine).platform, "/out", false);
    REQUIRE(recorded);
    CHECK(recorded->disks[0].serial == "SECRET-SERIAL");
    CHECK(recorded->disks[0].installation_medium);
    CHECK(recorded->system.serial == "BPL0001");

    FakeMachine elsewhere;
    for (const auto& [path, text] : machine.files.files()) {
        if (path.starts_with("/out/")) {
            elsewhere.files.add_file(path, text);
        }
    }
    const auto again = replay(elsewhere.platform, "/out");
    REQUIRE(again);
    CHECK(to_json(*again) == to_json(*recorded));
    CHECK(elsewhere.commands.commands().empty());
}

TEST_CASE("a scrambled recording names nobody and is still one machine") {
    FakeMachine machine;
    const auto recorded = record(with_one_disk(machine).platform, "/out", true);
    REQUIRE(recorded);
    const auto files = machine.files.files();
    for (const auto& [path, text] : files) {
        if (path.starts_with("/out/")) {
            CAPTURE(path);
            for (const char* secret : {"SECRET-SERIAL", "15ea71ac", "2a:10:7f", "BPL0001", "c2c04f303031"}) {
                CHECK(text.find(secret) == std::string::npos);
            }
        }
    }
    CHECK(recorded->disks[0].wwn.starts_with("0x5000c50"));
    CHECK(recorded->disks[0].wwn.size() == std::string_view("0x5000c50015ea71ac").size());
    CHECK(recorded->nics[0].mac.starts_with("d0:94:66:"));
    CHECK(recorded->nics[0].mac == recorded->nics[0].permanent_mac);
    CHECK(recorded->system.uuid.starts_with("4c4c4544-"));
}

TEST_CASE("a name and its beginning keep fitting together when they are scrambled") {
    Recording recording;
    recording.commands["udevadm info x"] = {
        .argv = {"udevadm", "info", "x"},
        .out =
            "P: /devices/x/block/sda\nS: disk/by-id/wwn-0x6d0946676a6515eaad1e96bad5bf8adf\n"
            "E: ID_SERIAL_SHORT=6d0946676a6515eaad1e96bad5bf8adf\nE: ID_WWN=0x6d0946676a6515ea\n"
            "E: ID_WWN_WITH_EXTENSION=0x6d0946676a6515eaad1e96bad5bf8adf\n"};
    scramble_identifiers(recording, "salt");
    const std::string text = all_text(recording);
    CHECK(text.find("6a6515ea") == std::string::npos);
    const auto lines = split(text, '\n');
    const std::string full = lines[4].substr(std::string_view("E: ID_WWN_WITH_EXTENSION=").size());
    CHECK(lines[1] == "S: disk/by-id/wwn-" + full);
    CHECK(full.starts_with(lines[3].substr(std::string_view("E: ID_WWN=").size())));
}

TEST_CASE("a folder that is no recording is an error") {
    FakeMachine machine;
    CHECK(replay(machine.platform, "/nowhere").error().code == "file.not-found");
    machine.files.add_file("/a/raw/index.json", "{}");
    CHECK(replay(machine.platform, "/a").error().code == "recording.schema");
    machine.files.add_file("/a/raw/index.json", R"({"schema": "bedplate/recording/v1", "files": {"x": 7}})");
    CHECK(replay(machine.platform, "/a").error().code == "recording.field");
}
