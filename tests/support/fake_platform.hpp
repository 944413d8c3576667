// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "platform/platform.hpp"
#include "tests/support/fake_block_devices.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_command_runner.hpp"
#include "tests/support/fake_file_system.hpp"
#include "tests/support/fake_http.hpp"

namespace bedplate::fakes {

/// All five fakes and the Platform that refers to them.
struct FakePlatform {
    FakeCommandRunner commands;
    FakeFileSystem files;
    FakeBlockDevices blocks;
    FakeClock clock;
    FakeHttp http;
    Platform platform{.commands = commands, .files = files, .blocks = blocks, .clock = clock, .http = http};
};

}  // namespace bedplate::fakes
