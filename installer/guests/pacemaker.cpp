// SPDX-License-Identifier: GPL-3.0-or-later
#include "guests/pacemaker.hpp"

#include <algorithm>
#include <format>

#include "guests/xml.hpp"
#include "platform/command_runner.hpp"

namespace bedplate::guests {

namespace {

void read_nodes(const pugi::xml_node& result, ClusterState& state) {
    for (const auto& node : result.child("nodes").children("node")) {
        const std::string name = node.attribute("name").as_string();
        const auto is = [&](const char* attribute) { return node.attribute(attribute).as_bool(); };
        if (!is("online") || is("pending") || is("unclean") || is("shutdown")) {
            continue;
        }
        state.present.push_back(name);
        if (!is("standby") && !is("maintenance")) {
            state.online.push_back(name);
        }
    }
}

void read_resources(const pugi::xml_node& result, ClusterState& state) {
    for (const auto& resource : result.child("resources").children("resource")) {
        const std::string agent = resource.attribute("resource_agent").as_string();
        state.fences = state.fences || agent.starts_with("stonith:");
        state.resources[resource.attribute("id").as_string()] = {
            .role = resource.attribute("role").as_string(),
            .node = resource.child("node").attribute("name").as_string(),
            .failed = resource.attribute("failed").as_bool(),
            .pending = !resource.attribute("pending").empty()};
    }
}

void read_utilization(const pugi::xml_node& node, ClusterState& state) {
    for (const auto& pair : node.child("utilization").children("nvpair")) {
        auto& told = state.utilization[node.attribute("uname").as_string()];
        const std::string_view name = pair.attribute("name").as_string();
        const auto value = pair.attribute("value").as_ullong();
        if (name == "cpu") {
            told.cpus = value;
        } else if (name == "hv_memory") {
            told.memory = mib(value);
        }
    }
}

Result<void> run_all(Platform& platform, const std::vector<std::vector<std::string>>& commands) {
    for (const auto& argv : commands) {
        BEDPLATE_TRY(run_checked(platform.commands, {.argv = argv}));
    }
    return {};
}

}  // namespace

Result<ClusterState> cluster_state_from(const std::string& crm_mon, const std::string& nodes) {
    pugi::xml_document status, cib;
    BEDPLATE_TRY(parse_xml(status, crm_mon, "crm_mon"));
    BEDPLATE_TRY(parse_xml(cib, nodes, "cibadmin"));
    ClusterState state;
    const auto result = status.first_child();  // <pacemaker-result>, <crm_mon> before Pacemaker 2.1
    read_nodes(result, state);
    read_resources(result, state);
    for (const auto& node : cib.child("nodes").children("node")) {
        read_utilization(node, state);
    }
    return state;
}

Result<ClusterState> ask_pacemaker(Platform& platform) {
    BEDPLATE_ASSIGN(const auto status,
                    run_checked(platform.commands, {.argv = {"crm_mon", "--one-shot", "--output-as=xml"}}));
    BEDPLATE_ASSIGN(const auto nodes,
                    run_checked(platform.commands, {.argv = {"cibadmin", "--query", "--scope", "nodes"}}));
    return cluster_state_from(status, nodes);
}

Result<void> add_resource(Platform& platform, const std::string& xml) {
    BEDPLATE_TRY(
        run_checked(platform.commands,
                    {.argv = {"cibadmin", "--create", "--scope", "resources", "--xml-pipe"}, .input = xml}));
    return {};
}

Result<void> set_role(Platform& platform, const std::string& id, std::string_view role) {
    return run_all(platform, {{"crm_resource", "--resource", id, "--meta", "--set-parameter", "target-role",
                               "--parameter-value", std::string(role)}});
}

Result<void> delete_resource(Platform& platform, const std::string& id) {
    // A wish would refer to nothing, and failures must not count against the next one of this name.
    return run_all(platform, {{"crm_resource", "--resource", id, "--clear"},
                              {"crm_resource", "--resource", id, "--cleanup"},
                              {"cibadmin", "--delete", "--scope", "resources", "--xml-text",
                               std::format(R"(<primitive id="{}"/>)", id)}});
}

Result<void> prefer_node(Platform& platform, const std::string& id, const std::string& node) {
    return run_all(platform,
                   {{"crm_resource", "--resource", id, "--move", "--node", node, "--lifetime", "PT2H"}});
}

Result<void> clear_preferences(Platform& platform, const std::string& id) {
    return run_all(platform, {{"crm_resource", "--resource", id, "--clear"}});
}

}  // namespace bedplate::guests
