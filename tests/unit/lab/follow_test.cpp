// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/follow.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "tests/support/temp_dir.hpp"

using namespace bedplate;
using namespace bedplate::lab;
using Phase = Progress::Phase;

TEST_CASE("lines of a console tell how far a node is") {
    Progress now;
    now = advance(now, "BdsDxe: starting Boot0001");
    CHECK(now.phase == Phase::waiting);
    now = advance(now, "extract     34 %  unpack the node's system  41.2 MB/s, 0:31 left");
    CHECK(now == Progress{.phase = Phase::installing,
                          .stage = "extract",
                          .percent = 34,
                          .text = "unpack the node's system  41.2 MB/s, 0:31 left"});
    now = advance(now, "[   12.0] some line of the kernel's");
    CHECK(now.stage == "extract");
    now = advance(now, "node1 is installed; switching off.");
    CHECK(now.phase == Phase::installed);
    now = advance(now, "[   45.1] bedplate-firstboot[700]: ceph       start the first monitor");
    CHECK(now == Progress{.phase = Phase::first_boot, .stage = "ceph", .text = "start the first monitor"});
}

TEST_CASE("an installation that gave up is a failure, a node that says so later is not") {
    Progress now = advance({}, "preflight    0 %  reading the site document");
    CHECK(advance(now, "exit status 4: refused").phase == Phase::failed);
    now = advance(now, "[   45.1] bedplate-firstboot[700]: ceph       start the first monitor");
    CHECK(advance(now, "exit status 1").phase == Phase::first_boot);
}

TEST_CASE("a console is read as it grows, line by line, without its colours") {
    const fakes::TempDir dir;
    const auto log = dir / "console";
    ConsoleFollower follower(log);
    CHECK(follower.poll().phase == Phase::waiting);
    std::ofstream out(log, std::ios::binary);
    out << "\x1b[0mextract     3" << std::flush;
    CHECK(follower.poll().phase == Phase::waiting);
    out << "4 %  \x1b[1munpack\r\n" << std::flush;
    CHECK(follower.poll().percent == 34);
    CHECK(follower.progress().text == "unpack");
    out << "\xff\xfe nothing\n" << std::flush;
    CHECK(follower.poll().percent == 34);
}

TEST_CASE("a line of the view fits where it is shown") {
    const Progress now{
        .phase = Phase::installing, .stage = "extract", .percent = 5, .text = std::string(200, 'x')};
    CHECK(to_line("node1", now, 79).size() <= 79);
    CHECK(to_line("node1", {.phase = Phase::ready}, 79) == "node1        ready");
}
