// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_command_runner.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bedplate;
using fakes::Answer;
using fakes::FakeCommandRunner;

TEST_CASE("the newest rule answers, and every command is recorded") {
    FakeCommandRunner runner;
    runner.on("lsblk *", {.out = "old"}).on("lsblk -J", {.out = "new"}).on("mkfs.* *");
    CHECK(run_checked(runner, {.argv = {"lsblk", "-J"}}) == "new");
    CHECK(run_checked(runner, {.argv = {"lsblk", "-o", "NAME"}}) == "old");
    CHECK(run_checked(runner, {.argv = {"mkfs.ext4", "/dev/sda 2"}, .secret_input = Secret("s")}) == "");
    CHECK(runner.lines() == std::vector<std::string>{"lsblk -J", "lsblk -o NAME", "mkfs.ext4 '/dev/sda 2'"});
    CHECK(runner.commands()[2].secret_input.reveal() == "s");
    CHECK(runner.count("lsblk *") == 2);
}

TEST_CASE("a command that no rule knows is a clear failure") {
    FakeCommandRunner runner;
    runner.on("true");
    const auto result = runner.run({.argv = {"rm", "-rf", "/"}});
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == "command.unexpected");
    CHECK(result.error().message.contains("rm -rf /"));
    CHECK(runner.unexpected() == std::vector<std::string>{"rm -rf /"});
}

TEST_CASE("single answers come first and in their order") {
    FakeCommandRunner runner;
    runner.on("blkid *", {.out = "always"}).once("blkid *", {.out = "first"}).once("blkid *", {.status = 2});
    CHECK(runner.run({.argv = {"blkid", "x"}})->out == "first");
    CHECK(runner.run({.argv = {"blkid", "x"}})->exit_status == 2);
    CHECK(runner.run({.argv = {"blkid", "x"}})->out == "always");
}

TEST_CASE("a chosen command fails") {
    FakeCommandRunner runner;
    runner.on("*").missing("ipmitool*");
    CHECK(runner.run({.argv = {"a"}})->exit_status == 0);
    runner.fail_at(2);
    CHECK(runner.run({.argv = {"b"}})->exit_status == 0);
    CHECK(run_checked(runner, {.argv = {"c"}}).error().code == "command.failed");
    CHECK(runner.run({.argv = {"d"}})->exit_status == 0);
    CHECK(runner.run({.argv = {"ipmitool"}}).error().code == "command.not-found");
}

TEST_CASE("lines of the answer are reported") {
    FakeCommandRunner runner;
    runner.on("*", {.out = "one\ntwo\n", .err = "three"});
    std::string seen;
    REQUIRE(runner
                .run({.argv = {"x"},
                      .on_line =
                          [&](std::string_view line) {
                              seen += line;
                              seen += ';';
                          }})
                .has_value());
    CHECK(seen == "one;two;three;");
}
