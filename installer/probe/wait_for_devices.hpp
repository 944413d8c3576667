// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <functional>

#include "platform/command_runner.hpp"

namespace bedplate {

/// Until udev has dealt with every device that the kernel has named so far: a disk that comes later might
/// have been one of those to choose from. `waits` is called once where that takes longer than five seconds.
/// Errors: probe.devices after `patience` (the first five seconds not counted), and those of the runner.
[[nodiscard]] Result<void> wait_for_devices(CommandRunner& commands, std::chrono::seconds patience,
                                            const std::function<void()>& waits);

}  // namespace bedplate
