// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "platform/block_devices.hpp"
#include "platform/clock.hpp"
#include "platform/command_runner.hpp"
#include "platform/file_system.hpp"
#include "platform/http.hpp"

namespace bedplate {

/// Everything outside the program, handed down by reference: the real things in main(), fakes in tests.
struct Platform {
    CommandRunner& commands;
    FileSystem& files;
    BlockDevices& blocks;
    Clock& clock;
    Http& http;
};

}  // namespace bedplate
