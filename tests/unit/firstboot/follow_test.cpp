// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/follow.hpp"

#include <catch2/catch_test_macros.hpp>

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
