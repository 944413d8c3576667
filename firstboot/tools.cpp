// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/tools.hpp"

#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "platform/time_scale.hpp"

namespace bedplate::firstboot {

Result<Json> read_json(const FileSystem& files, std::string_view path) {
    BEDPLATE_ASSIGN(const auto text, files.read(path));
    return parse_json(text, path);
}

Result<NodeSettings> read_node_settings(const FileSystem& files) {
    BEDPLATE_ASSIGN(const Json node, read_json(files, "/etc/bedplate/node.json"));
    BEDPLATE_ASSIGN(const Json site, read_json(files, "/etc/bedplate/site.json"));
    return node_settings_from_json(node, site);
}

Result<bool> in_place(Platform& platform, const ManagedFile& file) {
    if (!platform.files.exists(file.path)) {
        return false;
    }
    BEDPLATE_ASSIGN(const auto text, platform.files.read(file.path));
    if (text != file.text) {
        return false;
    }
    BEDPLATE_ASSIGN(const auto is,
                    run_checked(platform.commands, {.argv = {"stat", "--format=%U:%G:%a", file.path}}));
    return trim(is) == std::format("{}:{:o}", file.owner, file.mode);
}

Result<void> put(Platform& platform, const ManagedFile& file) {
    // The file is renamed into place with its mode, owned by root; the owner follows.
    BEDPLATE_TRY(platform.files.write(file.path, file.text, file.mode));
    if (file.owner != "root:root") {
        BEDPLATE_TRY(run_checked(platform.commands, {.argv = {"chown", file.owner, file.path}}));
    }
    return {};
}

Steps file_steps(Platform& platform, std::function<Result<std::vector<ManagedFile>>()> files,
                 std::function<Result<void>()> after) {
    return {.observe = [&platform, files]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto wanted, files());
                for (const auto& file : wanted) {
                    BEDPLATE_ASSIGN(const bool fine, in_place(platform, file));
                    if (!fine) {
                        return needed();
                    }
                }
                return satisfied();
            },
            .apply = [&platform, files, after]() -> Result<void> {
                BEDPLATE_ASSIGN(const auto wanted, files());
                for (const auto& file : wanted) {
                    BEDPLATE_TRY(put(platform, file));
                }
                return after ? after() : Result<void>();
            }};
}

Result<bool> succeeds(Platform& platform, const Command& command) {
    BEDPLATE_ASSIGN(const auto result, platform.commands.run(command));
    return result.exit_status == 0;
}

Result<bool> units_active(Platform& platform, const std::vector<std::string>& units) {
    for (const auto* question : {"is-active", "is-enabled"}) {
        Command command{.argv = {"systemctl", "--quiet", question}};
        std::ranges::copy(units, std::back_inserter(command.argv));
        BEDPLATE_ASSIGN(const auto result, platform.commands.run(command));
        if (result.exit_status != 0) {
            return false;
        }
    }
    return true;
}

Result<void> run_all(Platform& platform, const std::vector<std::vector<std::string>>& commands) {
    for (const auto& argv : commands) {
        BEDPLATE_TRY(run_checked(platform.commands, {.argv = argv}));
    }
    return {};
}

Result<void> wait_until(Platform& platform, const std::string& what, std::chrono::seconds patience,
                        const std::function<Result<bool>()>& holds, std::chrono::seconds pause) {
    constexpr std::chrono::milliseconds longest_pause{10'000};
    const auto begun = platform.clock.steady(), deadline = begun + scaled(patience);
    for (;;) {
        const auto done = holds();
        if (done && *done) {
            return {};
        }
        if (platform.clock.steady() >= deadline) {
            return fail("firstboot.timeout", std::format("waited {} s in vain: {}{}", patience.count(), what,
                                                         done ? "" : ": " + done.error().message));
        }
        const auto waited =
            std::chrono::duration_cast<std::chrono::milliseconds>(platform.clock.steady() - begun);
        platform.clock.sleep(std::max<std::chrono::milliseconds>(pause, std::min(waited / 4, longest_pause)));
    }
}

Command systemctl(std::vector<std::string> verb, const std::vector<std::string>& units) {
    Command command{.argv = {"systemctl"}};
    std::ranges::move(verb, std::back_inserter(command.argv));
    std::ranges::copy(units, std::back_inserter(command.argv));
    // Packages bring init scripts besides their units; bringing those in line takes a minute each under
    // emulation.
    command.environment = {{"SYSTEMCTL_SKIP_SYSV", "1"}};
    return command;
}

Steps unit_steps(Platform& platform, std::vector<std::string> units, std::function<Result<bool>()> ready,
                 std::chrono::seconds patience) {
    return {.observe = [&platform, units, ready]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const bool active, units_active(platform, units));
                if (!active) {
                    return needed();
                }
                const auto fine = ready();  // a service that does not answer yet is no failure
                return fine && *fine ? satisfied() : needed();
            },
            .apply = [&platform, units, ready, patience]() -> Result<void> {
                // A unit that failed on an earlier try too often would not be started again.
                static_cast<void>(platform.commands.run(systemctl({"reset-failed"}, units)));
                // Starting reads what enabling has linked: reloading every unit's file in between changes
                // nothing.
                BEDPLATE_TRY(run_checked(platform.commands, systemctl({"enable", "--no-reload"}, units)));
                BEDPLATE_TRY(run_checked(platform.commands, systemctl({"start"}, units)));
                return wait_until(platform, join(units, ", ") + " to be ready", patience, ready);
            }};
}

