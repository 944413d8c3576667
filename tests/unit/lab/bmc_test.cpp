// SPDX-License-Identifier: GPL-3.0-or-later
// Held against a real ipmi_sim: its BMC calls back what this program would be.
#include "lab/bmc.hpp"

#include <sys/wait.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "platform/linux/linux.hpp"
#include "tests/support/fake_platform.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;
using namespace bedplate::lab;

namespace {

std::string ask(const Lab& lab, const std::vector<std::string>& words) {
    Command command{.argv = {"ipmitool", "-I", "lanplus", "-C", "3", "-H", "127.0.0.1", "-p",
                             std::to_string(lab.nodes[0].bmc_port), "-U", std::string(bmc_user), "-f",
                             (lab.folder / "bmc-password").string(), "chassis", "power"}};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    const auto answer = linux_command_runner()->run(command);
    REQUIRE(answer);
    return answer->out + answer->err;
}

}  // namespace

TEST_CASE("a BMC of a lab answers ipmitool, and its switch is this program") {
    const fakes::TempDir dir;
    const auto files = linux_file_system();
    const auto program = dir / "program";
    REQUIRE(files->write(program,
                         "#!/bin/sh\necho \"$@\" >>" + (dir / "asked").string() +
                             "\ncase \"$*\" in *'get power') echo power:0;; esac\n",
                         0755));
    REQUIRE(files->write(dir / "bmc-password", "correct-horse-ba\n", 0600));
    Lab lab{.name = "lab", .folder = dir.path(), .bridge = "bp-lab", .address = "127.0.0.1/8", .nodes = {}};
    lab.nodes.push_back({.hostname = "node1", .service_tag = "T", .bmc_port = 16231});

    const auto commands = linux_command_runner();
    const auto clock = system_clock();
    fakes::FakePlatform fake;
    Platform platform{.commands = *commands,
                      .files = *files,
                      .blocks = fake.platform.blocks,
                      .clock = *clock,
                      .http = fake.platform.http};
    const auto started = start_bmcs(platform, lab, program);
    INFO((started ? "" : started.error().to_text()));
    REQUIRE(started);
    REQUIRE(start_bmcs(platform, lab, program));  // again: it is there already
    CHECK(ask(lab, {"status"}).contains("off"));
    CHECK(ask(lab, {"on"}).contains("Up/On"));
    CHECK(ask(lab, {"reset"}).contains("Reset"));
    const auto asked = files->read(dir / "asked").value_or("");
    CHECK(asked.contains("chassis --folder " + dir.path().string() + " node1 get power\n"));
    CHECK(asked.contains("node1 set power 1\n"));
    CHECK(asked.contains("node1 set reset 1\n"));
    REQUIRE(stop_bmcs(platform, lab));
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
    CHECK_FALSE(ask(lab, {"status"}).contains("Chassis Power is"));
}
