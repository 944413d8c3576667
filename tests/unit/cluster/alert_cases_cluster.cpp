// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/cluster/alert_cases.hpp"

namespace bedplate::test {
namespace {

std::vector<AlertCase> quorum_cases() {
    return {
        {"QuorumLost",
         {{R"(ha_cluster_corosync_quorate{node="n1"})", "0x60", "1x60"}},
         {{"node", "n1"}},
         "n1 has no quorum"},
        {"CorosyncRingFault",
         {{R"(bedplate_node_check{check="corosync.links",node="n1"})", "0x60", "1x60"},
          {R"(bedplate_node_check{check="corosync.quorum",node="n1"})", "1x60", "0x60"},
          {R"(up{job="node",node="n1"})", "1x60", "1x60"},
          {R"(up{job="node",node="n2"})", "1x60", "1x60"}},
         {{"check", "corosync.links"}, {"node", "n1"}},
         "a corosync link of n1 is down"},
        // The other node is down, and is back two minutes before: its peers have hardly looked again.
        {"CorosyncRingFault",
         {{R"(bedplate_node_check{check="corosync.links",node="n1"})", "0x60", "0x60"},
          {R"(up{job="node",node="n1"})", "1x60", "1x60"},
          {R"(up{job="node",node="n2"})", "1x60", "1x20 0x24 1x60"}},
         {{"check", "corosync.links"}, {"node", "n1"}},
         "a corosync link of n1 is down"},
        {"CorosyncRingFault",
         {{R"(bedplate_node_check{check="corosync.links",node="n1"})", "0x60", "0x60"},
          {R"(up{job="node",node="n1"})", "1x60", "1x60"},
          {R"(up{job="node",node="n2"})", "1x60", "1x20 0x40"}},
         {{"check", "corosync.links"}, {"node", "n1"}},
         "a corosync link of n1 is down"},
        // Two exporters say it of the third node: one alert.
        {"PacemakerNodeUnclean",
         {{R"(ha_cluster_pacemaker_nodes{status="unclean",node="n3",instance="n1"})", "1x60", "0x60"},
          {R"(ha_cluster_pacemaker_nodes{status="unclean",node="n3",instance="n2"})", "1x60", "0x60"}},
         {{"node", "n3"}},
         "n3 is unclean"},
        {"StonithDisabled",
         {{R"(ha_cluster_pacemaker_stonith_enabled{node="n1"})", "0x60", "1x60"},
          {R"(ha_cluster_pacemaker_stonith_enabled{node="n2"})", "0x60", "1x60"}},
         Json::object(),
         "fencing is switched off"},
        {"FencingFailed",
         {{R"(ha_cluster_pacemaker_fail_count{resource="fence-n2",node="n1"})", "1x60", "0x60"}},
         {{"resource", "fence-n2"}, {"node", "n1"}},
         "fence-n2 failed on n1"},
        {"FencingUnproved",
         {{R"(bedplate_node_check{check="ha.fencing",node="n1"})", "1x60", "1x60"},
          {R"(bedplate_node_check{check="ha.fence-proof",node="n1"})", "0x60", "1x60"},
          {R"(bedplate_node_check{check="ha.fence-loop",node="n1"})", "0x60", "0x60"}},
         {{"node", "n1"}},
         "that n1 can be fenced has not been proved"},
        {"FenceLoop",
         {{R"(bedplate_node_check{check="ha.fence-loop",node="n1"})", "0x60", "_x60"}},
         {{"check", "ha.fence-loop"}, {"node", "n1"}},
         "n1 was fenced again and again and is kept out"},
    };
}

std::vector<AlertCase> etcd_cases() {
    return {
        {"EtcdNoLeader",
         {{R"(etcd_server_has_leader{node="n1"})", "0x60", "1x60"}},
         {{"node", "n1"}},
         "the registry on n1 has no leader"},
        {"EtcdSlowFsync",
         {{R"(etcd_disk_wal_fsync_duration_seconds_bucket{le="0.256",node="n1"})", "0x60", "0+30x60"},
          {R"(etcd_disk_wal_fsync_duration_seconds_bucket{le="1.024",node="n1"})", "0+30x60", "0+30x60"},
          {R"(etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf",node="n1"})", "0+30x60", "0+30x60"}},
         {{"node", "n1"}},
         "1 in 100 writes of the registry on n1 takes more than half a second"},
        {"EtcdDbLarge",
         {{R"(etcd_mvcc_db_total_size_in_bytes{node="n1"})", "90x60", "10x60"},
          {R"(etcd_server_quota_backend_bytes{node="n1"})", "100x60", "100x60"}},
         {{"node", "n1"}},
         "the registry on n1 is nearly full"},
    };
}

std::vector<AlertCase> member_cases() {
    const std::string joining = R"(bedplate_member{member="n3",state="joining",node="n1"})";
    return {
        {"InstallIncomplete",
         {{joining, "1x400", "0x400"}},
         {{"member", "n3"}, {"node", "n3"}},
         "the first boot of n3 does not come to its end",
         "3h"},
        {"NodeNotReady",
         {{R"(bedplate_node_ready{node="n1"})", "0x60", "1x60"}},
         {{"node", "n1"}},
         "n1 does not pass its own checks"},
        {"CertificateExpires",
         {{R"(bedplate_certificate_expires_timestamp_seconds{file="/p/node.crt",node="n1"})", "100000x60",
           "99999999x60"}},
         {{"file", "/p/node.crt"}, {"node", "n1"}},
         "/p/node.crt of n1 expires in 1d 3h 21m 40s"},
        {"TicketExpires",
         {{R"(bedplate_ticket_expires_timestamp_seconds{ticket="0123456789abcdef",node="n1"})", "2000x60",
           "9000x60"},
          {R"(bedplate_ticket_expires_timestamp_seconds{ticket="0123456789abcdef",node="n2"})", "2000x60",
           "9000x60"}},
         {{"ticket", "0123456789abcdef"}},
         "join ticket 0123456789abcdef expires unused in 10 minutes"},
        {"VersionsDiffer",
         {{R"(bedplate_info{version="0.1.0",node="n1"})", "1x900", "1x900"},
          {R"(bedplate_info{version="0.2.0",node="n2"})", "1x900", "_x900"}},
         Json::object(),
         "the nodes run 2 versions of Bedplate",
         "7h"},
    };
}

}  // namespace

std::vector<AlertCase> cluster_cases() {
    auto cases = quorum_cases();
    for (auto& more : {etcd_cases(), member_cases()}) {
        cases.insert(cases.end(), more.begin(), more.end());
    }
    return cases;
}

}  // namespace bedplate::test
