// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace bedplate {

/// Who votes on something, and who of them can be asked at the moment. Host names.
struct Voters {
    std::vector<std::string> all, present;
};

/// What is known of a cluster when one of its nodes is to be taken out.
struct RemovalFacts {
    std::string node;    ///< to be taken out
    std::string self;    ///< where this is decided
    bool purge = false;  ///< its OSDs are to be emptied and forgotten, not kept for a reinstallation
    Voters corosync, etcd, monitors;
    std::vector<unsigned> osds;  ///< on the node
    bool osds_may_stop = true;   ///< the rest serves every placement group without them
    std::size_t hosts_with_osds = 0;
    std::size_t copies = 0;  ///< the largest size of a pool
};

/// May the node be taken out, so that nothing that votes stops and no data is lost? Pure. Errors, all
/// refused: node.unknown, node.self, node.quorum (who would be left without a majority), node.data (its OSDs
/// are kept and needed), node.copies (purge: fewer hosts than copies would be left).
[[nodiscard]] Result<void> may_remove(const RemovalFacts& facts);

}  // namespace bedplate
