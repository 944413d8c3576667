// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/cluster_view.hpp"

#include <pugixml.hpp>

namespace bedplate::lab {

namespace {

void add_resource(pugi::xml_node resource, ClusterView& view) {
    const std::string name = resource.attribute("id").as_string();
    const bool runs = std::string_view(resource.attribute("role").as_string()) == "Started";
    if (std::string_view(resource.attribute("resource_agent").as_string()).starts_with("stonith:")) {
        if (runs) {
            view.fencing_devices.push_back(name);
        }
        return;
    }
    auto& nodes = view.active[name];
    for (const auto node : resource.children("node")) {
        if (resource.attribute("active").as_bool()) {
            nodes.emplace_back(node.attribute("name").as_string());
        }
    }
}

/// Resources stand alone, or inside of groups and clones.
void add_resources(pugi::xml_node parent, ClusterView& view) {
    for (const auto child : parent.children()) {
        if (std::string_view(child.name()) == "resource") {
            add_resource(child, view);
        } else {
            add_resources(child, view);
        }
    }
}

unsigned clean_groups(const Json& pgmap) {
    unsigned clean = 0;
    for (const auto& state : pgmap.value("pgs_by_state", Json::array())) {
        // Scrubbing is a state of clean groups.
        if (state.at("state_name").get<std::string>().starts_with("active+clean")) {
            clean += state.at("count").get<unsigned>();
        }
    }
    return clean;
}

}  // namespace

Result<ClusterView> parse_crm_mon(const std::string& xml) {
    pugi::xml_document document;
    const auto read = document.load_string(xml.c_str());
    const auto result = document.child("pacemaker-result");
    if (!read || !result.child("nodes")) {
        return fail("drill.crm-mon", "crm_mon printed something else than the cluster's state");
    }
    ClusterView view;
    const auto dc = result.child("summary").child("current_dc");
    view.quorum = dc.attribute("with_quorum").as_bool();
    for (const auto node : result.child("nodes").children("node")) {
        view.nodes[node.attribute("name").as_string()] = {.online = node.attribute("online").as_bool(),
                                                          .unclean = node.attribute("unclean").as_bool(),
                                                          .standby = node.attribute("standby").as_bool()};
    }
    add_resources(result.child("resources"), view);
    for (const auto event : result.child("fence_history").children("fence_event")) {
        view.fencings.push_back({.target = event.attribute("target").as_string(),
                                 .action = event.attribute("action").as_string(),
                                 .status = event.attribute("status").as_string(),
                                 .completed = event.attribute("completed").as_string()});
    }
    return view;
}

Result<CephView> parse_ceph_status(const Json& status) {
    try {
        CephView view{.health = status.at("health").at("status"), .checks = {}, .mons_in_quorum = {}};
        const auto& checks = status.at("health").at("checks");
        for (const auto& item : checks.items()) {
            view.checks.push_back(item.key());
        }
        for (const auto& name : status.at("quorum_names")) {
            view.mons_in_quorum.push_back(name.get<std::string>());
        }
        view.mons = status.at("monmap").at("num_mons");
        view.election_epoch = status.at("election_epoch");
        const auto& osds = status.at("osdmap");
        view.osds = osds.at("num_osds");
        view.osds_up = osds.at("num_up_osds");
        view.osds_in = osds.at("num_in_osds");
        view.pgs = status.at("pgmap").at("num_pgs");
        view.pgs_clean = clean_groups(status.at("pgmap"));
        return view;
    } catch (const Json::exception& error) {
        return fail("drill.ceph", std::string("the monitors' status is not as expected: ") + error.what());
    }
}

}  // namespace bedplate::lab
