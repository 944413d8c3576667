// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "platform/platform.hpp"
#include "tests/support/fake_block_devices.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_command_runner.hpp"
#include "tests/support/fake_file_system.hpp"
#include "tests/support/fake_http.hpp"

namespace bedplate {

/// A machine of which a test says everything there is to know; tools it does not mention are not installed.
struct FakeMachine {
    fakes::FakeCommandRunner commands;
    fakes::FakeFileSystem files;
    fakes::FakeBlockDevices blocks;
    fakes::FakeClock clock;
    fakes::FakeHttp http;
    Platform platform{.commands = commands, .files = files, .blocks = blocks, .clock = clock, .http = http};

    FakeMachine() { commands.missing("*"); }
};

}  // namespace bedplate
