// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace bedplate::lab {

/// What Pacemaker says of the cluster, in the eyes of one node.
struct ClusterView {
    struct Node {
        bool online = false, unclean = false, standby = false;
        bool operator==(const Node&) const = default;
    };
    struct Fencing {
        std::string target, action, status, completed;  ///< status "success", "failed", "pending"
        bool operator==(const Fencing&) const = default;
    };
    bool quorum = false;
    std::map<std::string, Node> nodes;
    std::map<std::string, std::vector<std::string>> active;  ///< nodes on which a resource runs, by its name
    std::vector<std::string> fencing_devices;                ///< that are started
    std::vector<Fencing> fencings;                           ///< newest first
    bool operator==(const ClusterView&) const = default;
};

/// Of `crm_mon --one-shot --fence-history=3 --output-as=xml`. Errors: drill.crm-mon.
[[nodiscard]] Result<ClusterView> parse_crm_mon(const std::string& xml);

/// What Ceph's monitors say.
struct CephView {
    std::string health;               ///< "HEALTH_OK"
    std::vector<std::string> checks;  ///< codes of what is not well
    std::vector<std::string> mons_in_quorum;
    unsigned mons = 0, osds = 0, osds_up = 0, osds_in = 0, pgs = 0, pgs_clean = 0;
    unsigned election_epoch = 0;  ///< of the monitors: another one after each election
    bool operator==(const CephView&) const = default;
    /// All monitors, all OSDs, all placement groups active+clean.
    [[nodiscard]] bool whole() const {
        return mons_in_quorum.size() == mons && osds_up == osds && osds_in == osds && pgs_clean == pgs;
    }
};

/// Of the monitors' command "status". Errors: drill.ceph.
[[nodiscard]] Result<CephView> parse_ceph_status(const Json& status);

}  // namespace bedplate::lab
