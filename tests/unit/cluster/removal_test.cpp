// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "cluster/removal.hpp"

using namespace bedplate;

namespace {

Voters all_of(std::vector<std::string> names) {
    return {.all = names, .present = names};
}

/// Three nodes, everything well, an OSD on each; "c" is to go.
RemovalFacts three() {
    const std::vector<std::string> names{"a", "b", "c"};
    return {.node = "c",
            .self = "a",
            .corosync = all_of(names),
            .etcd = all_of(names),
            .monitors = all_of(names),
            .osds = {2},
            .hosts_with_osds = 3,
            .copies = 2};
}

std::string verdict(const RemovalFacts& facts) {
    const auto done = may_remove(facts);
    return done ? "" : done.error().code;
}

}  // namespace

TEST_CASE("a node may go while those that stay have their majorities and the data") {
    CHECK(verdict(three()).empty());
    auto facts = three();
    facts.purge = true;
    CHECK(verdict(facts).empty());
    facts.copies = 3;
    CHECK(verdict(facts) == "node.copies");
    facts.purge = false;  // kept for a reinstallation: the copies come back with it
    CHECK(verdict(facts).empty());
    facts.osds_may_stop = false;
    CHECK(verdict(facts) == "node.data");
    facts.purge = true;  // they are emptied while they run, and only then stopped
    facts.copies = 2;
    CHECK(verdict(facts).empty());
}

TEST_CASE("a node that is dead already may go as well, one more that is down keeps it in") {
    auto facts = three();
    for (auto* voters : {&facts.corosync, &facts.etcd, &facts.monitors}) {
        std::erase(voters->present, "c");
    }
    CHECK(verdict(facts).empty());
    for (auto* voters : {&facts.corosync, &facts.etcd, &facts.monitors}) {
        const auto before = *voters;
        std::erase(voters->present, "b");
        CHECK(verdict(facts) == "node.quorum");
        *voters = before;
    }
}

TEST_CASE("of two nodes one may go while both run") {
    const std::vector<std::string> names{"a", "b"};
    RemovalFacts facts{.node = "b",
                       .self = "a",
                       .corosync = all_of(names),
                       .etcd = all_of(names),
                       .monitors = all_of(names)};
    CHECK(verdict(facts).empty());
    // The dead one of two has stopped etcd and Ceph: nothing can be decided without it any more.
    facts.etcd.present = {"a"};
    CHECK(verdict(facts) == "node.quorum");
}

TEST_CASE("a node that nobody knows, and the node itself") {
    auto facts = three();
    facts.node = "d";
    CHECK(verdict(facts) == "node.unknown");
    facts.node = "a";
    CHECK(verdict(facts) == "node.self");
}
