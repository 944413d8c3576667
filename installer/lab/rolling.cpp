// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/rolling.hpp"

#include "base/text.hpp"
#include "lab/drill_facts.hpp"
#include "lab/pulse_machine.hpp"

namespace bedplate::lab {

namespace {

using std::chrono::minutes;

constexpr std::string_view boot_id = "cat /proc/sys/kernel/random/boot_id";

std::string standby(const std::string& node, std::string_view value) {
    return std::format("crm_attribute --node {} --name standby --update {}", node, value);
}

Result<void> restart(const Rack& rack, const std::string& node, const StepTools& tools) {
    tools.say("emptying " + node);
    BEDPLATE_TRY(rack.on(node, standby(node, "on")));
    BEDPLATE_TRY(tools.until("the machine to leave " + node, minutes(15), [&] {
        const auto home = tools.home();
        return !home.empty() && home != node;
    }));
    BEDPLATE_ASSIGN(const auto before, rack.on(node, std::string(boot_id)));
    tools.say("restarting " + node);
    // The connection may end before the answer does.
    [[maybe_unused]] const auto going = rack.on(node, "systemctl reboot");
    BEDPLATE_TRY(tools.until(node + " to start", minutes(15), [&] {
        const auto now = rack.on(node, std::string(boot_id));
        return now && *now != before;
    }));
    std::string said;
    // Standby is all that may be wrong with it.
    BEDPLATE_TRY(tools.until(node + " to be back", minutes(15), [&] {
        if (const auto why = tools.complaint(); why != said) {
            said = why;
            tools.say("  " + (why.empty() ? "well" : why));
        }
        return said.empty() || said == node + " is in standby";
    }));
    BEDPLATE_TRY(rack.on(node, standby(node, "off")));
    return tools.until(node + " to be whole", minutes(15), [&] { return tools.complaint().empty(); });
}

}  // namespace

Result<void> restart_all(Rack& rack, Healing& healing, const StepTools& tools) {
    const auto& nodes = rack.lab().nodes;
    BEDPLATE_TRY(healing.add(
        {.kind = Remedy::Kind::on_node, .node = nodes.front().hostname, .detail = "ceph osd unset noout"}));
    BEDPLATE_TRY(rack.on_any("ceph osd set noout", minutes(2)));
    for (const auto& node : nodes) {
        BEDPLATE_TRY(healing.add(
            {.kind = Remedy::Kind::on_node, .node = node.hostname, .detail = standby(node.hostname, "off")}));
    }
    for (const auto& node : nodes) {
        BEDPLATE_TRY(restart(rack, node.hostname, tools));
    }
    return {};
}

Result<void> migrate_there_and_back(const Rack& rack, const std::string& there, const StepTools& tools) {
    const auto home = tools.home();
    if (home.empty()) {
        return fail("drill.nothing", "the machine does not run on one node", std::string(pulse_name));
    }
    for (const auto& to : {there, home}) {
        tools.say(std::format("{} moves to {}", pulse_name, to));
        // One node, and once: a migration that failed would be tried from the next one, and measured with it.
        BEDPLATE_TRY(rack.on(home, vm_line(std::format("migrate {} --to {}", pulse_name, to)), minutes(15)));
        BEDPLATE_TRY(tools.until(std::format("{} on {}", pulse_name, to), minutes(15),
                                 [&] { return tools.home() == to; }));
    }
    return {};
}

}  // namespace bedplate::lab
