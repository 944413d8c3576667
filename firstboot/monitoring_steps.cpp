// SPDX-License-Identifier: GPL-3.0-or-later
// Exporters on every node, Prometheus and Alertmanager on the control nodes.
#include <algorithm>
#include <array>
#include <format>

#include "base/text.hpp"
#include "cluster/files.hpp"
#include "firstboot/node_metrics.hpp"
#include "firstboot/steps.hpp"

namespace bedplate::firstboot {

namespace {

/// Of these the exporter tells the state; of all others only how many failed. Asking systemd about each of
/// its 200 units every 15 s was the dearest thing that an idle node did.
constexpr std::string_view told_units =
    "(auditd|bedplate|ceph|chrony|corosync|etcd|ha_cluster|haproxy|keepalived|libvirt|nginx|openvswitch|ovs|"
    "pacemaker|prometheus|rsyslog|ssh|virt|systemd-networkd).*";

/// What the alerts ask for, and what one looks at to understand them. Every other collector that is on by
/// default costs each scrape, on every node, once for each Prometheus that asks.
constexpr std::array collectors{"bonding",  "cpu",     "diskstats", "filesystem", "hwmon", "loadavg",
                                "mdadm",    "meminfo", "netdev",    "netstat",    "stat",  "systemd",
                                "textfile", "timex",   "uname",     "vmstat"};

/// The exporter connects as if it wanted to change something, and runs as a user that may not: by the socket
/// on which libvirt lets everybody look and nobody change anything, whatever was asked for, it gets all it
/// needs.
constexpr std::string_view libvirt_uri = "qemu:///system?socket=/run/libvirt/libvirt-sock-ro";

/// How much of the file system that holds them may measurements take: the rest of it is needed as well.
Result<Bytes> room_for_measurements(Platform& platform) {
    constexpr std::uint64_t share = 4;
    BEDPLATE_ASSIGN(const auto size, file_system_size(platform, "/var/lib/prometheus"));
    return Bytes{size.value / share};
}

Result<std::vector<ManagedFile>> exporter_files(Node& node) {
    BEDPLATE_ASSIGN(const auto membership, read_membership(node.platform.files));
    const std::string ip = membership.self.management.to_text();
    std::string flags;
    for (const char* collector : collectors) {
        flags += std::format(" --collector.{}", collector);
    }
    return std::vector<ManagedFile>{
        {.path = "/etc/default/prometheus-node-exporter",
         .text = std::format("ARGS=\"--collector.disable-defaults{} --collector.systemd.unit-include={} "
                             "--collector.textfile.directory={} --web.listen-address={}:{}\"\n",
                             flags, told_units, metrics_folder, ip, port_of(Exporter::node))},
        {.path = "/etc/default/prometheus-libvirt-exporter",
         .text = std::format("ARGS=\"--libvirt.uri={} --web.listen-address={}:{}\"\n", libvirt_uri, ip,
                             port_of(Exporter::libvirt))},
        {.path = "/etc/ha_cluster_exporter.yaml",
         .text = std::format("address: {}\nport: {}\n", ip, port_of(Exporter::hacluster))},
        {.path = "/etc/default/ha_cluster_exporter",
         .text = std::format("BEDPLATE_ADDRESS={}:{}\n", ip, port_of(Exporter::hacluster))}};
}

Result<std::vector<ManagedFile>> prometheus_files(Node& node) {
    BEDPLATE_ASSIGN(const auto identity, read_identity(node.platform.files));
    BEDPLATE_ASSIGN(const auto membership, read_membership(node.platform.files));
    BEDPLATE_ASSIGN(const auto room, room_for_measurements(node.platform));
    return std::vector<ManagedFile>{
        {.path = "/etc/prometheus/prometheus.yml",
         .text = prometheus_conf(identity.name, node.settings.hostname)},
        {.path = "/etc/prometheus/rules/bedplate.yml", .text = prometheus_rules()},
        {.path = "/etc/default/prometheus",
         .text = std::format("ARGS=\"{}\"\n", prometheus_arguments(membership.self, node.settings, room))}};
}

Result<std::vector<ManagedFile>> alertmanager_files(Node& node) {
    BEDPLATE_ASSIGN(const auto membership, read_membership(node.platform.files));
    return std::vector<ManagedFile>{
        {.path = "/etc/prometheus/alertmanager.yml",
         .text = alertmanager_conf(node.settings.alert_webhooks, node.settings.heartbeat)},
        {.path = "/etc/default/prometheus-alertmanager",
         .text = std::format("ARGS=\"{}\"\n", alertmanager_arguments(membership.self, membership.all))}};
}

constexpr std::string_view targets_folder = "/etc/prometheus/targets";

/// Files of targets that lie there and belong to nobody any more.
std::vector<std::string> left_behind(Platform& platform, const std::map<std::string, std::string>& wanted) {
    std::vector<std::string> found;
    for (auto& name : platform.files.list(targets_folder).value_or(std::vector<std::string>())) {
        if (name.ends_with(".json") && !wanted.contains(name)) {
            found.push_back(std::move(name));
        }
    }
    return found;
}

/// Prometheus itself sees when one of these files comes, changes or goes.
Steps target_steps(Node& node) {
    Platform& platform = node.platform;
    const auto wanted = [&node]() -> Result<std::map<std::string, std::string>> {
        BEDPLATE_ASSIGN(const auto membership, read_membership(node.platform.files));
        return prometheus_targets(membership.all, node.settings.edge);
    };
    const auto path_of = [](const std::string& name) { return std::format("{}/{}", targets_folder, name); };
    return {.observe = [&platform, wanted, path_of]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto files, wanted());
                for (const auto& [name, text] : files) {
                    const auto there = platform.files.read(path_of(name));
                    if (!there || *there != text) {
                        return needed();
                    }
                }
                return left_behind(platform, files).empty() ? satisfied() : needed();
            },
            .apply = [&platform, wanted, path_of]() -> Result<void> {
                BEDPLATE_ASSIGN(const auto files, wanted());
                for (const auto& [name, text] : files) {
                    BEDPLATE_TRY(platform.files.write(path_of(name), text));
                }
                for (const auto& name : left_behind(platform, files)) {
                    BEDPLATE_TRY(platform.files.remove(path_of(name)));
                }
                return {};
            }};
}

