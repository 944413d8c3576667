// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/drill_faults.hpp"

#include "lab/drill_facts.hpp"

namespace bedplate::lab {

namespace {

std::string osd_unit(const Choice& choice) {
    return std::format("ceph-osd@{}.service", choice.osd.value_or(0));
}

std::string mon_unit(const Choice& choice) {
    return std::format("ceph-mon@{}.service", choice.node);
}

std::string kill_line(const std::string& unit) {
    return "systemctl kill --signal=SIGKILL " + unit;
}

}  // namespace

/// systemd starts it by itself, unless it has failed too often.
Result<void> Fault::plan_daemon(const std::string& node, const std::string& unit, const std::string& before) {
    return healing_.add(
        {.kind = Remedy::Kind::on_node,
         .node = node,
         .detail = std::format("{0}systemctl reset-failed {1}; systemctl start {1}", before, unit)});
}

/// What the cluster does to a node in a drill is no reason to keep it out (the guard against fence loops
/// counts it as any other fencing). The last added is healed first: this comes when the node is back.
Result<void> Fault::plan_release(const std::string& node) {
    return healing_.add({.kind = Remedy::Kind::on_node,
                         .node = node,
                         .detail = std::format("bedplate node fencing {} --release --commit", node)});
}

Result<std::string> Fault::mac(const Choice& choice) const {
    BEDPLATE_ASSIGN(const auto* node, rack_.node(choice.node));
    return node->macs.at(choice.leg);
}

Result<void> Fault::prepare(DrillKind kind, const Choice& choice) {
    switch (kind) {
        case DrillKind::node_crash:
            BEDPLATE_TRY(plan_release(choice.node));
            return healing_.add({Remedy::Kind::power_on, choice.node});
        case DrillKind::node_hang:
            BEDPLATE_TRY(plan_release(choice.node));
            BEDPLATE_TRY(healing_.add({Remedy::Kind::power_on, choice.node}));
            return healing_.add({Remedy::Kind::resume, choice.node});
        case DrillKind::osd_loss:
            return plan_daemon(choice.node, osd_unit(choice));
        case DrillKind::disk_error: {
            BEDPLATE_ASSIGN(disk_, disk_of_osd(rack_, choice.node, *choice.osd));
            return plan_daemon(choice.node, osd_unit(choice),
                               std::format("echo running >/sys/block/{}/device/state; ", disk_));
        }
        case DrillKind::partition: {
            BEDPLATE_ASSIGN(flows_, rack_.partition_of(choice.node));
            BEDPLATE_TRY(plan_release(choice.node));
            BEDPLATE_TRY(healing_.add({Remedy::Kind::power_on, choice.node}));
            return healing_.add({Remedy::Kind::reconnect, ""});
        }
        case DrillKind::leg_loss: {
            BEDPLATE_ASSIGN(const auto address, mac(choice));
            return healing_.add({Remedy::Kind::plug, choice.node, address});
        }
        case DrillKind::mon_leader:
            return plan_daemon(choice.node, mon_unit(choice));
        case DrillKind::rolling_restart:
        case DrillKind::migrate:
            break;
    }
    return {};
}

Result<void> Fault::from_outside(DrillKind kind, const Choice& choice) {
    BEDPLATE_ASSIGN(const auto* node, rack_.node(choice.node));
    const auto domain = rack_.lab().domain(*node);
    switch (kind) {
        case DrillKind::node_crash:
            return rack_.kill_emulator(choice.node);
        case DrillKind::node_hang:
            return rack_.libvirt().suspend(domain);
        case DrillKind::partition:
            return rack_.part(flows_);
        case DrillKind::leg_loss: {
            BEDPLATE_ASSIGN(const auto address, mac(choice));
            return rack_.libvirt().set_link(domain, address, false);
        }
        case DrillKind::osd_loss:
        case DrillKind::mon_leader:
        case DrillKind::disk_error:
        case DrillKind::rolling_restart:
        case DrillKind::migrate:
            break;
    }
    return {};
}

/// Empty: the fault is none that a node does to itself.
std::string Fault::line_on_node(DrillKind kind, const Choice& choice) const {
    switch (kind) {
        case DrillKind::osd_loss:
            return kill_line(osd_unit(choice));
        case DrillKind::mon_leader:
            return kill_line(mon_unit(choice));
        case DrillKind::disk_error:
            // The kernel answers every request with an error, as of a disk that is broken; unlike one that is
            // pulled out, it comes back without a restart (decision 0097).
            return std::format("echo offline >/sys/block/{}/device/state", disk_);
        case DrillKind::node_crash:
        case DrillKind::node_hang:
        case DrillKind::partition:
        case DrillKind::leg_loss:
        case DrillKind::rolling_restart:
        case DrillKind::migrate:
            break;
    }
    return "";
}

Result<std::chrono::steady_clock::time_point> Fault::inject(DrillKind kind, const Choice& choice) {
    constexpr std::string_view begins = "now";
    const auto& clock = rack_.platform().clock;
    auto moment = clock.steady();
    const auto line = line_on_node(kind, choice);
    if (line.empty()) {
        BEDPLATE_TRY(from_outside(kind, choice));
        return moment;
    }
    BEDPLATE_TRY(rack_.on(choice.node, std::format("echo {}; {}", begins, line), std::chrono::seconds{60},
                          [&](std::string_view said) {
                              if (said == begins) {
                                  moment = clock.steady();
                              }
                          }));
    return moment;
}

Result<void> Fault::release(DrillKind kind, const Choice& choice) {
    BEDPLATE_ASSIGN(const auto* node, rack_.node(choice.node));
    const auto domain = rack_.lab().domain(*node);
    if (kind == DrillKind::node_hang) {
        return rack_.libvirt().resume(domain);
    }
    if (kind == DrillKind::leg_loss) {
        BEDPLATE_ASSIGN(const auto address, mac(choice));
        return rack_.libvirt().set_link(domain, address, true);
    }
    return {};
}

}  // namespace bedplate::lab
