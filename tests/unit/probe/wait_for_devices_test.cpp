// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/wait_for_devices.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/fake_command_runner.hpp"

using namespace bedplate;

namespace {

constexpr std::chrono::seconds patience{600};

}  // namespace

TEST_CASE("devices that are all known are not waited for, and nobody is told") {
    fakes::FakeCommandRunner commands;
    commands.on("udevadm settle *");
    REQUIRE(wait_for_devices(commands, patience, [] { FAIL(); }));
    CHECK(commands.lines() == std::vector<std::string>{"udevadm settle --timeout=5"});
}

TEST_CASE("a slow machine has minutes to know its devices, and says so") {
    fakes::FakeCommandRunner commands;
    commands.on("udevadm settle --timeout=5", {.status = 1}).on("udevadm settle --timeout=600");
    int told = 0;
    REQUIRE(wait_for_devices(commands, patience, [&] { ++told; }));
    CHECK(told == 1);
}

TEST_CASE("a device that never becomes known ends it: the disk that is missing could be the right one") {
    fakes::FakeCommandRunner commands;
    commands.on("udevadm settle *", {.status = 1});
    const auto waited = wait_for_devices(commands, patience, [] {});
    REQUIRE_FALSE(waited);
    CHECK(waited.error().code == "probe.devices");
    CHECK(waited.error().message.contains("600s"));
}
