// SPDX-License-Identifier: GPL-3.0-or-later
// The image under test puts a node onto a machine, in both firmware modes, and the node comes up.
#include <catch2/catch_test_macros.hpp>

#include "figures.hpp"
#include "installation.hpp"

using namespace bedplate;
using namespace bedplate::vm;

TEST_CASE("an unattended installation in UEFI mode loses its power, is repeated, and the node comes up",
          "[install-uefi]") {
    Workspace workspace("install-uefi");
    const TestMachine machine(workspace, Firmware::uefi, mib(2560));
    const auto medium = make_medium(workspace, machine);

    const auto random = test_seed();
    const auto percent = static_cast<unsigned>(10 + random % 70);
    CAPTURE(random, percent);
    {
        const Timed timed(std::format("until the power goes, at {} % of the payload", percent));
        auto vm = machine.boot_medium(medium, first_line);
        wait_for_extraction(vm->serial(), percent);
        CHECK(vm->power_cut().status == 128 + 9);
    }
    CHECK_FALSE(is_bootable(machine.system_disk(), Firmware::uefi));

    run_installation(machine, medium);
    CHECK(is_bootable(machine.system_disk(), Firmware::uefi));
    check_node(machine, workspace, Firmware::uefi);
    check_refusal(machine, medium);
    check_audits(machine, workspace);
    workspace.succeeded();
}

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
