// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/follow.hpp"

#include <catch2/catch_test_macros.hpp>

#include "registry/etcd.hpp"
#include "tests/support/fake_etcd.hpp"
#include "tests/support/fake_platform.hpp"

using namespace bedplate;
using namespace bedplate::firstboot;
using std::chrono::seconds;

TEST_CASE("the registry is read as a whole after a change, after a failure, and every half a minute") {
    WholeReads reads;
    const WholeReads::Time start{seconds{1000}};
    CHECK(reads.due(7, start));
    reads.begun();
    reads.ended(7, start);
    CHECK_FALSE(reads.due(7, start + seconds{5}));
    CHECK(reads.due(8, start + seconds{5}));
    CHECK(reads.due(7, start + seconds{30}));
    reads.begun();  // and something failed
    CHECK(reads.due(7, start + seconds{35}));
}

TEST_CASE("a registry's revision grows with what is written and what is removed, and with nothing else") {
    fakes::FakePlatform fake;
    fakes::FakeEtcd etcd{fake.http};
    Etcd client{fake.http, {std::string(fakes::FakeEtcd::endpoint)}};
    const auto first = client.revision();
    REQUIRE(first);
    CHECK(client.revision().value() == *first);
    REQUIRE(client.commit({.puts = {{"/bedplate/x", "1"}}}));
    const auto second = client.revision();
    CHECK(second.value() > *first);
    REQUIRE(client.commit({.removes = {"/bedplate/x"}}));
    CHECK(client.revision().value() > second.value());
}
