// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network_change.hpp"

#include <format>
#include <set>

#include "base/text.hpp"
#include "engine/session.hpp"
#include "plan/network_files.hpp"
#include "probe/probe.hpp"

namespace bedplate {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view pending_path = "/var/lib/bedplate/network/pending.json";
constexpr std::string_view timer = "bedplate-network-rollback";
constexpr std::string_view firewall_path = "/etc/nftables.conf";
constexpr std::string_view ovs_unit = "/etc/systemd/system/bedplate-ovs.service";

std::optional<std::string> text_of_file(const FileSystem& files, const fs::path& path) {
    const auto text = files.read(path);
    return text ? std::optional(*text) : std::nullopt;
}

Json to_json(const NetworkFiles& files) {
    Json json = Json::object();
    for (const auto& [path, text] : files) {
        json[path] = text ? Json(*text) : Json();
    }
    return json;
}

Result<NetworkFiles> read_pending(const FileSystem& files) {
    BEDPLATE_ASSIGN(const auto text, files.read(pending_path));
    BEDPLATE_ASSIGN(const Json json, parse_json(text, pending_path));
    NetworkFiles before;
    for (const auto& [path, value] : json.items()) {
        before[path] = value.is_string() ? std::optional(value.get<std::string>()) : std::nullopt;
    }
    return before;
}

Result<void> write_files(FileSystem& files, const NetworkFiles& wanted) {
    for (const auto& [path, text] : wanted) {
        BEDPLATE_TRY(text ? files.write(path, *text) : files.remove(path));
    }
    return {};
}

/// "/etc/systemd/network/20-bond0.netdev" -> "bond0"
std::optional<std::string> device_of(const std::string& path) {
    if (!path.ends_with(".netdev")) {
        return std::nullopt;
    }
    const std::string name = fs::path(path).stem();
    return name.substr(name.find('-') + 1);
}

/// networkd takes up changed addresses and VLANs on reload, but never changes a device that is there already:
/// a bond or VLAN whose own file changed is made anew.
Result<void> use_files(Platform& platform, const NetworkFiles& changed) {
    for (const auto& [path, text] : changed) {
        const auto device = device_of(path);
        if (device && platform.files.exists(fs::path("/sys/class/net") / *device)) {
            BEDPLATE_TRY(run_checked(platform.commands, {.argv = {"ip", "link", "delete", "dev", *device}}));
        }
    }
    BEDPLATE_TRY(
        run_checked(platform.commands, {.argv = {"systemctl", "reload", "systemd-networkd.service"}}));
    if (changed.contains(std::string(firewall_path))) {
        BEDPLATE_TRY(run_checked(platform.commands, {.argv = {"nft", "-f", std::string(firewall_path)}}));
    }
    if (changed.contains(std::string(ovs_unit))) {
        BEDPLATE_TRY(run_checked(platform.commands, {.argv = {"systemctl", "daemon-reload"}}));
        BEDPLATE_TRY(
            run_checked(platform.commands, {.argv = {"systemctl", "restart", "bedplate-ovs.service"}}));
    }
    return {};
}

Result<void> check_firewall(Platform& platform, const NetworkFiles& changes) {
    const auto found = changes.find(std::string(firewall_path));
    if (found == changes.end() || !found->second) {
        return {};
    }
    BEDPLATE_TRY(run_checked(platform.commands, {.argv = {"nft", "-c", "-f", "-"}, .input = *found->second}));
    return {};
}

/// The timer outlives whoever asked for the change: it belongs to the system's manager.
Result<void> arm(Platform& platform, std::chrono::seconds patience) {
    const auto armed = run_checked(
        platform.commands,
        {.argv = {"systemd-run", std::format("--unit={}", timer),
                  std::format("--on-active={}s", patience.count()), "--timer-property=AccuracySec=1s",
                  "--collect", "/usr/bin/bedplate", "network", "rollback"}});
    if (!armed) {
        return fail("network.armed",
                    "the timer that would take the change back could not be set, so nothing was changed: " +
                        armed.error().message,
                    armed.error().where);
    }
    return {};
}

}  // namespace

