// SPDX-License-Identifier: GPL-3.0-or-later
// Virtual machines of a cluster on the virtual rack.
#include <catch2/catch_test_macros.hpp>

#include "figures.hpp"
#include "require.hpp"
#include "vms.hpp"

using namespace bedplate;
using namespace bedplate::vm;

namespace {

/// These nodes have no BMC, and Pacemaker starts nothing that nobody could fence. A control node writes the
/// rules once more soon after it became a member.
void do_without_fencing(const GuestSsh& ssh) {
    must(ssh.output(
        "for i in 1 2 3; do crm_attribute --type crm_config --name stonith-enabled --update false; "
        "sleep 15; done"));
    REQUIRE(must(ssh.output("crm_attribute --type crm_config --name stonith-enabled --query --quiet")) ==
            "false");
}

}  // namespace

TEST_CASE("a machine counts on while it moves from node to node, and leaves nothing behind", "[vms]") {
    const Timed timed("all of it");
    RackCluster cluster("vms", 3, "br0");
    cluster.unite();
    do_without_fencing(cluster.ssh(1));
    check_vms(cluster);
    cluster.succeeded();
}
