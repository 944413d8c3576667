// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "bench/table.hpp"

using namespace bedplate::bench;

TEST_CASE("the median is the middle value, or the mean of the two in the middle") {
    CHECK(median({3}) == 3);
    CHECK(median({9, 1, 5}) == 5);
    CHECK(median({4, 1, 2, 9}) == 3);
}

TEST_CASE("a missed aim is said, and so is a figure that nobody measured") {
    CHECK(verdict({.what = "ratio", .ours = {30}, .floor_name = "floor", .floor = {10}, .aim = 2.0}) ==
          "MISSED");
    CHECK(verdict({.what = "ratio", .ours = {20}, .floor_name = "floor", .floor = {10}, .aim = 2.0}) ==
          "met");
    CHECK(verdict({.what = "value", .ours = {2.1}, .aim = 2.0}) == "MISSED");
    CHECK(verdict({.what = "value", .ours = {1.9}, .aim = 2.0}) == "met");
    CHECK(verdict({.what = "told only", .ours = {5}}).empty());
    CHECK(verdict({.what = "no floor", .ours = {5}, .floor_name = "floor", .aim = 2.0}) == "not measured");
    CHECK(verdict({.what = "nothing", .aim = 2.0}) == "not measured");
}

TEST_CASE("the table shows medians, ranges and ratios in aligned columns") {
    const auto text = to_table({{.what = "installation",
                                 .ours = {61.2, 58.0, 60.0},
                                 .floor_name = "floor",
                                 .floor = {30.0, 31.0, 29.0},
                                 .aim = 2.0},
                                {.what = "ISO", .unit = "MB", .ours = {712.34}, .aim = 800}});
    CHECK(text ==
          "| what         | Bedplate           | compared with             | ratio | aim       | result |\n"
          "| ------------ | ------------------ | ------------------------- | ----- | --------- | ------ |\n"
          "| installation | 60.0 s (58.0-61.2) | floor: 30.0 s (29.0-31.0) | 2.00x | <= 2x     | met    |\n"
          "| ISO          | 712.3 MB           | -                         | -     | <= 800 MB | met    |\n");
}