Result<void> reload_if_stale(Platform& platform, std::string_view unit) {
    BEDPLATE_ASSIGN(
        const auto stale,
        run_checked(platform.commands, {.argv = {"systemctl", "show", "--property=NeedDaemonReload",
                                                 "--value", std::string(unit)}}));
    return trim(stale) == "no" ? Result<void>() : run_all(platform, {{"systemctl", "daemon-reload"}});
}

Result<Bytes> file_system_size(Platform& platform, std::string_view path) {
    BEDPLATE_ASSIGN(const auto out,
                    run_checked(platform.commands, {.argv = {"findmnt", "--noheadings", "--bytes", "--output",
                                                             "SIZE", "--target", std::string(path)}}));
    const auto size = parse_unsigned(trim(out));
    if (!size) {
        return fail("node.file-system", std::format("'{}' is no size", trim(out)), std::string(path));
    }
    return Bytes{*size};
}

Result<ClusterIdentity> read_identity(const FileSystem& files) {
    BEDPLATE_ASSIGN(const Json json, read_json(files, identity_path));
    return cluster_identity_from_json(json);
}

Result<Membership> read_membership(const FileSystem& files) {
    BEDPLATE_ASSIGN(const Json json, read_json(files, members_path));
    Membership membership;
    membership.corosync_version = json.value("corosync_version", std::uint64_t{1});
    const std::string self = json.value("self", "");
    for (const Json& entry : json.value("members", Json::array())) {
        BEDPLATE_ASSIGN(membership.all.emplace_back(), member_from_json(entry));
    }
    const auto found = std::ranges::find(membership.all, self, &Member::hostname);
    if (found == membership.all.end()) {
        return fail("node.no-member", "this node is not among the members that it knows",
                    std::string(members_path));
    }
    membership.self = *found;
    return membership;
}

std::string to_text(const Membership& membership) {
    Json members = Json::array();
    for (const auto& member : membership.all) {
        members.push_back(to_json(member));
    }
    return Json{{"self", membership.self.hostname},
                {"corosync_version", membership.corosync_version},
                {"members", members}}
               .dump(2) +
           "\n";
}

namespace {

Steps where(Platform& platform, Steps steps, std::function<bool(const Member&)> applies) {
    auto observe = steps.observe;
    steps.observe = [&platform, observe, applies = std::move(applies)]() -> Result<Observation> {
        BEDPLATE_ASSIGN(const auto membership, read_membership(platform.files));
        return applies(membership.self) ? observe() : Result<Observation>(satisfied());
    };
    return steps;
}

}  // namespace

Steps on_control(Platform& platform, Steps steps) {
    return where(platform, std::move(steps), [](const Member& self) { return self.control; });
}

Steps on_corosync_node(Platform& platform, Steps steps) {
    return where(platform, std::move(steps), [](const Member& self) { return !self.remote; });
}

Steps on_remote(Platform& platform, Steps steps) {
    return where(platform, std::move(steps), [](const Member& self) { return self.remote; });
}

Result<std::pair<std::string, std::string>> machine_identity(const FileSystem& files) {
    const auto read = [&](std::string_view name) {
        const auto text = files.read(std::format("/sys/class/dmi/id/{}", name));
        return text ? std::string(trim(*text)) : std::string();
    };
    std::string uuid = read("product_uuid");
    if (!Guid::parse(uuid)) {
        BEDPLATE_ASSIGN(const auto machine, files.read("/etc/machine-id"));
        uuid = Guid::derive("bedplate/machine", trim(machine)).to_text();
    }
    std::ranges::transform(uuid, uuid.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::pair{read("product_serial"), uuid};
}

Result<std::string> random_uuid(const FileSystem& files) {
    BEDPLATE_ASSIGN(const auto text, files.read("/proc/sys/kernel/random/uuid"));
    return std::string(trim(text));
}

}  // namespace bedplate::firstboot
