// SPDX-License-Identifier: GPL-3.0-or-later
// Ports switched on, and the node's network set up in the installer.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "netproof/netproof.hpp"
#include "netproof/set_up.hpp"
#include "plan/network_files.hpp"
#include "platform/time_scale.hpp"

namespace bedplate {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

const fs::path net = "/sys/class/net";
const fs::path installer_folder = "/run/systemd/network";

bool is_port(const FileSystem& files, const std::string& name) {
    if (!files.exists(net / name / "device")) {
        return false;
    }
    // The BMC's own port on the USB bus; it always has link and leads nowhere.
    const auto device = files.resolve(net / name / "device");
    return !device || !device->string().contains("/usb");
}

/// /run/systemd/network as before: what a first try left there is not part of this one.
Result<void> clear_folder(FileSystem& files) {
    const auto names = files.list(installer_folder);
    for (const std::string& name : names.value_or(std::vector<std::string>{})) {
        BEDPLATE_TRY(files.remove(installer_folder / name));
    }
    return {};
}

/// Files that are right already stay untouched, so that networkd sees no change where there is none.
Result<void> write_network_files(Platform& platform, const NetworkLayout& layout, Addresses addresses) {
    for (const auto& [path, text] : network_files(layout, addresses, installer_folder.string(), true)) {
        const auto now = platform.files.read(path);
        if (!now || *now != text) {
            BEDPLATE_TRY(platform.files.write(path, text));
        }
    }
    return {};
}

Result<void> delete_devices(Platform& platform, const NetworkLayout& layout) {
    std::vector<std::string> names;
    for (const PlannedInterface& interface : layout.interfaces) {
        names.push_back(interface.name);
    }
    for (const PlannedBridge& bridge : layout.bridges) {
        names.push_back(bridge.name);
    }
    for (const PlannedBond& bond : layout.bonds) {
        names.push_back(bond.name);
    }
    for (const std::string& name : names) {
        if (platform.files.exists(net / name)) {
            BEDPLATE_TRY(run_checked(platform.commands, {.argv = {"ip", "link", "delete", "dev", name}}));
        }
    }
    return {};
}

/// In two steps, since "nic0" may be the present name of the port that becomes "nic1". A port that is up can
/// not be renamed by older kernels.
Result<void> rename_ports(Platform& platform, const NetworkLayout& layout) {
    std::vector<std::pair<std::string, std::string>> moves;
    for (std::size_t i = 0; i < layout.ports.size(); ++i) {
        const PinnedPort& port = layout.ports[i];
        if (port.now.empty() || port.now == port.name || !platform.files.exists(net / port.now)) {
            continue;
        }
        const std::string between = std::format("bedplate{}", i);
        BEDPLATE_TRY(
            run_checked(platform.commands, {.argv = {"ip", "link", "set", "dev", port.now, "down"}}));
        BEDPLATE_TRY(run_checked(platform.commands,
                                 {.argv = {"ip", "link", "set", "dev", port.now, "name", between}}));
        moves.emplace_back(between, port.name);
    }
    for (const auto& [from, to] : moves) {
        BEDPLATE_TRY(
            run_checked(platform.commands, {.argv = {"ip", "link", "set", "dev", from, "name", to}}));
    }
    return {};
}

}  // namespace

void bring_ports_up(Platform& platform, milliseconds most) {
    std::vector<std::string> dark;
    for (const std::string& name : platform.files.list(net).value_or(std::vector<std::string>{})) {
        if (!is_port(platform.files, name) || has_carrier(platform.files, name)) {
            continue;
        }
        // A port whose firmware is missing can not be switched on: it then shows no link, which is true.
        (void)run_checked(platform.commands, {.argv = {"ip", "link", "set", "dev", name, "up"}});
        dark.push_back(name);
    }
    // Not there in a reduced environment, and nothing depends on it but what the switches are called.
    (void)platform.commands.run({.argv = {"systemctl", "start", "--no-block", "lldpd.service"}});
    (void)wait_until(platform.clock, scaled(most), [&] {
        return std::ranges::all_of(dark, [&](const auto& name) { return has_carrier(platform.files, name); });
    });
}

bool has_carrier(const FileSystem& files, const std::string& name) {
    const auto carrier = files.read(net / name / "carrier");
    return carrier && trim(*carrier) == "1";
}

bool wait_until(Clock& clock, milliseconds most, const std::function<bool()>& holds) {
    constexpr milliseconds step{200};
    const auto end = clock.steady() + most;
    while (!holds()) {
        if (clock.steady() >= end) {
            return false;
        }
        clock.sleep(step);
    }
    return true;
}

Result<void> set_up_network(Platform& platform, const NetworkLayout& layout) {
    BEDPLATE_TRY(run_checked(platform.commands, {.argv = {"systemctl", "stop", "systemd-networkd.socket",
                                                          "systemd-networkd.service"}}));
    BEDPLATE_TRY(clear_folder(platform.files));
    BEDPLATE_TRY(write_network_files(platform, layout, Addresses::without));
    BEDPLATE_TRY(run_checked(platform.commands, {.argv = {"udevadm", "control", "--reload"}}));
    BEDPLATE_TRY(delete_devices(platform, layout));
    BEDPLATE_TRY(rename_ports(platform, layout));
    BEDPLATE_TRY(
        run_checked(platform.commands, {.argv = {"systemctl", "start", "systemd-networkd.service"}}));
    return {};
}

Result<void> use_addresses(Platform& platform, const NetworkLayout& layout) {
    BEDPLATE_TRY(write_network_files(platform, layout, Addresses::with));
    BEDPLATE_TRY(
        run_checked(platform.commands, {.argv = {"systemctl", "reload", "systemd-networkd.service"}}));
    return {};
}

}  // namespace bedplate