Result<NetworkPlan> plan_node_network(Platform& platform, const Site& site,
                                      const std::vector<Profile>& profiles, Report& findings) {
    constexpr std::string_view path = "/etc/bedplate/node.json";
    BEDPLATE_ASSIGN(const auto text, platform.files.read(path));
    BEDPLATE_ASSIGN(const Json node_json, parse_json(text, path));
    const std::string hostname = node_json.value("hostname", "");
    const std::string installed_with = node_json.value("profile", "");
    if (hostname.empty() || installed_with.empty()) {
        return fail("node.file", "it does not say what this node is", std::string(path));
    }
    BEDPLATE_ASSIGN(const auto inventory, probe(platform));
    BEDPLATE_ASSIGN(const auto node, compose(site, inventory, hostname));
    const auto asked = requested_profile(site, node);
    BEDPLATE_ASSIGN(const auto* profile,
                    profile_for(inventory, profiles, asked ? asked : std::optional(installed_with)));
    return plan_network(inventory, *profile, node, findings);
}

Result<NetworkFiles> network_difference(const FileSystem& files, const NetworkPlan& plan) {
    NetworkFiles changes;
    for (const auto& [path, text] : plan.files) {
        if (text_of_file(files, path) != text) {
            changes[path] = text;
        }
    }
    const auto names = files.list(network_folder);
    for (const std::string& name : names.value_or(std::vector<std::string>{})) {
        const std::string path = std::format("{}/{}", network_folder, name);
        if (!plan.files.contains(path)) {
            changes[path] = std::nullopt;
        }
    }
    return changes;
}

Result<void> apply_network(Platform& platform, const NetworkFiles& changes, std::chrono::seconds patience) {
    if (platform.files.exists(pending_path)) {
        return refuse("network.pending", "a change of the network waits for its confirmation already",
                      std::string(pending_path),
                      "'bedplate network confirm' or 'bedplate network rollback' first");
    }
    BEDPLATE_TRY(check_firewall(platform, changes));
    NetworkFiles before;
    for (const auto& [path, text] : changes) {
        before[path] = text_of_file(platform.files, path);
    }
    BEDPLATE_TRY(platform.files.write(pending_path, to_json(before).dump(2) + "\n", 0600));
    if (const auto armed = arm(platform, patience); !armed) {
        BEDPLATE_TRY(platform.files.remove(pending_path));
        return armed;
    }
    BEDPLATE_TRY(write_files(platform.files, changes));
    return use_files(platform, changes);
}

Result<void> confirm_network(Platform& platform) {
    if (!platform.files.exists(pending_path)) {
        return refuse("network.nothing-pending", "no change of the network waits for a confirmation",
                      std::string(pending_path),
                      "it may have been taken back: see 'journalctl -u " + std::string(timer) + "'");
    }
    BEDPLATE_TRY(platform.files.remove(pending_path));
    // From here on the timer finds nothing to take back, whether or not it can be stopped.
    (void)platform.commands.run({.argv = {"systemctl", "stop", std::string(timer) + ".timer"}});
    return {};
}

Result<bool> roll_back_network(Platform& platform, bool live) {
    if (!platform.files.exists(pending_path)) {
        return false;
    }
    BEDPLATE_ASSIGN(const NetworkFiles before, read_pending(platform.files));
    BEDPLATE_TRY(write_files(platform.files, before));
    if (live) {
        BEDPLATE_TRY(use_files(platform, before));
        (void)platform.commands.run({.argv = {"systemctl", "stop", std::string(timer) + ".timer"}});
    }
    BEDPLATE_TRY(platform.files.remove(pending_path));
    return true;
}

}  // namespace bedplate
