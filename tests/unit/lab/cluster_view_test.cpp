// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/cluster_view.hpp"

#include <catch2/catch_test_macros.hpp>

#include "lab/drill_facts.hpp"

using namespace bedplate;
using namespace bedplate::lab;

namespace {

/// As crm_mon of Pacemaker 3.0 prints it, shortened.
const std::string state =
    R"(<pacemaker-result api-version="2.38" request="crm_mon --one-shot --output-as=xml">
  <summary>
    <stack type="corosync" pacemakerd-state="running"/>
    <current_dc present="true" version="3.0.0" name="node1" id="1" with_quorum="true" mixed_version="false"/>
  </summary>
  <nodes>
    <node name="node1" id="1" online="true" standby="false" maintenance="false" unclean="false" is_dc="true"/>
    <node name="node2" id="2" online="false" standby="false" maintenance="false" unclean="true" is_dc="false"/>
    <node name="node3" id="3" online="true" standby="true" maintenance="false" unclean="false" is_dc="false"/>
  </nodes>
  <resources>
    <resource id="fence-node1" resource_agent="stonith:fence_ipmilan" role="Started" active="true"><node name="node3" id="3"/></resource>
    <resource id="vm-pulse" resource_agent="ocf:bedplate:VirtualDomain" role="Started" active="true" nodes_running_on="1"><node name="node1" id="1" cached="true"/></resource>
    <clone id="ping-clone"><resource id="ping" resource_agent="ocf:pacemaker:ping" role="Started" active="true"><node name="node1" id="1"/></resource></clone>
  </resources>
  <fence_history status="0">
    <fence_event action="reboot" target="node2" client="pacemaker-controld.977" origin="node1" status="success" completed="2026-11-28 23:40:12.123456Z"/>
  </fence_history>
  <status code="0" message="OK"/>
</pacemaker-result>)";

Json ceph_status() {
    return {{"health", {{"status", "HEALTH_WARN"}, {"checks", {{"OSD_DOWN", Json::object()}}}}},
            {"election_epoch", 12},
            {"quorum_names", {"node1", "node3"}},
            {"monmap", {{"num_mons", 3}}},
            {"osdmap", {{"num_osds", 3}, {"num_up_osds", 2}, {"num_in_osds", 3}}},
            {"pgmap",
             {{"num_pgs", 33},
              {"pgs_by_state",
               {{{"state_name", "active+clean"}, {"count", 20}},
                {{"state_name", "active+clean+scrubbing"}, {"count", 1}},
                {{"state_name", "active+undersized+degraded"}, {"count", 12}}}}}}};
}

}  // namespace

TEST_CASE("what crm_mon prints is read: nodes, the machine's place, fencing devices and what they did") {
    const auto view = parse_crm_mon(state);
    REQUIRE(view);
    CHECK(view->quorum);
    CHECK(view->nodes.at("node1") == ClusterView::Node{.online = true});
    CHECK(view->nodes.at("node2") == ClusterView::Node{.unclean = true});
    CHECK(view->nodes.at("node3") == ClusterView::Node{.online = true, .standby = true});
    CHECK(view->active.at("vm-pulse") == std::vector<std::string>{"node1"});
    CHECK(view->active.at("ping") == std::vector<std::string>{"node1"});
    CHECK(view->fencing_devices == std::vector<std::string>{"fence-node1"});
    REQUIRE(view->fencings.size() == 1);
    CHECK(view->fencings[0].target == "node2");
    CHECK(view->fencings[0].status == "success");
    CHECK(home_of({*view, *view}) == "node1");
}

TEST_CASE("what is no state of a cluster is an error") {
    CHECK(parse_crm_mon("").error().code == "drill.crm-mon");
    CHECK(parse_crm_mon("crm_mon: Connection to cluster failed").error().code == "drill.crm-mon");
    CHECK(parse_ceph_status(Json::object()).error().code == "drill.ceph");
}

TEST_CASE("Ceph's status is read, and scrubbing groups are clean") {
    const auto view = parse_ceph_status(ceph_status());
    REQUIRE(view);
    CHECK(view->health == "HEALTH_WARN");
    CHECK(view->checks == std::vector<std::string>{"OSD_DOWN"});
    CHECK(view->mons_in_quorum == std::vector<std::string>{"node1", "node3"});
    CHECK(view->pgs_clean == 21);
    CHECK(view->osds_up == 2);
    CHECK(view->election_epoch == 12);
    CHECK_FALSE(view->whole());
}

TEST_CASE("the first thing that is wrong with a cluster is named") {
    const auto read = parse_crm_mon(state);
    REQUIRE(read);
    auto view = *read;
    CephView ceph{.health = "HEALTH_OK", .mons_in_quorum = {"a"}, .mons = 1};
    CHECK(complaint({view}, ceph, 3) == "Pacemaker answers on 1 of 3 nodes");
    CHECK(complaint({view, view, view}, ceph, 3) == "node2 is unclean");
    view.nodes["node2"] = {.online = true};
    CHECK(complaint({view, view, view}, ceph, 3) == "node3 is in standby");
    view.nodes["node3"] = {.online = true};
    view.fencing_devices.emplace_back("watchdog");
    view.fencing_devices.emplace_back("fence-node2");
    CHECK(complaint({view, view, view}, ceph, 3) == "2 of 3 fencing devices are started");
    view.fencing_devices.emplace_back("fence-node3");
    CHECK(complaint({view, view, view}, ceph, 3).empty());
    CHECK(complaint({view, view, view}, std::nullopt, 3) == "Ceph's monitors do not answer");
    ceph.osds = 1;
    CHECK(complaint({view, view, view}, ceph, 3).contains("0 of 1 OSDs up"));
    view.fencing_devices.clear();
    CHECK(complaint({view, view, view}, ceph, 3) == "0 of 3 fencing devices are started");
}

TEST_CASE("a machine is at home where all agree on one node") {
    ClusterView one, other;
    one.active["vm-pulse"] = {"node1"};
    other.active["vm-pulse"] = {"node2"};
    CHECK(home_of({one}) == "node1");
    CHECK(home_of({one, other}).empty());
    one.active["vm-pulse"] = {"node1", "node2"};
    CHECK(home_of({one}).empty());
    CHECK(home_of({}).empty());
}
