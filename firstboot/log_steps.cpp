// SPDX-License-Identifier: GPL-3.0-or-later
// Logs: the journal's bounds, the kernel's audit, and rsyslog between the nodes (docs/logs.md).
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "firstboot/logs.hpp"
#include "firstboot/steps.hpp"

namespace bedplate::firstboot {

namespace {

/// On the disk, and bounded, also where /var/log is small. Nothing goes over syslog's old socket: rsyslog
/// reads the journal itself.
std::string journald_conf(Bytes log) {
    return std::format(
        "# Written by bedplate-firstboot.\n"
        "[Journal]\n"
        "Storage=persistent\n"
        "SystemMaxUse={}\n"
        "SystemKeepFree={}\n"
        "RateLimitIntervalSec=30s\n"
        "RateLimitBurst=10000\n"
        "ForwardToSyslog=no\n",
        std::min(gib(2).value, log.value / 4), std::min(gib(1).value, log.value / 8));
}

/// auditd hands each record on to the journal; so it is sent away like every other line.
constexpr std::string_view audit_plugin =
    "# Written by bedplate-firstboot.\n"
    "active = yes\n"
    "direction = out\n"
    "path = /sbin/audisp-syslog\n"
    "type = always\n"
    "args = LOG_INFO LOG_AUTHPRIV\n"
    "format = string\n";

/// rsyslog goes on without its port where it could not bind it, and never tries again: systemd would see no
/// failure. So it may bind to the node's address before that is there.
constexpr std::string_view bind_sysctl = "/etc/sysctl.d/60-bedplate-logs.conf";
constexpr std::string_view bind_sysctl_text =
    "# Written by bedplate-firstboot: rsyslog may be there before the node's address.\n"
    "net.ipv4.ip_nonlocal_bind = 1\n";

Result<std::vector<ManagedFile>> journal_files(Platform& platform) {
    BEDPLATE_ASSIGN(const auto log, file_system_size(platform, "/var/log"));
    // These files are read by their names, wherever they lie, and the last one wins: Debian's syslog.conf
    // switches forwarding on.
    return std::vector<ManagedFile>{
        {.path = "/etc/systemd/journald.conf.d/zz-bedplate.conf", .text = journald_conf(log)}};
}

Result<std::vector<ManagedFile>> audit_files() {
    return std::vector<ManagedFile>{
        {.path = "/etc/audit/auditd.conf", .text = auditd_conf(), .mode = 0640},
        {.path = "/etc/audit/rules.d/50-bedplate.rules", .text = audit_rules(), .mode = 0640},
        {.path = "/etc/audit/plugins.d/syslog.conf", .text = std::string(audit_plugin), .mode = 0640}};
}

Result<bool> audit_is_loaded(Platform& platform) {
    BEDPLATE_ASSIGN(const auto loaded, run_checked(platform.commands, {.argv = {"auditctl", "-l"}}));
    return !missing_audit_rule(loaded);
}

/// The rules of a running auditd are those of its last start; loading them again is cheap and changes nothing
/// that is the same.
Steps audit_steps(Platform& platform) {
    auto steps = unit_steps(platform, {"auditd.service"}, [&platform] { return audit_is_loaded(platform); });
    auto start = steps.apply;
    steps.apply = [&platform, start]() -> Result<void> {
        for (const auto& folder : audited_folders()) {
            // A rule for a folder that is not there cannot be loaded, nor any after it.
            BEDPLATE_TRY(platform.files.make_directories(folder, folder == "/root/.ssh" ? 0700 : 0755));
        }
        BEDPLATE_TRY(run_all(platform, {{"augenrules", "--load"}}));
        return start();
    };
    return steps;
}

Result<std::vector<ManagedFile>> rsyslog_files(Node& node) {
    Platform& platform = node.platform;
    BEDPLATE_ASSIGN(const auto membership, read_membership(platform.files));
    BEDPLATE_ASSIGN(const auto secrets, read_node_secrets(platform.files));
    const LogPolicy& policy = node.settings.logs;
    const LogPlaces places;
    std::vector<ManagedFile> files;
    if (membership.self.control) {
        files.push_back({.path = places.table.string(), .text = log_senders(membership.all)});
        if (policy.elasticsearch && !policy.elasticsearch->ca.empty()) {
            files.push_back({.path = places.elasticsearch_ca.string(), .text = policy.elasticsearch->ca});
        }
    }
    files.push_back({.path = std::string(bind_sysctl), .text = std::string(bind_sysctl_text)});
    files.push_back(
        {.path = "/etc/rsyslog.conf",
         .text = rsyslog_conf(policy, membership.self, membership.all, secrets.elasticsearch, places),
         .mode = 0600});
    return files;
}

Result<void> take_up_configuration(Platform& platform) {
    BEDPLATE_TRY(platform.files.make_directories(LogPlaces().spool, 0700));
    // What a running one has in memory goes to its queues' files as it stops.
    Command restart = systemctl({"try-restart"}, {"rsyslog.service"});
    restart.timeout = std::chrono::minutes{3};
    BEDPLATE_TRY(run_all(platform, {{"sysctl", "--quiet", std::format("--load={}", bind_sysctl)}}));
    BEDPLATE_TRY(run_checked(platform.commands, restart));
    return {};
}

Result<bool> takes_logs(Platform& platform) {
    BEDPLATE_ASSIGN(const auto membership, read_membership(platform.files));
    return membership.self.control ? listens_on(platform, LogPlaces().port) : Result<bool>(true);
}

}  // namespace

std::vector<Step> log_steps(Node& node) {
    Platform& platform = node.platform;
    return {{"logs.journal", "logs", "keep the journal on the disk, within bounds",
             file_steps(
                 platform, [&platform] { return journal_files(platform); },
                 [&platform] {
                     return run_all(platform, {{"systemctl", "restart", "systemd-journald.service"}});
                 })},
            {"logs.audit-config", "logs", "say what the kernel's audit writes down",
             file_steps(platform, audit_files)},
            {"logs.audit", "logs", "start the audit", audit_steps(platform)},
            {"logs.config", "logs", "configure what is sent to the control nodes",
             file_steps(
                 platform, [&node] { return rsyslog_files(node); },
                 [&platform] { return take_up_configuration(platform); })},
            {"logs.running", "logs", "send the journal to the control nodes",
             unit_steps(platform, {"rsyslog.service"}, [&platform] { return takes_logs(platform); })}};
}

}  // namespace bedplate::firstboot
