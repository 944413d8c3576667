// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/installer_network.hpp"

#include "base/text.hpp"
#include "platform/time_scale.hpp"

namespace bedplate {

namespace {

/// One line "NAME=value" of a state file of systemd-networkd.
std::string state_value(std::string_view state, std::string_view name) {
    for (const auto& line : split(state, '\n')) {
        if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == '=') {
            return line.substr(name.size() + 1);
        }
    }
    return {};
}

std::string network_file(const std::optional<std::string>& boot_mac) {
    // No IPv6 router is waited for, and the lease is kept when the service stops: a payload may be under way.
    return std::format(
        "[Match]\n{}\n[Link]\nRequiredForOnline=yes\n\n"
        "[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\nKeepConfiguration=dhcp-on-stop\n\n"
        "[DHCPv4]\nUseHostname=no\nUseNTP=no\n",
        boot_mac ? std::format("MACAddress={}\n", *boot_mac) : std::string("Type=ether\nKind=!*\n"));
}

}  // namespace

std::string resolver_configuration(std::string_view state) {
    std::string text;
    for (const auto& server : split(state_value(state, "DNS"), ' ')) {
        if (!server.empty()) {
            text += "nameserver " + server + "\n";
        }
    }
    if (const auto domains = state_value(state, "DOMAINS"); !domains.empty()) {
        text += "search " + domains + "\n";
    }
    return text;
}

Result<void> bring_up_network(Platform& platform, const InstallerNetwork& places,
                              const std::optional<std::string>& boot_mac,
                              const std::function<void(const std::string&)>& note) {
    if (!platform.files.exists(places.installer_mark) || platform.files.exists(places.configuration)) {
        return {};
    }
    note(boot_mac ? std::format("asking for an address (DHCP) on the port {}", *boot_mac)
                  : std::string("asking for an address (DHCP) on every network port"));
    BEDPLATE_TRY(platform.files.write(places.configuration, network_file(boot_mac)));
    BEDPLATE_TRY(
        run_checked(platform.commands, {.argv = {"systemctl", "start", "systemd-networkd.service"}}));
    BEDPLATE_TRY(run_checked(platform.commands, {.argv = {"networkctl", "reload"}}));
    const auto deadline = platform.clock.steady() + scaled(places.patience);
    for (;;) {
        const auto state = platform.files.read(places.state);
        if (state && state_value(*state, "OPER_STATE") == "routable") {
            if (const auto servers = resolver_configuration(*state); !servers.empty()) {
                BEDPLATE_TRY(platform.files.write(places.resolver, servers));
            }
            return {};
        }
        if (platform.clock.steady() >= deadline) {
            return fail("network.none",
                        std::format("no DHCP server gave this machine an address within {} s",
                                    scaled(places.patience).count() / 1000),
                        boot_mac.value_or("every network port"),
                        "check cable, VLAN of the switch's port and the DHCP server; "
                        "'networkctl' and 'journalctl -u systemd-networkd' say more");
        }
        platform.clock.sleep(std::chrono::milliseconds{500});
    }
}

Result<void> take_down_network(Platform& platform, const InstallerNetwork& places) {
    if (!platform.files.exists(places.configuration)) {
        return {};
    }
    BEDPLATE_TRY(platform.files.remove(places.configuration));
    BEDPLATE_TRY(run_checked(platform.commands, {.argv = {"networkctl", "reload"}}));
    return {};
}

}  // namespace bedplate
