// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "plan/node_files.hpp"

using namespace bedplate;

TEST_CASE("the node speaks on the serial line that the installer was told to use") {
    Inventory machine;
    CHECK(serial_line(machine) == 0);
    for (const auto& [console, line] :
         {std::pair{"ttyS0", 0U}, std::pair{"ttyS1", 1U}, std::pair{"tty0", 0U}, std::pair{"ttyS99", 3U}}) {
        machine.firmware.serial_console = console;
        CHECK(serial_line(machine) == line);
    }
    machine.firmware.serial_console = "ttyS1";
    const auto arguments = kernel_arguments(Profile{}, machine);
    CHECK(arguments.at(1) == "console=ttyS1,115200n8");
}
