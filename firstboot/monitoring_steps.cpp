// SPDX-License-Identifier: GPL-3.0-or-later
// Exporters on every node, Prometheus and Alertmanager on the control nodes.
#include <array>
#include <format>

#include "cluster/files.hpp"
#include "firstboot/steps.hpp"

namespace bedplate::firstboot {

namespace {

/// Of these the exporter tells the state; of all others only how many failed. Asking systemd about each of
/// its 200 units every 15 s was the dearest thing that an idle node did.
constexpr std::string_view told_units =
    "(bedplate|ceph|chrony|corosync|etcd|ha_cluster|libvirt|openvswitch|ovs|pacemaker|prometheus|ssh|virt|"
    "systemd-networkd).*";

/// What the alerts ask for, and what one looks at to understand them. Every other collector that is on by
/// default costs each scrape, on every node, once for each Prometheus that asks.
constexpr std::array collectors{"bonding",  "cpu",     "diskstats", "filesystem", "hwmon", "loadavg",
                                "mdadm",    "meminfo", "netdev",    "netstat",    "stat",  "systemd",
                                "textfile", "timex",   "uname",     "vmstat"};

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
                             "--web.listen-address={}:9100\"\n",
                             flags, told_units, ip)},
        {.path = "/etc/default/prometheus-libvirt-exporter",
         .text = std::format("ARGS=\"--web.listen-address={}:9177\"\n", ip)},
        {.path = "/etc/ha_cluster_exporter.yaml", .text = std::format("address: {}\nport: 9664\n", ip)},
        {.path = "/etc/systemd/system/ha_cluster_exporter.service.d/10-bedplate.conf",
         .text =
             std::format("[Unit]\nAfter=corosync.service pacemaker.service\n[Service]\n"
                         "ExecStart=\nExecStart=/usr/bin/ha_cluster_exporter --web.listen-address={}:9664\n",
                         ip)},
    };
}

Result<std::vector<ManagedFile>> server_files(Node& node) {
    BEDPLATE_ASSIGN(const auto identity, read_identity(node.platform.files));
    BEDPLATE_ASSIGN(const auto membership, read_membership(node.platform.files));
    const std::string ip = membership.self.management.to_text();
    // The Alertmanagers of the control nodes know of one another, so that each alert is told once.
    std::string peers;
    for (const auto& member : membership.all) {
        if (member.control && member.hostname != membership.self.hostname) {
            peers += std::format(" --cluster.peer={}:9094", member.management.to_text());
        }
    }
    std::vector<ManagedFile> files{
        {.path = "/etc/prometheus/prometheus.yml",
         .text = prometheus_conf(identity.name, node.settings.hostname)},
        {.path = "/etc/prometheus/rules/bedplate.yml", .text = prometheus_rules()},
        {.path = "/etc/prometheus/alertmanager.yml", .text = alertmanager_conf(node.settings.alert_webhooks)},
        {.path = "/etc/default/prometheus",
         .text = std::format("ARGS=\"--storage.tsdb.retention.time={}d --web.listen-address={}:9090\"\n",
                             node.settings.retention_days, ip)},
        {.path = "/etc/default/prometheus-alertmanager",
         .text = std::format("ARGS=\"--web.listen-address={0}:9093 --cluster.listen-address={0}:9094{1}\"\n",
                             ip, peers)}};
    for (const auto& member : membership.all) {
        const auto target = [&](std::string_view job, std::uint16_t port) {
            files.push_back({.path = std::format("/etc/prometheus/targets/{}-{}.json", job, member.hostname),
                             .text = prometheus_target(member, port)});
        };
        target("node", 9100);
        target("libvirt", 9177);
        target("hacluster", 9664);
        if (member.control) {
            target("ceph", 9283);
            target("alertmanager", 9093);
        }
    }
    return files;
}

Result<bool> yes() {
    return true;
}

}  // namespace

std::vector<Step> monitoring_steps(Node& node) {
    Platform& platform = node.platform;
    const auto reload = [&platform] { return run_all(platform, {{"systemctl", "daemon-reload"}}); };
    std::vector<Step> steps{
        {"monitoring.config", "monitoring", "configure the exporters",
         file_steps(
             platform, [&node] { return exporter_files(node); }, reload)},
        {"monitoring.exporters", "monitoring", "start the exporters",
         unit_steps(platform,
                    {"prometheus-node-exporter.service", "prometheus-libvirt-exporter.service",
                     "ha_cluster_exporter.service"},
                    yes)}};
    steps.push_back({"monitoring.server-config", "monitoring", "configure Prometheus",
                     on_control(platform, file_steps(platform, [&node] { return server_files(node); }))});
    steps.push_back(
        {"monitoring.server", "monitoring", "start Prometheus and Alertmanager",
         on_control(platform,
                    unit_steps(platform, {"prometheus.service", "prometheus-alertmanager.service"}, yes))});
    return steps;
}

}  // namespace bedplate::firstboot
