// SPDX-License-Identifier: GPL-3.0-or-later
// The pulse's machine as its only process sees it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/guest/ring.hpp"
#include "platform/descriptor.hpp"

namespace bedplate::pulse {

/// One line on the console.
void say(std::string_view line);

/// A small file's text; empty where it cannot be read.
[[nodiscard]] std::string text_of(const std::string& path);

/// /proc, /sys and /dev, and the console as standard output.
void mount_system();
/// Every file of /modules in the order of their names.
void load_modules();

/// The first disk with the pulse's mark, e.g. "/dev/vda".
[[nodiscard]] std::optional<std::string> find_disk();
/// The first network interface that is not the loopback, with the address that the settings give it.
[[nodiscard]] bool bring_up_network(const Settings& settings);
/// A UDP socket that is connected to the collector.
[[nodiscard]] Descriptor open_socket(const Settings& settings);

/// Whether somebody pressed the power button since the last call.
class PowerButton {
public:
    PowerButton();
    [[nodiscard]] bool pressed();

private:
    std::vector<Descriptor> inputs_;
};

[[noreturn]] void power_off();

}  // namespace bedplate::pulse