Result<bool> yes() {
    return true;
}

/// Files of a service that reads them when it starts; one that runs is started again.
Steps configured(Platform& platform, std::function<Result<std::vector<ManagedFile>>()> files,
                 const std::string& unit) {
    const auto restart = [&platform, unit] {
        return run_all(platform, {{"systemctl", "try-restart", unit}});
    };
    return on_control(platform, file_steps(platform, std::move(files), restart));
}

/// The package leaves this folder to root: ceph-crash, which runs as ceph, sends a report and can not put it
/// away, and never comes to the next one. (systemd-tmpfiles refuses to mend it: the folder above belongs to
/// ceph.)
Steps crash_folder_steps(Platform& platform) {
    const std::string folder = "/var/lib/ceph/crash/posted";
    return {.observe = [&platform, folder]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto owner,
                                run_checked(platform.commands, {.argv = {"stat", "--format=%U", folder}}));
                return trim(owner) == "ceph" ? satisfied() : needed();
            },
            .apply = [&platform, folder] { return run_all(platform, {{"chown", "ceph:ceph", folder}}); }};
}

}  // namespace

std::vector<Step> monitoring_steps(Node& node) {
    Platform& platform = node.platform;
    std::vector<Step> steps{
        {"monitoring.config", "monitoring", "configure the exporters",
         file_steps(platform, [&node] { return exporter_files(node); })},
        {"monitoring.exporters", "monitoring", "start the exporters",
         unit_steps(platform,
                    {"prometheus-node-exporter.service", "prometheus-libvirt-exporter.service",
                     "ha_cluster_exporter.service", "bedplate-hardware.timer"},
                    yes)}};
    steps.push_back({"monitoring.targets", "monitoring", "tell Prometheus whom to ask",
                     on_control(platform, target_steps(node))});
    steps.push_back({"monitoring.server-config", "monitoring", "configure Prometheus",
                     configured(platform, [&node] { return prometheus_files(node); }, "prometheus.service")});
    steps.push_back(
        {"monitoring.alertmanager-config", "monitoring", "configure Alertmanager",
         configured(
             platform, [&node] { return alertmanager_files(node); }, "prometheus-alertmanager.service")});
    steps.push_back(
        {"monitoring.server", "monitoring", "start Prometheus and Alertmanager",
         on_control(platform,
                    unit_steps(platform, {"prometheus.service", "prometheus-alertmanager.service"}, yes))});
    // Its first deed is to try its key out with Ceph's own command, which would take the processor from what
    // is waited for.
    steps.push_back({"monitoring.crash-folder", "monitoring", "let Ceph's crash reports be put away",
                     crash_folder_steps(platform)});
    steps.push_back({"monitoring.crash", "monitoring", "collect Ceph's crash reports",
                     unit_steps(platform, {"ceph-crash.service"}, yes)});
    return steps;
}

}  // namespace bedplate::firstboot
