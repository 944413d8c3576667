// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/foreign_text.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bedplate;

TEST_CASE("a byte that is not UTF-8 is replaced, and nothing else") {
    CHECK(as_utf8("plain") == "plain");
    CHECK(as_utf8("Gr\xC3\xB6\xC3\x9F"
                  "e") ==
          "Gr\xC3\xB6\xC3\x9F"
          "e");
    CHECK(as_utf8("a\xBE"
                  "b") ==
          "a\xEF\xBF\xBD"
          "b");
    CHECK(as_utf8(std::string_view("\0\x1b[2J", 5)) == std::string_view("\0\x1b[2J", 5));
}

TEST_CASE("a label of raw bytes does not spoil what a tool printed") {
    const std::string text = "{\"label\": \"DDF\xBE\", \"size\": 5}";
    CHECK_FALSE(parse_json(text, "tool").has_value());
    const auto json = parse_tool_json(text, "tool");
    REQUIRE(json.has_value());
    CHECK(json->at("label") == "DDF\xEF\xBF\xBD");
    CHECK(json->at("size") == 5);
    CHECK_FALSE(parse_tool_json("{", "tool").has_value());
}

TEST_CASE("any value can be written for people") {
    CHECK(pretty(Json{{"label", "\xBE"}}) == "{\n  \"label\": \"\xEF\xBF\xBD\"\n}");
}
