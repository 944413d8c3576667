// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network_change.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/fake_platform.hpp"

using namespace bedplate;

namespace {

constexpr auto pending = "/var/lib/bedplate/network/pending.json";
constexpr auto bond_file = "/etc/systemd/network/20-bond0.netdev";
constexpr auto new_file = "/etc/systemd/network/40-ring1.netdev";

struct Node {
    fakes::FakePlatform fake;
    Node() {
        fake.files.add_file(bond_file, "old");
        fake.files.add_directory("/sys/class/net/bond0");
        fake.commands.on("systemd-run *").on("systemctl *").on("ip link delete *");
    }
    Result<void> apply() {
        return apply_network(fake.platform, {{bond_file, "new"}, {new_file, "ring"}},
                             std::chrono::seconds(60));
    }
};

}  // namespace

TEST_CASE("a change is armed before it is made, and a bond whose file changed is made anew") {
    Node node;
    node.fake.commands.on("systemd-run *", fakes::FakeCommandRunner::Handler([&](const Command& command) {
                              CHECK(node.fake.files.read(bond_file).value() == "old");
                              CHECK(node.fake.files.exists(pending));
                              CHECK(std::ranges::contains(command.argv, "--on-active=60s"));
                              return Result<CommandResult>(CommandResult{});
                          }));
    REQUIRE(node.apply());
    CHECK(node.fake.files.read(bond_file).value() == "new");
    CHECK(node.fake.commands.count("ip link delete dev bond0") == 1);
    CHECK(node.fake.commands.count("ip link delete dev ring1") == 0);
    CHECK(node.fake.commands.count("systemctl reload systemd-networkd.service") == 1);
}

TEST_CASE("without a timer nothing is changed") {
    Node node;
    node.fake.commands.on("systemd-run *", {.status = 1, .err = "Failed to start transient timer unit"});
    const auto refused = node.apply();
    REQUIRE(!refused);
    CHECK(refused.error().code == "network.armed");
    CHECK(node.fake.files.read(bond_file).value() == "old");
    CHECK(!node.fake.files.exists(pending));
}

TEST_CASE("what is not confirmed is taken back, what is confirmed stays") {
    Node node;
    REQUIRE(node.apply());
    CHECK(node.apply().error().code == "network.pending");
    CHECK(roll_back_network(node.fake.platform, true).value());
    CHECK(node.fake.files.read(bond_file).value() == "old");
    CHECK(!node.fake.files.exists(new_file));
    CHECK(!node.fake.files.exists(pending));
    CHECK_FALSE(roll_back_network(node.fake.platform, true).value());

    REQUIRE(node.apply());
    REQUIRE(confirm_network(node.fake.platform));
    CHECK_FALSE(roll_back_network(node.fake.platform, true).value());
    CHECK(node.fake.files.read(bond_file).value() == "new");
    CHECK(confirm_network(node.fake.platform).error().code == "network.nothing-pending");
}

TEST_CASE("after a restart only the files are put back: networkd has not begun yet") {
    Node node;
    REQUIRE(node.apply());
    const auto before = node.fake.commands.commands().size();
    CHECK(roll_back_network(node.fake.platform, false).value());
    CHECK(node.fake.files.read(bond_file).value() == "old");
    CHECK(node.fake.commands.commands().size() == before);
}

TEST_CASE("a firewall that nft does not take changes nothing") {
    Node node;
    node.fake.commands.on("nft -c *", {.status = 1, .err = "syntax error"});
    CHECK(!apply_network(node.fake.platform, {{"/etc/nftables.conf", "table {"}}, std::chrono::seconds(60)));
    CHECK(node.fake.commands.count("systemd-run *") == 0);
}

TEST_CASE("only files that differ are changed, and what the plan does not have goes") {
    Node node;
    NetworkPlan plan;
    plan.files = {{bond_file, "old"}, {new_file, "ring"}};
    node.fake.files.add_file("/etc/systemd/network/99-by-hand.network", "x");
    const auto changes = network_difference(node.fake.files, plan);
    REQUIRE(changes);
    CHECK(*changes ==
          NetworkFiles{{"/etc/systemd/network/99-by-hand.network", std::nullopt}, {new_file, "ring"}});
}
