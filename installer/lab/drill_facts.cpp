// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/drill_facts.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.hpp"

namespace bedplate::lab {

namespace {

/// Without the words that a line begins with: "ceph-0" with "ceph-".
std::optional<unsigned> number_after(std::string_view text, std::string_view prefix) {
    const auto number = text.starts_with(prefix) ? parse_unsigned(text.substr(prefix.size())) : std::nullopt;
    return number ? std::optional(static_cast<unsigned>(*number)) : std::nullopt;
}

/// "5650", "20.000000".
std::optional<double> decimal(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value >= 0 ? std::optional(value)
                                                                                  : std::nullopt;
}

struct Key {
    std::string_view name;
    Span Timeouts::* member;
    int unit_ms;
};

constexpr std::array keys{
    Key{"runtime.config.totem.token", &Timeouts::token, 1},
    Key{"runtime.config.totem.consensus", &Timeouts::consensus, 1},
    Key{"link_monitor", &Timeouts::link_monitor, 1},
    Key{"osd_heartbeat_grace", &Timeouts::osd_grace, 1000},
    Key{"osd_heartbeat_interval", &Timeouts::osd_interval, 1000},
    Key{"mon_lease", &Timeouts::mon_lease, 1000},
    Key{"mon_election_timeout", &Timeouts::mon_election, 1000},
};

/// A bond finds a dead port at its next look, and acts after its delay.
constexpr std::string_view timeouts_line =
    "corosync-cmapctl -g runtime.config.totem.token runtime.config.totem.consensus; "
    "for who in osd:osd_heartbeat_grace osd:osd_heartbeat_interval mon:mon_lease mon:mon_election_timeout; "
    "do "
    "echo \"${who#*:} $(ceph config get ${who%%:*} ${who#*:})\"; done; "
    "for bond in /sys/class/net/*/bonding; do "
    "echo \"link_monitor $(($(cat $bond/miimon) + $(cat $bond/downdelay)))\"; done";

}  // namespace

Result<Timeouts> parse_timeouts(std::string_view text) {
    Timeouts timeouts;
    bool totem = false;
    for (const auto& line : split(text, '\n')) {
        const auto words = split(trim(line), ' ');
        const auto key = std::ranges::find(keys, words.front(), &Key::name);
        const auto value = decimal(words.back());
        if (key == keys.end() || !value) {
            continue;
        }
        timeouts.*key->member = Span(static_cast<std::int64_t>(*value * key->unit_ms));
        totem |= key == keys.begin();
    }
    if (!totem) {
        return fail("drill.timeouts", "corosync does not say how long it waits for a node",
                    std::string(keys.front().name));
    }
    return timeouts;
}

Result<Timeouts> read_timeouts(const Rack& rack) {
    BEDPLATE_ASSIGN(const auto text, rack.on_any(std::string(timeouts_line), std::chrono::minutes(3)));
    return parse_timeouts(text);
}

Result<Facts> read_facts(const Rack& rack, const std::string& home) {
    Facts facts{.nodes = {}, .home = home, .mon_leader = {}, .osds = {}};
    BEDPLATE_ASSIGN(const auto quorum, rack.ask_monitors("quorum_status"));
    facts.mon_leader = quorum.value("quorum_leader_name", "");
    for (const auto& node : rack.lab().nodes) {
        facts.nodes.push_back(node.hostname);
        facts.legs = node.macs.size();
        BEDPLATE_ASSIGN(const auto listed, rack.on(node.hostname, "ls /var/lib/ceph/osd"));
        for (const auto& name : split(listed, '\n')) {
            if (const auto osd = number_after(name, "ceph-")) {
                facts.osds[node.hostname].push_back(*osd);
            }
        }
    }
    return facts;
}

Result<std::string> disk_of_osd(const Rack& rack, const std::string& hostname, unsigned osd) {
    BEDPLATE_ASSIGN(const auto text,
                    rack.on(hostname, std::format("lsblk --noheadings --list --inverse --output NAME,TYPE "
                                                  "/var/lib/ceph/osd/ceph-{}/block",
                                                  osd)));
    for (const auto& line : split(text, '\n')) {
        const auto words = split(trim(line), ' ');
        if (words.size() > 1 && words.back() == "disk") {
            return words.front();
        }
    }
    return fail("drill.disk", std::format("the disk of osd.{} is not known", osd), hostname);
}

Result<std::uint64_t> count_cores(const Rack& rack) {
    // ceph-crash moves a report that it has handed on into "posted".
    const std::string line =
        "echo $(($(find /var/lib/ceph/crash -name meta 2>/dev/null | wc -l) + "
        "$(journalctl -q --no-pager -o cat _PID=1 | "
        "grep -cE 'code=(dumped|killed), status=[0-9]+/(ABRT|SEGV|BUS|ILL)')))";
    std::uint64_t all = 0;
    for (const auto& node : rack.lab().nodes) {
        BEDPLATE_ASSIGN(const auto text, rack.on(node.hostname, line, std::chrono::minutes(3)));
        const auto count = parse_unsigned(trim(text));
        if (!count) {
            return fail("drill.cores", "the node does not say how many programs have crashed", node.hostname);
        }
        all += *count;
    }
    return all;
}

Audit audit_active_once(const Rack& rack) {
    std::vector<std::string> where;
    for (const auto& node : rack.lab().nodes) {
        const auto listed = rack.on(node.hostname, "virsh --connect qemu:///system list --name");
        if (!listed) {
            return {.name = "active-once", .ok = false, .detail = listed.error().message};
        }
        const auto names = split(*listed, '\n');
        if (std::ranges::contains(names, pulse_name, [](const std::string& one) { return trim(one); })) {
            where.push_back(node.hostname);
        }
    }
    return {.name = "active-once",
            .ok = where.size() == 1,
            .detail = where.empty() ? "it runs nowhere" : "it runs on " + join(where, ", ")};
}

Audit audit_powered_on(const Rack& rack, const std::string& hostname) {
    const auto node = rack.node(hostname);
    const auto state = node ? rack.libvirt().state(rack.lab().domain(**node)) : std::unexpected(node.error());
    if (!state) {
        return {.name = "powered-on", .ok = false, .detail = state.error().message};
    }
    const bool runs = *state == Libvirt::State::running;
    return {.name = "powered-on",
            .ok = runs,
            .detail = std::format("{} is {}{}", hostname, to_string(*state),
                                  runs ? "" : ": it was switched off, and not on again")};
}

std::string complaint(const std::vector<ClusterView>& views, const std::optional<CephView>& ceph,
                      std::size_t nodes) {
    if (views.size() < nodes) {
        return std::format("Pacemaker answers on {} of {} nodes", views.size(), nodes);
    }
    for (const auto& view : views) {
        for (const auto& [name, node] : view.nodes) {
            if (!node.online || node.unclean || node.standby) {
                return std::format("{} is {}", name,
                                   node.unclean   ? "unclean"
                                   : node.standby ? "in standby"
                                                  : "not online");
            }
        }
        if (!view.quorum || view.nodes.size() < nodes) {
            return std::format("{} nodes are known, {} quorum", view.nodes.size(),
                               view.quorum ? "with" : "without");
        }
        // A node without one that is lost is never replaced.
        const auto devices = std::ranges::count_if(
            view.fencing_devices, [](const std::string& id) { return id.starts_with("fence-"); });
        if (std::cmp_less(devices, nodes)) {
            return std::format("{} of {} fencing devices are started", devices, nodes);
        }
    }
    if (!ceph) {
        return "Ceph's monitors do not answer";
    }
    return ceph->whole() ? ""
                         : std::format("Ceph: {} of {} monitors, {} of {} OSDs up, {} of {} groups clean",
                                       ceph->mons_in_quorum.size(), ceph->mons, ceph->osds_up, ceph->osds,
                                       ceph->pgs_clean, ceph->pgs);
}

std::string home_of(const std::vector<ClusterView>& views) {
    std::string home;
    for (const auto& view : views) {
        const auto found = view.active.find(std::string(pulse_resource));
        if (found == view.active.end() || found->second.size() != 1 ||
            (!home.empty() && home != found->second.front())) {
            return "";
        }
        home = found->second.front();
    }
    return home;
}

}  // namespace bedplate::lab
