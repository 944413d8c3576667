// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernel writes down about who changes what (audit.rules(7)).
#include <algorithm>
#include <array>
#include <format>
#include <map>

#include "base/text.hpp"
#include "cluster/log_files.hpp"

namespace bedplate {
namespace {

struct Watched {
    std::string_view key, path;
    bool folder = false;
};

constexpr std::array watched_paths{
    Watched{"identity", "/etc/passwd"},
    Watched{"identity", "/etc/shadow"},
    Watched{"identity", "/etc/group"},
    Watched{"identity", "/etc/gshadow"},
    Watched{"access", "/etc/sudoers"},
    Watched{"access", "/etc/sudoers.d", true},
    Watched{"access", "/etc/ssh", true},
    Watched{"access", "/root/.ssh", true},
    Watched{"access", "/etc/pam.d", true},
    Watched{"cluster", "/etc/bedplate", true},
    Watched{"cluster", "/etc/corosync", true},
    Watched{"cluster", "/etc/pacemaker", true},
    Watched{"cluster", "/etc/ceph", true},
    Watched{"cluster", "/etc/etcd", true},
    Watched{"cluster", "/etc/libvirt", true},
    Watched{"network", "/etc/nftables.conf"},
    Watched{"network", "/etc/systemd/network", true},
    Watched{"network", "/etc/hosts"},
    Watched{"services", "/etc/systemd/system", true},
    Watched{"services", "/etc/prometheus", true},
    Watched{"logs", "/etc/audit", true},
    Watched{"logs", "/etc/rsyslog.conf"},
    Watched{"modules", "/etc/modprobe.d", true},
    Watched{"time", "/etc/localtime"},
    Watched{"time", "/etc/chrony", true},
};

/// Programs of both kinds; without naming them a rule matches other system calls than it says (auditctl(8)).
constexpr std::array architectures{"b64", "b32"};

/// key -> system calls. chronyd keeps the clock all the time: it is left out before.
constexpr std::array calls{
    std::pair{std::string_view("modules"), std::string_view("init_module,finit_module,delete_module")},
    std::pair{std::string_view("time"),
              std::string_view("adjtimex,settimeofday,clock_settime,clock_adjtime")}};

std::map<std::string, std::size_t> rules_by_key(std::string_view rules) {
    constexpr std::string_view mark = "-F key=";
    std::map<std::string, std::size_t> count;
    for (const auto& line : split(rules, '\n')) {
        if (const auto at = line.find(mark); line.starts_with("-a ") && at != std::string::npos) {
            ++count[std::string(trim(std::string_view(line).substr(at + mark.size())))];
        }
    }
    return count;
}

}  // namespace

std::string audit_rules() {
    std::string text = "# Written by bedplate-firstboot; docs/logs.md says why each is there.\n";
    for (const char* architecture : architectures) {
        text += std::format("-a never,exit -F arch={} -S {} -F exe=/usr/sbin/chronyd\n", architecture,
                            calls.back().second);
    }
    for (const char* architecture : architectures) {
        for (const auto& [key, names] : calls) {
            text += std::format("-a always,exit -F arch={} -S {} -F key={}\n", architecture, names, key);
        }
        for (const auto& [key, path, folder] : watched_paths) {
            text += std::format("-a always,exit -F arch={} -F {}={} -F perm=wa -F key={}\n", architecture,
                                folder ? "dir" : "path", path, key);
        }
    }
    return text;
}

std::vector<std::string> audited_folders() {
    std::vector<std::string> folders;
    for (const auto& entry : watched_paths) {
        if (entry.folder) {
            folders.emplace_back(entry.path);
        }
    }
    return folders;
}

std::string auditd_conf() {
    // 8 files of 32 MiB: /var/log holds the journal besides. A full disk stops the log, never the node.
    return "local_events = yes\n"
           "write_logs = yes\n"
           "log_file = /var/log/audit/audit.log\n"
           "log_group = adm\n"
           "log_format = ENRICHED\n"
           "flush = INCREMENTAL_ASYNC\n"
           "freq = 50\n"
           "max_log_file = 32\n"
           "num_logs = 8\n"
           "max_log_file_action = ROTATE\n"
           "priority_boost = 4\n"
           "name_format = NONE\n"
           "space_left = 256\n"
           "space_left_action = SYSLOG\n"
           "admin_space_left = 64\n"
           "admin_space_left_action = SUSPEND\n"
           "disk_full_action = SUSPEND\n"
           "disk_error_action = SYSLOG\n"
           "distribute_network = no\n"
           "q_depth = 2000\n"
           "overflow_action = SYSLOG\n"
           "max_restarts = 10\n"
           "plugin_dir = /etc/audit/plugins.d\n"
           "end_of_event_timeout = 2\n";
}

std::optional<std::string> missing_audit_rule(std::string_view loaded) {
    const auto is = rules_by_key(loaded);
    for (const auto& [key, wanted] : rules_by_key(audit_rules())) {
        const auto found = is.find(key);
        if (found == is.end() || found->second < wanted) {
            return key;
        }
    }
    return std::nullopt;
}

}  // namespace bedplate
