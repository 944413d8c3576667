// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/logs.hpp"

#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "firstboot/node_metrics.hpp"

namespace bedplate::firstboot {

namespace {

/// Every file below a folder; none where there is no folder.
Result<std::vector<FoundFile>> files_below(Platform& platform, const std::filesystem::path& folder) {
    if (!platform.files.exists(folder)) {
        return std::vector<FoundFile>{};
    }
    BEDPLATE_ASSIGN(const auto out,
                    run_checked(platform.commands, {.argv = {"find", folder.string(), "-type", "f", "-printf",
                                                             std::string(log_find_format)}}));
    return parse_found(out);
}

Result<std::vector<KeptLog>> kept_here(Platform& platform, const LogPlaces& places) {
    BEDPLATE_ASSIGN(const auto files, files_below(platform, places.kept));
    return kept_logs(files);
}

std::chrono::sys_seconds now(Platform& platform) {
    return std::chrono::floor<std::chrono::seconds>(platform.clock.now());
}

/// What is kept takes half of its file system at most, whatever the site says: beside it lie the journal and
/// the audit.
Result<void> tend_kept(Platform& platform, const LogPlaces& places, LogPolicy policy,
                       std::span<const KeptLog> kept) {
    if (kept.empty()) {
        return {};
    }
    BEDPLATE_ASSIGN(const auto room, file_system_size(platform, places.kept.string()));
    policy.max_size.value = std::min(policy.max_size.value, room.value / 2);
    const auto chores = log_chores(kept, now(platform), policy);
    for (const auto& path : chores.remove) {
        BEDPLATE_TRY(platform.files.remove(places.kept / path));
    }
    if (!chores.compress.empty()) {
        // Beside this program, which has to follow corosync's list meanwhile.
        Command compress{.argv = {"systemd-run", "--quiet", "--collect", "--unit=bedplate-compress-logs",
                                  "--nice=19", "zstd", "--quiet", "--force", "--rm"}};
        for (const auto& path : chores.compress) {
            compress.argv.push_back((places.kept / path).string());
        }
        // Refused while an earlier one is at it: what is left is seen the next time.
        static_cast<void>(platform.commands.run(compress));
    }
    return {};
}

/// omrelp gives a receiver up for good whose certificate it does not accept once: a clock that is far off
/// after a start is enough. (rsyslog 8.2504; later versions can be told to try again.) Only a restart helps.
Result<void> revive_sending(Platform& platform) {
    BEDPLATE_ASSIGN(
        const auto given_up,
        platform.commands.run({.argv = {"journalctl", "--quiet", "--no-pager", "--invocation=0",
                                        "--unit=rsyslog.service", "--grep=DISABLING action", "--lines=1"}}));
    if (trim(given_up.out).empty()) {
        return {};
    }
    Command restart = systemctl({"try-restart"}, {"rsyslog.service"});
    restart.timeout = std::chrono::minutes{3};
    BEDPLATE_TRY(run_checked(platform.commands, restart));
    return {};
}

}  // namespace

Result<NodeSecrets> read_node_secrets(const FileSystem& files) {
    if (!files.exists(node_secrets_path)) {
        return NodeSecrets{};
    }
    BEDPLATE_ASSIGN(const auto text, files.read(node_secrets_path));
    return node_secrets_from_text(text);
}

Result<bool> listens_on(Platform& platform, std::uint16_t port) {
    BEDPLATE_ASSIGN(const auto out, run_checked(platform.commands,
                                                {.argv = {"ss", "--no-header", "--listening", "--tcp",
                                                          "--numeric", std::format("sport = :{}", port)}}));
    return !trim(out).empty();
}

Result<void> tend_logs(Platform& platform, const NodeSettings& settings) {
    const LogPlaces places;
    BEDPLATE_ASSIGN(const auto membership, read_membership(platform.files));
    BEDPLATE_ASSIGN(const auto spool, files_below(platform, places.spool));
    for (const auto& path : orphaned_queues(spool, membership.all, settings.logs)) {
        BEDPLATE_TRY(platform.files.remove(places.spool / path));
    }
    BEDPLATE_ASSIGN(const auto kept, kept_here(platform, places));
    BEDPLATE_TRY(
        platform.files.write(std::format("{}/{}", metrics_folder, log_metrics_file),
                             log_metrics(spool, kept, membership.self, membership.all, settings.logs)));
    BEDPLATE_TRY(tend_kept(platform, places, settings.logs, kept));
    return revive_sending(platform);
}

Result<NodeCheck> check_log_sending(Platform& platform, const NodeSettings& settings) {
    const LogPlaces places;
    BEDPLATE_ASSIGN(const bool running, units_active(platform, {"rsyslog.service"}));
    BEDPLATE_ASSIGN(const auto membership, read_membership(platform.files));
    BEDPLATE_ASSIGN(const auto spool, files_below(platform, places.spool));
    std::vector<std::string> waiting;
    bool room = true;
    for (const auto& [receiver, bytes] : waiting_by_receiver(spool, membership.all, settings.logs)) {
        room = room && bytes.value < settings.logs.queue.value / 5 * 4;
        if (bytes.value > 0) {
            waiting.push_back(std::format("{} for {}", to_binary_text(bytes), receiver));
        }
    }
    return NodeCheck{.id = "logs.sending",
                     .ok = running && room,
                     .detail = !running          ? "rsyslog does not run"
                               : waiting.empty() ? "nothing waits on the disk"
                                                 : "on the disk: " + join(waiting, ", ")};
}

Result<NodeCheck> check_log_receiving(Platform& platform) {
    const LogPlaces places;
    constexpr std::chrono::minutes quarter_of_an_hour{15};
    BEDPLATE_ASSIGN(const auto membership, read_membership(platform.files));
    if (!membership.self.control) {
        return NodeCheck{.id = "logs.receiving", .ok = true, .detail = "not a control node"};
    }
    BEDPLATE_ASSIGN(const bool listening, listens_on(platform, places.port));
    BEDPLATE_ASSIGN(const auto kept, kept_here(platform, places));
    std::vector<std::string> silent;
    for (const auto& member : membership.all) {
        const bool heard = std::ranges::any_of(kept, [&](const KeptLog& log) {
            return log.node == member.hostname && now(platform) - log.written <= quarter_of_an_hour;
        });
        if (!heard) {
            silent.push_back(member.hostname);
        }
    }
    return NodeCheck{.id = "logs.receiving",
                     .ok = listening && silent.empty(),
                     .detail = !listening ? std::format("nobody listens on port {}", places.port)
                               : silent.empty()
                                   ? std::format("{} nodes heard of in 15 minutes", membership.all.size())
                                   : "not heard of for 15 minutes: " + join(silent, ", ")};
}

Result<NodeCheck> check_audit(Platform& platform) {
    BEDPLATE_ASSIGN(const bool running, units_active(platform, {"auditd.service"}));
    BEDPLATE_ASSIGN(const auto state, run_checked(platform.commands, {.argv = {"auditctl", "-s"}}));
    BEDPLATE_ASSIGN(const auto loaded, run_checked(platform.commands, {.argv = {"auditctl", "-l"}}));
    const auto missing = missing_audit_rule(loaded);
    const bool enabled = state.contains("enabled 1") || state.contains("enabled 2");
    return NodeCheck{.id = "logs.audit",
                     .ok = running && enabled && !missing,
                     .detail = !running   ? "auditd does not run"
                               : !enabled ? "the kernel's audit is switched off"
                               : missing  ? std::format("not all rules with the key {} are loaded", *missing)
                                          : "every rule is loaded"};
}

}  // namespace bedplate::firstboot
