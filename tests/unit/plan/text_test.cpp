// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "base/text.hpp"
#include "example.hpp"
#include "plan/bar.hpp"

namespace bedplate {
namespace {

using test::Example;

Segment segment(std::string label, Bytes size, std::string content = "") {
    return {.label = std::move(label), .start = {}, .size = size, .content = std::move(content)};
}

}  // namespace

TEST_CASE("a bar shows every segment, the larger ones wider") {
    CHECK(bar({segment("ESP", gib(1)), segment("root", gib(7))}, 22) == "[ESP  |root          ]");
    CHECK(bar({segment("1", gib(8), "xfs")}, 12) == "[1 xfs     ]");
    CHECK(bar({segment("1", gib(8), "a long name of it")}, 12) == "[1         ]");
    CHECK(bar({}, 13) == "[no medium  ]");
    CHECK(bar({segment("\xc3\xa4", gib(1))}, 6) == "[??  ]");
}

TEST_CASE("a bar is as wide as asked for, however many segments there are") {
    std::vector<Segment> segments;
    for (int count = 0; count < 100; ++count) {
        CHECK(bar(segments, 67).size() == 67);
        segments.push_back(
            segment(std::to_string(count), gib(1) * static_cast<std::uint64_t>(count * count)));
    }
    CHECK(bar(segments, 67).ends_with("|+]"));
}

TEST_CASE("the text fits a screen of 80 columns but for single words and lines of files") {
    Example example;
    example.node.install.wipe = WipePolicy::not_ours;
    example.system_disk().signatures = {std::string(30, 'x'), "xfs", "a", "linux_raid_member"};
    example.system_disk().partition_table = "gpt";
    const auto plan = example.plan();
    REQUIRE(plan);
    const std::string text = to_text(*plan);
    for (const std::string& line : split(text, '\n')) {
        std::string_view rest = trim(line);
        const bool of_file = rest.starts_with('|');
        if (rest.ends_with(" \\")) {
            rest.remove_suffix(2);
        }
        INFO(line);
        CHECK((line.size() <= 80 || of_file || !rest.contains(' ')));
    }
}

TEST_CASE("the text says what is erased, what is protected and what the digest is") {
    Example example;
    example.node.install.wipe = WipePolicy::not_ours;
    example.system_disk().signatures = {"xfs"};
    const auto plan = example.plan();
    REQUIRE(plan);
    const std::string text = to_text(*plan);
    INFO(text);
    CHECK(text.contains(plan->digest()));
    CHECK(text.contains("! sdb DELLBOSS VD"));
    CHECK(text.contains("is ERASED, then becomes the system disk"));
    CHECK(text.contains("DISKS: 1 to be written, 2 left to first boot, 0 protected"));
    CHECK(text.contains("  ! teardown.wipe"));
    CHECK(text.contains("FIRST BOOT"));
}

TEST_CASE("a disk without a stable link is shown as found by identity, and commands do not name it") {
    Example example;
    example.system_disk().by_id.clear();
    example.system_disk().by_path.clear();
    const auto plan = example.plan();
    REQUIRE(plan);
    CHECK(to_text(*plan).contains("it has no stable link"));
    CHECK(!to_commands_text(*plan).contains("/dev/sdb"));
    CHECK(to_commands_text(*plan).contains("--disk DISK"));
}

TEST_CASE("the commands can be read alone, with the actions as comments") {
    const auto plan = Example().plan();
    REQUIRE(plan);
    const std::string text = to_commands_text(*plan);
    CHECK(text.starts_with("# preflight.payload: "));
    for (const std::string& line : split(text, '\n')) {
        CHECK((line.empty() || line.starts_with("# ") || !line.starts_with(' ')));
    }
}

}  // namespace bedplate
