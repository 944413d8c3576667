// SPDX-License-Identifier: GPL-3.0-or-later
// The image under test puts a node onto a machine that has BIOS and little memory, and the node comes up.
// UEFI is in crash_test.cpp, with the power going in between.
#include <catch2/catch_test_macros.hpp>

#include "installation.hpp"

using namespace bedplate;
using namespace bedplate::vm;

TEST_CASE("an unattended installation in BIOS mode with 1.5 GiB of memory, and the node comes up",
          "[install-bios]") {
    Workspace workspace("install-bios");
    const TestMachine machine(workspace, Firmware::bios, mib(1536));
    const auto medium = make_medium(workspace, machine);
    run_installation(machine, medium);
    CHECK(is_bootable(machine.system_disk(), Firmware::bios));
    check_node(machine, workspace, Firmware::bios);
    check_audits(machine, workspace);
    workspace.succeeded();
}
