// SPDX-License-Identifier: GPL-3.0-or-later
// Two rsyslogd with the product's files: what arrives, what waits, and who is let in.
#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "platform/time_scale.hpp"
#include "tests/services/log_rig.hpp"

using namespace bedplate;
using namespace bedplate::servicetest;

namespace {

void need_rsyslog() {
    if (!std::filesystem::exists(rsyslogd) ||
        !std::filesystem::exists("/usr/lib/x86_64-linux-gnu/rsyslog/omrelp.so")) {
        SKIP("needs rsyslog and rsyslog-relp");
    }
}

/// Waits until something is seen, for half a minute at most.
template <typename Holds>
bool soon(const Holds& holds) {
    const auto deadline = std::chrono::steady_clock::now() + scaled(std::chrono::seconds{30});
    while (!holds()) {
        if (std::chrono::steady_clock::now() >= deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    return true;
}

}  // namespace

TEST_CASE("a node's lines stand at the control node, as JSON, in the folder of the node that sent them") {
    need_rsyslog();
    LogRig rig;
    rig.start("node1");
    rig.start("node2");
    rig.write("node2", 1, 200);
    rig.write("node1", 1001, 1010);
    INFO(rig.log("node1") << rig.log("node2"));
    CHECK(rig.arrive("node2", 1, 200));
    CHECK(rig.arrive("node1", 1001, 1010));
    CHECK(rig.received("node2").size() == 200);
    std::set<std::string> ids;
    for (const auto& object : rig.objects("node2")) {
        CHECK(object.at("host") == "node2");
        CHECK(object.contains("@timestamp"));
        CHECK(ids.insert(object.at("id").get<std::string>()).second);
    }
}

TEST_CASE("a control node that is killed in the middle and comes back later has every line") {
    need_rsyslog();
    LogRig rig;
    rig.start("node1");
    rig.start("node2");
    rig.write("node2", 1, 2000);
    INFO(rig.log("node1") << rig.log("node2"));
    REQUIRE(soon([&] { return !rig.received("node2").empty(); }));
    rig.kill("node1");
    rig.write("node2", 2001, 5000);
    // More than memory holds: the rest has to be on the sender's disk.
    CHECK(soon([&] { return rig.waiting("node2") > 0; }));
    rig.start("node1");
    rig.write("node2", 5001, 5100);
    CHECK(rig.arrive("node2", 1, 5100));
    // What was on its way when the receiver died may be there twice, with the same id and the same words.
    std::map<std::string, std::string> words;
    for (const auto& object : rig.objects("node2")) {
        const std::string message = object.at("message");
        const auto [known, is_new] = words.emplace(object.at("id").get<std::string>(), message);
        CHECK((is_new || known->second == message));
    }
}

TEST_CASE("what waits on a node's disk outlives a restart of its rsyslogd") {
    need_rsyslog();
    LogRig rig;
    rig.start("node2");
    rig.write("node2", 1, 1000);
    INFO(rig.log("node2"));
    REQUIRE(soon([&] { return rig.waiting("node2") > 0; }));
    rig.stop("node2");
    rig.start("node2");
    rig.write("node2", 1001, 1100);
    rig.start("node1");
    CHECK(rig.arrive("node2", 1, 1100));
}

TEST_CASE("a certificate of another authority, or for a name that is no member's, gets nothing in") {
    need_rsyslog();
    LogRig rig;
    rig.start("node1");
    SECTION("another authority") {
        rig.start("node2", LogRig::Shows::one_of_another_ca);
    }
    SECTION("another name") {
        rig.start("node2", LogRig::Shows::one_for_another_name);
    }
    rig.write("node2", 1, 10);
    // The receiver works all the while: it takes its own lines.
    rig.write("node1", 1, 10);
    INFO(rig.log("node1") << rig.log("node2"));
    REQUIRE(rig.arrive("node1", 1, 10));
    std::this_thread::sleep_for(scaled(std::chrono::seconds{8}));
    CHECK(rig.received("node2").empty());
    // With its own certificate the same node is let in.
    rig.stop("node2");
    rig.start("node2");
    rig.write("node2", 11, 20);
    CHECK(rig.arrive("node2", 11, 20));
}

TEST_CASE("a node tells nothing to a receiver whose certificate is of another authority") {
    need_rsyslog();
    LogRig rig;
    rig.start("node1", LogRig::Shows::one_of_another_ca);
    rig.start("node2");
    rig.write("node2", 1, 500);
    INFO(rig.log("node1") << rig.log("node2"));
    // What the product looks for in the journal, to start rsyslogd again (firstboot/logs.cpp).
    CHECK(soon([&] { return rig.log("node2").contains("DISABLING action"); }));
    CHECK(rig.received("node2").empty());
    rig.stop("node1");
    rig.start("node1");
    rig.stop("node2");
    rig.start("node2");
    rig.write("node2", 501, 510);
    CHECK(rig.arrive("node2", 501, 510));
}
