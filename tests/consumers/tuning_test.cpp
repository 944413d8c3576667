// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

#include "plan/tuning.hpp"
#include "platform/linux/linux.hpp"

namespace bedplate {
namespace {

std::string tmpfiles_of(const Profile& profile) {
    for (const auto& file : tuning_files(profile, Inventory{})) {
        if (file.path.starts_with("/etc/tmpfiles.d/")) {
            return file.text;
        }
    }
    return "";
}

CommandResult read_by_tmpfiles(const std::string& text) {
    const std::filesystem::path path = std::filesystem::temp_directory_path() / "bedplate-tmpfiles.conf";
    std::ofstream(path, std::ios::binary) << text;
    auto result =
        linux_command_runner()->run({.argv = {"systemd-tmpfiles", "--create", "--dry-run", path.string()}});
    std::filesystem::remove(path);
    REQUIRE(result);
    return *result;
}

}  // namespace

TEST_CASE("systemd-tmpfiles reads the file of the kernel's values, and would write where it says") {
    Profile profile;
    profile.kvm.memory_overcommit = 1.2;
    profile.layout.swap = gib(16);
    const std::string text = tmpfiles_of(profile);
    const auto read = read_by_tmpfiles(text);
    INFO(text << read.err);
    CHECK(read.exit_status == 0);
    CHECK(!read.err.contains("bedplate-tmpfiles.conf:"));
    const auto wrong = read_by_tmpfiles("w- sys/kernel/mm/ksm/run - - - - 1\n");
    CHECK(wrong.exit_status != 0);
}

}  // namespace bedplate
