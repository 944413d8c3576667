// SPDX-License-Identifier: GPL-3.0-or-later
// How nodes are switched off, as a member has it: its own device, the files of all, and the agents.
#include <algorithm>
#include <format>
#include <set>

#include "base/text.hpp"
#include "firstboot/fencing.hpp"

namespace bedplate::firstboot {

namespace {

constexpr std::string_view all_folders = "/var/lib/bedplate/fencing";

Error no_credentials(std::string why) {
    return {
        .kind = ErrorKind::refused,
        .code = "fence.no-credentials",
        .message = "what opens this machine's BMC is not known: " + std::move(why),
        .where = std::string(bmc_path),
        .hint =
            R"(write {"user": "...", "password": "..."} into it, mode 0600; it is looked at again by itself)"};
}

/// Only what differs is written: a file that is being read stays.
Result<void> keep_file(FileSystem& files, const std::string& path, const std::string& text,
                       std::uint32_t mode) {
    const auto there = files.read(path);
    return there && *there == text ? Result<void>() : files.write(path, text, mode);
}

Result<void> remove_folder(FileSystem& files, const std::string& hostname) {
    BEDPLATE_TRY(files.remove(fence_password_path(hostname)));
    BEDPLATE_TRY(files.remove(fence_ipmitool_path(hostname)));
    return files.remove(fence_folder(hostname));
}

/// The last line that says something: agents write a date, a level and the reason.
std::string last_words(const CommandResult& result) {
    std::string last;
    for (const auto& line : split(result.err + "\n" + result.out, '\n')) {
        if (!trim(line).empty()) {
            last = trim(line);
        }
    }
    constexpr std::size_t longest = 200;
    return last.empty() ? std::format("exit status {}", result.exit_status) : elide(last, longest);
}

}  // namespace

Result<std::optional<FenceDevice>> own_device(Node& node) {
    const auto& fencing = node.settings.fencing;
    if (!fencing || !fencing->by_bmc()) {
        return std::optional<FenceDevice>();
    }
    if (fencing->address.empty()) {
        return refuse("fence.no-address", "neither the site nor the machine said where its BMC is",
                      "/etc/bedplate/node.json",
                      "write the address there (fencing.address), and into the site (nodes[].bmc.address)");
    }
    if (!node.platform.files.exists(bmc_path)) {
        return std::unexpected(no_credentials("there is no such file"));
    }
    BEDPLATE_ASSIGN(const auto text, node.platform.files.read(bmc_path));
    const auto json = parse_json(text, bmc_path);
    // The parser's own message would quote what it stumbles over.
    const auto has = [&](const char* key) { return json->contains(key) && json->at(key).is_string(); };
    if (!json || !json->is_object() || !has("user") || !has("password")) {
        return std::unexpected(no_credentials("the file is not what it shall be"));
    }
    FenceDevice device{.agent = fencing->agent,
                       .address = fencing->address,
                       .port = fencing->port,
                       .cipher = fencing->cipher,
                       .user = json->at("user"),
                       .password = Secret(json->at("password").get<std::string>())};
    if (device.user.empty() || device.password.empty()) {
        return std::unexpected(no_credentials("user or password is empty"));
    }
    if (fencing->watchdog) {
        BEDPLATE_ASSIGN(
            device.watchdog,
            succeeds(node.platform, {.argv = {"systemctl", "--quiet", "is-active", "sbd.service"}}));
    }
    return std::optional(std::move(device));
}

Result<std::string> boot_id(const FileSystem& files) {
    BEDPLATE_ASSIGN(const auto text, files.read("/proc/sys/kernel/random/boot_id"));
    return std::string(trim(text));
}

FenceTest wanted_test(const NodeSettings& settings, const HaPolicy& policy) {
    return settings.create && policy.fencing_test == FenceTest::cycle ? FenceTest::status
                                                                      : policy.fencing_test;
}

void warm_up_agent(Platform& platform, const std::string& agent) {
    static_cast<void>(
        platform.commands.run({.argv = {agent, "-o", "metadata"}, .timeout = std::chrono::seconds{30}}));
}

Result<void> FenceFiles::keep(FencingRegistry& registry,
                              const std::map<std::string, FencingRecord>& records) {
    const auto digest = devices_digest(records);
    if (digest == kept_) {
        return {};
    }
    FileSystem& files = platform_.files;
    BEDPLATE_TRY(files.make_directories(all_folders, 0700));
    std::set<std::string> agents;
    for (const auto& [hostname, record] : records) {
        if (record.device) {
            agents.insert(record.device->agent);
            BEDPLATE_TRY(files.make_directories(fence_folder(hostname), 0700));
            BEDPLATE_TRY(keep_file(files, fence_password_path(hostname),
                                   record.device->password.reveal() + "\n", 0600));
            BEDPLATE_TRY(keep_file(files, fence_ipmitool_path(hostname), fence_ipmitool_script(), 0700));
        }
    }
    BEDPLATE_ASSIGN(const auto there, files.list(all_folders));
    for (const auto& hostname : there) {
        const auto record = records.find(hostname);
        if (record == records.end() || !record->second.device) {
            BEDPLATE_TRY(remove_folder(files, hostname));
        }
    }
    for (const auto& agent : agents) {
        warm_up_agent(platform_, agent);
    }
    BEDPLATE_TRY(registry.acknowledge(hostname_, digest));
    kept_ = digest;
    return {};
}

Result<bool> power_is_on(Platform& platform, const FenceDevice& device, const std::string& hostname) {
    // Its exit status for "off" is that of wrong arguments, too.
    BEDPLATE_ASSIGN(const auto result,
                    platform.commands.run({.argv = {device.agent},
                                           .input = agent_input(device, hostname, "status"),
                                           .timeout = std::chrono::seconds{90}}));
    if (result.out.contains("Status: ON") || result.out.contains("Status: OFF")) {
        return result.out.contains("Status: ON");
    }
    return fail("fence.agent", std::format("{} got no answer from the BMC at {}: {}", device.agent,
                                           device.address, last_words(result)));
}

}  // namespace bedplate::firstboot
