#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a cluster that is made up, as an hour of OpenMetrics text: for pictures without a lab.

usage: example.py healthy|trouble > FILE     (then: promtool tsdb create-blocks-from openmetrics FILE DIR, a Prometheus
                                             over DIR, and pictures.py record)
       example.py alerts FILE                alerts into such a recording: a Prometheus that has just begun fires none
"""
import json
import math
import pathlib
import random
import sys
import time

NODES = ("node1", "node2", "node3")
STEP = 30
SPAN = 3900


class Figures:
    """Samples by family; each a function of the time."""

    def __init__(self):
        self.families = {}

    def gauge(self, name, value, /, **labels):
        text = ",".join(f'{key}="{labels[key]}"' for key in labels)
        self.families.setdefault(name, []).append((text, value))

    def rate(self, name, per_second, /, **labels):
        """A counter that grows as told by a function of the time."""
        total = [0.0]

        def value(at):
            total[0] += max(0.0, per_second(at)) * STEP
            return total[0]

        self.gauge(name, value, **labels)

    def write(self, out, now):
        for name, series in self.families.items():
            out.write(f"# TYPE {name} unknown\n")
            for labels, value in series:
                for at in range(now - SPAN, now + 180, STEP):
                    number = value(at) if callable(value) else value
                    if number is not None:
                        out.write(f"{name}{{{labels}}} {number:.10g} {at}\n")
        out.write("# EOF\n")


def wave(seed, low, high):
    """Something between two values that looks like load."""
    dice = random.Random(seed)
    phase, pace = dice.random() * 6, 400 + dice.random() * 900
    return lambda at: low + (high - low) * (0.5 + 0.35 * math.sin(at / pace + phase) + 0.15 * math.sin(at / 97 + phase))


def add_node(figures, node, now, trouble):
    dead = trouble and node == "node3"
    leg_lost = trouble and node == "node2"
    alive = (lambda at: 0 if at > now - 300 else 1) if dead else (lambda at: 1)
    while_alive = (lambda value: (lambda at: value(at) if at <= now - 300 else None)) if dead else (lambda value: value)
    figures.gauge("up", alive, job="node", node=node)
    figures.gauge("bedplate_node_ready", while_alive(lambda at: 1), node=node)
    figures.gauge("bedplate_info", while_alive(lambda at: 1), node=node, version="0.1.0")
    figures.gauge("ha_cluster_corosync_quorate", while_alive(lambda at: 1), node=node)
    idle = wave(node + "cpu", 0.55, 0.95)
    figures.rate("node_cpu_seconds_total", idle, node=node, cpu="0", mode="idle")
    figures.gauge("node_memory_MemTotal_bytes", while_alive(lambda at: 256 * 2**30), node=node)
    free = wave(node + "memory", 0.25, 0.4)
    figures.gauge("node_memory_MemAvailable_bytes", while_alive(lambda at: free(at) * 256 * 2**30), node=node)
    for mount, ratio in (("/", 0.7), ("/var", 0.12 if leg_lost else 0.55), ("/boot/efi", 0.9)):
        labels = {"node": node, "mountpoint": mount, "fstype": "vfat" if "efi" in mount else "ext4"}
        figures.gauge("node_filesystem_size_bytes", while_alive(lambda at: 40 * 2**30), **labels)
        figures.gauge("node_filesystem_avail_bytes", while_alive(lambda at, r=ratio: r * 40 * 2**30), **labels)
    figures.gauge("node_timex_offset_seconds", while_alive(lambda at: 0.00002), node=node)
    for bond in ("bond0", "bond1"):
        labels = {"node": node, "master": bond, "mode": "802.3ad"}
        served = 1 if leg_lost and bond == "bond1" else 2
        figures.gauge("bedplate_bond_ports", while_alive(lambda at: 2), **labels)
        figures.gauge("bedplate_bond_ports_in_service", while_alive(lambda at, n=served: n), **labels)
    requests, each = wave(node + "requests", 50, 400), wave(node + "latency", 0.0004, 0.012 if leg_lost else 0.002)
    figures.rate("node_disk_reads_completed_total", requests, node=node, device="sda")
    figures.rate("node_disk_writes_completed_total", requests, node=node, device="sda")
    figures.rate("node_disk_read_time_seconds_total", lambda at: requests(at) * each(at), node=node, device="sda")
    figures.rate("node_disk_write_time_seconds_total", lambda at: requests(at) * each(at), node=node, device="sda")
    figures.rate("node_disk_io_time_weighted_seconds_total", wave(node + "queue", 0.1, 3), node=node, device="sda")
    figures.rate("node_network_receive_bytes_total", wave(node + "network", 2e6, 2e8), node=node, device="nic0")


def add_ceph(figures, trouble):
    figures.gauge("ceph_health_status", 1 if trouble else 0)
    if trouble:
        for reason in ("OSD_DOWN", "PG_DEGRADED"):
            figures.gauge("ceph_health_detail", 1, name=reason, severity="HEALTH_WARN")
    size, used = 3.84e12, 0.79 if trouble else 0.43
    figures.gauge("ceph_cluster_total_bytes", 12 * size)
    grow = wave("ceph", used - 0.02, used)
    figures.gauge("ceph_cluster_total_used_raw_bytes", lambda at: grow(at) * 12 * size)
    for number in range(12):
        down = trouble and number >= 8
        daemon = f"osd.{number}"
        figures.gauge("ceph_osd_up", 0 if down else 1, ceph_daemon=daemon)
        figures.gauge("ceph_osd_in", 1, ceph_daemon=daemon)
        figures.gauge("ceph_osd_metadata", 1, ceph_daemon=daemon, hostname=NODES[number // 4])
        figures.gauge("ceph_osd_stat_bytes", size, ceph_daemon=daemon)
        figures.gauge("ceph_osd_stat_bytes_used", size * (used + 0.03 * math.sin(number * 2.1)), ceph_daemon=daemon)
        figures.gauge("ceph_osd_apply_latency_ms", 1 + number % 3, ceph_daemon=daemon)
        figures.rate("ceph_osd_op_w_in_bytes", wave(daemon + "w", 1e6, 3e7), ceph_daemon=daemon)
        figures.rate("ceph_osd_op_r_out_bytes", wave(daemon + "r", 1e6, 6e7), ceph_daemon=daemon)
    figures.gauge("ceph_pg_total", 129, pool_id="2")
    figures.gauge("ceph_pg_active", 129, pool_id="2")


def add_machines(figures, trouble):
    hosts = NODES[:2] if trouble else NODES
    for number, name in enumerate(("web1", "web2", "database", "build-runner", "mail")):
        labels = {"node": hosts[number % len(hosts)], "domain": name}
        figures.gauge("libvirt_domain_info_virtual_cpus", 2 + 2 * (number % 3), **labels)
        figures.gauge("libvirt_domain_info_memory_usage_bytes", (4 + 4 * (number % 3)) * 2**30, **labels)
        figures.rate("libvirt_domain_info_cpu_time_seconds_total", wave(name, 0.1, 1.8), **labels)


ALERTS = (
    ("HostDown", "critical", 290, "node3 does not answer"),
    ("PacemakerNodeUnclean", "critical", 60, "node3 is unclean"),
    ("LacpLegLost", "critical", 2800, "only 1 of the ports of bond1 on node2 carry packets"),
    ("OsdDown", "critical", 240, "osd.8 is down"),
    ("CephNearFull", "warning", 90000, "Ceph is 78% full"),
    ("Watchdog", "none", 400000, "the monitoring works"),
)


def add_alerts(file):
    recorded = json.loads(pathlib.Path(file).read_text())
    recorded["alerts"] = {"alerts": [
        {"labels": {"alertname": name, "severity": severity}, "state": "firing", "value": "1",
         "annotations": {"summary": summary, "runbook": f"/usr/share/bedplate/runbooks/{name}.md"},
         "activeAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(recorded["end"] - seconds))}
        for name, severity, seconds, summary in ALERTS]}
    pathlib.Path(file).write_text(json.dumps(recorded, separators=(",", ":")) + "\n")


def main():
    if sys.argv[1] == "alerts":
        return add_alerts(sys.argv[2])
    trouble = {"healthy": False, "trouble": True}[sys.argv[1]]
    now = int(time.time()) // STEP * STEP
    figures = Figures()
    for node in NODES:
        add_node(figures, node, now, trouble)
    add_ceph(figures, trouble)
    add_machines(figures, trouble)
    figures.write(sys.stdout, now)


if __name__ == "__main__":
    main()
