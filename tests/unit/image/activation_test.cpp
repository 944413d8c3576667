// SPDX-License-Identifier: GPL-3.0-or-later
// What lies on the disks of a machine must not come to life in the installer.
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace {

std::string text_of(const std::string& path) {
    std::ifstream file(std::string(BEDPLATE_SOURCE_DIR) + "/" + path);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("the installer environment activates no volume group by itself") {
    const std::string lvm = text_of("image/environment/files/etc/lvm/lvmlocal.conf");
    CHECK(lvm.contains("auto_activation_volume_list = []"));
    CHECK(lvm.contains("event_activation = 0"));
}

TEST_CASE("the installer environment assembles no array by itself, whatever its metadata") {
    CHECK(text_of("image/environment/files/etc/mdadm/mdadm.conf").contains("\nAUTO -all\n"));
}

TEST_CASE("no event of a disk starts a program that looks for groups or arrays to bring to life") {
    for (const char* rules : {"69-lvm.rules", "64-md-raid-assembly.rules"}) {
        std::istringstream lines(text_of(std::string("image/environment/files/etc/udev/rules.d/") + rules));
        std::string line;
        REQUIRE(std::getline(lines, line));
        do {
            CHECK(line.starts_with('#'));
        } while (std::getline(lines, line));
    }
}

TEST_CASE("nothing that takes disks for itself is in the installer environment") {
    const std::string packages = text_of("image/installer.yaml");
    // multipathd makes maps of every disk with two paths; bcache-tools registers devices by a udev rule.
    CHECK_FALSE(packages.contains("- multipath-tools"));
    CHECK_FALSE(packages.contains("- bcache-tools"));
    CHECK_FALSE(packages.contains("- zfs"));
    CHECK_FALSE(packages.contains("- dmraid"));
}
