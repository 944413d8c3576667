// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/ceph.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/fake_platform.hpp"

using namespace bedplate;
using namespace bedplate::firstboot;
using fakes::FakePlatform;

TEST_CASE("monitors are asked in their own form, by whoever the node may be") {
    FakePlatform fake;
    fake.commands.on("*bedplate-ceph*", {.out = "[{\"pool_name\": \"vms\"}]"});
    const auto pools = mon_query(fake.platform, "osd pool ls", {{"detail", "detail"}});
    REQUIRE(pools);
    CHECK(pools->at(0).at("pool_name") == "vms");
    const auto& asked = fake.commands.commands().back();
    CHECK(
        Json::parse(asked.input) ==
        Json::parse(
            R"({"command": {"detail": "detail", "format": "json", "prefix": "osd pool ls"}, "input": ""})"));
    CHECK(asked.argv == std::vector<std::string>{"/usr/lib/bedplate/bedplate-ceph", "--name",
                                                 "client.bedplate-join", "--keyring",
                                                 "/var/lib/bedplate/ceph/client.bedplate-join.keyring"});
    fake.files.add_file("/etc/ceph/ceph.client.admin.keyring", "");
    REQUIRE(mon_command(fake.platform, "config assimilate-conf", {}, "[global]\n"));
    CHECK(fake.commands.commands().back().argv.size() == 1);
    CHECK(Json::parse(fake.commands.commands().back().input) ==
          Json::parse(R"({"command": {"prefix": "config assimilate-conf"}, "input": "[global]\n"})"));
}

TEST_CASE("a list of capabilities stays a list") {
    FakePlatform fake;
    fake.commands.on("*bedplate-ceph*", {.out = "[mgr.n1]\n\tkey = ...\n"});
    REQUIRE(mon_command(fake.platform, "auth get-or-create",
                        {{"entity", "mgr.n1"}, {"caps", {"mon", "allow profile mgr", "osd", "allow *"}}}));
    CHECK(Json::parse(fake.commands.commands().back().input).at("command").at("caps") ==
          Json::array({"mon", "allow profile mgr", "osd", "allow *"}));
}

TEST_CASE("what the monitors refuse is said in their words") {
    FakePlatform fake;
    fake.commands.on("*bedplate-ceph*", {.status = 1, .err = "pool 'vms' does not exist"});
    const auto done = mon_command(fake.platform, "osd pool set", {{"pool", "vms"}});
    REQUIRE(!done);
    CHECK(done.error().message.contains("pool 'vms' does not exist"));
}
