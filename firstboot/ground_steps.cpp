// SPDX-License-Identifier: GPL-3.0-or-later
// What has to be there before anybody is spoken to: addresses and the time.
#include <format>
#include <set>

#include "firstboot/steps.hpp"

namespace bedplate::firstboot {

namespace {

constexpr std::string_view unsynchronised_mark = "/run/bedplate/time-not-synchronised";

Result<std::set<std::string>> addresses_here(Platform& platform) {
    BEDPLATE_ASSIGN(const auto out,
                    run_checked(platform.commands, {.argv = {"ip", "-json", "-4", "address", "show"}}));
    BEDPLATE_ASSIGN(const Json links, parse_json(out, "ip -json address"));
    std::set<std::string> found;
    for (const Json& link : links) {
        for (const Json& address : link.value("addr_info", Json::array())) {
            found.insert(address.value("local", ""));
        }
    }
    return found;
}

Result<bool> all_addresses(Node& node) {
    BEDPLATE_ASSIGN(const auto here, addresses_here(node.platform));
    for (const auto& [name, network] : node.settings.networks) {
        if (network.address && !here.contains(network.address->to_text())) {
            return fail("network.address",
                        std::format("{} ({}) is on no port", network.address->to_text(), name));
        }
    }
    return true;
}

Steps address_steps(Node& node) {
    return {.observe = [&node]() -> Result<Observation> {
                const auto there = all_addresses(node);
                return there && *there ? satisfied() : needed();
            },
            .apply =
                [&node] {
                    return wait_until(node.platform, "the planned addresses on their ports",
                                      std::chrono::seconds{60}, [&node] { return all_addresses(node); });
                }};
}

Steps time_steps(Node& node) {
    return {.observe = [&node]() -> Result<Observation> {
                // Nothing to follow: the node's own clock is the time.
                if (node.settings.ntp.empty() || node.platform.files.exists(unsynchronised_mark)) {
                    return satisfied();
                }
                BEDPLATE_ASSIGN(const bool in_step, succeeds(node.platform, wait_for_time(1)));
                return in_step ? satisfied() : needed();
            },
            .apply = [&node]() -> Result<void> {
                BEDPLATE_ASSIGN(const bool in_step, succeeds(node.platform, wait_for_time(15)));
                if (in_step) {
                    return {};
                }
                // The cluster can live with a time of its own; a node that joins is held against the seeds'
                // clock by the seeds. The report says so (check time.synchronised).
                return node.platform.files.write(unsynchronised_mark, "");
            }};
}

}  // namespace

std::vector<Step> ground_steps(Node& node) {
    return {{"network.addresses", "network", "wait for the planned addresses", address_steps(node)},
            {"time.synchronised", "time", "set the clock by the site's time servers", time_steps(node)}};
}

std::vector<Step> all_steps(Node& node) {
    std::vector<Step> steps = ground_steps(node);
    const auto add = [&](std::vector<Step> more) {
        steps.insert(steps.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    };
    add(node.settings.create ? create_steps(node) : join_steps(node));
    add(member_time_steps(node));
    add(ceph_steps(node));
    add(virt_steps(node));
    add(machine_steps(node));
    add(ha_steps(node));
    add(log_steps(node));
    add(edge_steps(node));
    add(monitoring_steps(node));
    add(active_step(node));
    add(site_machine_steps(node));
    return steps;
}

}  // namespace bedplate::firstboot
