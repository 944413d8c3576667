// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/checks.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "firstboot/cluster_checks.hpp"
#include "firstboot/tools.hpp"
#include "firstboot/tuning_checks.hpp"

namespace bedplate::firstboot {

namespace {

/// What the installer left about this node: /etc/bedplate/node.json and site.json.
struct Expected {
    std::string hostname, cluster, plan_digest, management_address, network_proof;
    std::uint64_t generation = 0;
};

Result<Expected> read_expected(const FileSystem& files) {
    BEDPLATE_ASSIGN(const auto node, read_json(files, "/etc/bedplate/node.json"));
    BEDPLATE_ASSIGN(const auto site, read_json(files, "/etc/bedplate/site.json"));
    try {
        return Expected{.hostname = node.at("hostname"),
                        .cluster = node.at("cluster"),
                        .plan_digest = node.at("plan_digest"),
                        .management_address = site.at("networks").at("management").at("address"),
                        .network_proof = node.value("network_proof", "done"),
                        .generation = node.at("generation")};
    } catch (const nlohmann::json::exception& e) {
        return fail("node.file", std::format("cannot be read: {}", e.what()), "/etc/bedplate");
    }
}

NodeCheck failed_check(std::string id, const Error& error) {
    return {.id = std::move(id), .ok = false, .detail = error.message};
}

NodeCheck check_hostname(Platform& platform, const Expected& expected) {
    const auto name = platform.files.read("/proc/sys/kernel/hostname");
    if (!name) {
        return failed_check("system.hostname", name.error());
    }
    const std::string is(trim(*name));
    return {.id = "system.hostname", .ok = is == expected.hostname, .detail = is};
}

NodeCheck check_root(Platform& platform) {
    const auto source =
        run_checked(platform.commands, {.argv = {"findmnt", "--noheadings", "--output", "SOURCE", "/"}});
    if (!source) {
        return failed_check("disk.root", source.error());
    }
    const std::string is(trim(*source));
    return {.id = "disk.root", .ok = is.starts_with("/dev/mapper/") && is.ends_with("-root"), .detail = is};
}

NodeCheck check_address(Platform& platform, const Expected& expected) {
    const auto out = run_checked(platform.commands, {.argv = {"ip", "-json", "-4", "address", "show"}});
    if (!out) {
        return failed_check("network.management", out.error());
    }
    const auto links = parse_json(*out, "ip -json address");
    if (!links) {
        return failed_check("network.management", links.error());
    }
    for (const auto& link : *links) {
        for (const auto& address : link.value("addr_info", Json::array())) {
            if (address.value("local", "") == expected.management_address) {
                return {
                    .id = "network.management",
                    .ok = true,
                    .detail = std::format("{} on {}", expected.management_address, link.value("ifname", ""))};
            }
        }
    }
    return {
        .id = "network.management", .ok = false, .detail = expected.management_address + " is on no port"};
}

/// Not a failure of the node, but whoever looks for one shall see it.
NodeCheck check_proof(const Expected& expected) {
    const bool skipped = expected.network_proof == "skipped";
    return {.id = "network.proof",
            .ok = true,
            .detail = skipped ? "SKIPPED when the node was installed (--skip-network-proof)"
                              : "done before the disks were written to"};
}

NodeCheck check_units(Platform& platform) {
    const auto out = run_checked(platform.commands, {.argv = {"systemctl", "list-units", "--state=failed",
                                                              "--plain", "--no-legend", "--no-pager"}});
    if (!out) {
        return failed_check("units.failed", out.error());
    }
    std::vector<std::string> failed;
    for (const auto& line : split(*out, '\n')) {
        if (!trim(line).empty()) {
            failed.push_back(split(trim(line), ' ').front());
        }
    }
    return {
        .id = "units.failed", .ok = failed.empty(), .detail = failed.empty() ? "none" : join(failed, ", ")};
}

std::string fencing_advice(std::string_view check) {
    if (check == "ha.fence-loop") {
        return "find out why it was fenced (journalctl --boot=-1, the BMC's event log), then on a control "
               "node: "
               "bedplate node fencing NAME --release --commit";
    }
    if (check == "ha.fence-proof") {
        return "look at the BMC's address (/etc/bedplate/node.json) and what opens it "
               "(/etc/bedplate/bmc.json), then "
               "on a control node: bedplate node fencing NAME --test status --commit";
    }
    return "set fencing up before machines are given to Pacemaker";
}

/// A member is ready when everything holds but what is only advice.
void add_member_checks(Platform& platform, NodeReport& report) {
    report.state = report.error ? NodeReport::State::failed : NodeReport::State::ready;
    for (auto& check : check_member(platform)) {
        if (!check.ok && !is_advice(check.id)) {
            report.state = NodeReport::State::failed;
            report.error = report.error.value_or(check.id + ": " + check.detail);
        }
        if (!check.ok && check.id.starts_with("ha.fenc")) {
            report.next_steps.push_back(fencing_advice(check.id));
        }
        report.checks.push_back(std::move(check));
    }
}

/// The kernel's values: only those that the profile requires keep a node from being what it is else.
void add_tuning(Platform& platform, NodeReport& report) {
    auto values = check_tuning(platform);
    if (!values) {
        report.checks.push_back(failed_check("tuning.values", values.error()));
        return;
    }
    for (auto& check : tuning_summary(*values)) {
        if (!check.ok && check.id == "tuning.required") {
            report.state = NodeReport::State::failed;
            report.error = report.error.value_or(check.id + ": " + check.detail);
        }
        report.checks.push_back(std::move(check));
    }
    report.tuning = std::move(*values);
}

}  // namespace

Result<NodeReport> check_node(Platform& platform) {
    BEDPLATE_ASSIGN(const auto expected, read_expected(platform.files));
    NodeReport report{
        .hostname = expected.hostname,
        .cluster = expected.cluster,
        .generation = expected.generation,
        .plan_digest = expected.plan_digest,
        .checks = {check_hostname(platform, expected), check_root(platform),
                   check_address(platform, expected), check_proof(expected), check_units(platform)},
        .tuning = {},
        .failed_action = {},
        .error = {},
        .next_steps = {},
        .boot_id = current_boot_id(platform.files)};
    const bool finished = platform.files.exists(finished_path);
    const auto bad = std::ranges::find(report.checks, false, &NodeCheck::ok);
    if (bad != report.checks.end()) {
        report.state = NodeReport::State::failed;
        report.error = bad->id + ": " + bad->detail;
        report.next_steps = {
            "look at 'journalctl -b -p warning', mend it, then 'systemctl restart bedplate-firstboot'"};
    } else if (!finished) {
        report.state = NodeReport::State::joining;
        report.checks.push_back(
            {.id = "cluster.member", .ok = false, .detail = "not a member of a cluster yet"});
        report.next_steps = {"the node is installed; creating or joining the cluster is the next step"};
    }
    if (finished) {
        add_member_checks(platform, report);
    }
    add_tuning(platform, report);
    return report;
}

}  // namespace bedplate::firstboot
