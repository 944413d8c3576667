// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/wait_for_devices.hpp"

#include <format>

namespace bedplate {

namespace {

Result<bool> settled_within(CommandRunner& commands, std::chrono::seconds time) {
    constexpr std::chrono::seconds slack{30};
    BEDPLATE_ASSIGN(const auto result,
                    commands.run({.argv = {"udevadm", "settle", std::format("--timeout={}", time.count())},
                                  .timeout = time + slack}));
    return result.exit_status == 0;
}

}  // namespace

Result<void> wait_for_devices(CommandRunner& commands, std::chrono::seconds patience,
                              const std::function<void()>& waits) {
    constexpr std::chrono::seconds unnoticed{5};
    BEDPLATE_ASSIGN(const bool at_once, settled_within(commands, unnoticed));
    if (at_once) {
        return {};
    }
    waits();
    BEDPLATE_ASSIGN(const bool settled, settled_within(commands, patience));
    return settled
               ? Result<void>()
               : fail("probe.devices",
                      std::format("after {} udev still is at work on devices of this machine, so there may "
                                  "be disks that were not seen yet",
                                  patience),
                      "udevadm settle",
                      "the kernel's messages (dmesg) name the device that does not answer; take it out, or "
                      "wait, and try again");
}

}  // namespace bedplate
