// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/yaml_tree.hpp"

#include <catch2/catch_test_macros.hpp>

#include "documents.hpp"
#include "profile/yaml_text.hpp"

using namespace bedplate;
using namespace bedplate::test;

namespace {

std::vector<std::string> findings_of(std::string_view text) {
    Report report;
    (void)parse_yaml(text, "f.yaml", report);
    return places(report);
}

using List = std::vector<std::string>;

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace

TEST_CASE("what YAML offers besides plain values is refused where it stands") {
    struct Row {
        std::string_view text;
        List places;
    };
    const std::vector<Row> rows{
        {"a: &x 1\n", {"1:4 yaml.anchor"}},
        {"a: &x {b: 1}\nc: 2\n", {"1:4 yaml.anchor"}},
        {"a: &x 1\nb: *x\n", {"1:4 yaml.anchor", "2:4 yaml.alias"}},
        {"a: *nowhere\n", {"1:4 yaml.alias"}},
        {"a: &x {b: *x}\n", {"1:4 yaml.anchor", "1:11 yaml.alias"}},
        {"a: !!str 1\n", {"1:4 yaml.tag"}},
        {"a: !local 1\n", {"1:4 yaml.tag"}},
        {"a: ! 1\n", {"1:4 yaml.tag"}},
        {"a: !!set {b: 1}\n", {"1:4 yaml.tag"}},
        {"a: ! [1]\n", {"1:4 yaml.tag"}},
        {"a: !!null\n", {"1:4 yaml.tag"}},
        {"a: 1\n---\nb: 2\n", {"2:1 yaml.second-document"}},
        {"a: 1\n...\nb: 2\n", {"3:1 yaml.second-document"}},
        {"{a: 1}\nb: 2\n", {"2:1 yaml.second-document"}},
        {"a: 1\nb: 2\na: 3\n", {"3:1 yaml.duplicate-key"}},
        {"a: {b: 1, c: 2, b: 3}\n", {"1:17 yaml.duplicate-key"}},
        {"a: 1\n\"a\": 2\n", {"2:1 yaml.duplicate-key"}},
        {"[a]: 1\n", {"1:1 yaml.key"}},
        {"{a: 1}: {b: 2}\n", {"1:1 yaml.key"}},
        {"~: 1\n", {"1:1 yaml.key"}},
        {"", {"1:1 yaml.empty"}},
        {"# nothing\n", {"1:1 yaml.empty"}},
        {"a: [1\n", {"2:1 yaml.syntax"}},
        {"a: b: c\n", {"1:5 yaml.syntax"}},
        {"a: \"x\n", {"1:4 yaml.syntax"}},
        {"a: 'x\nb: 'y'\n", {"1:4 yaml.syntax", "2:5 yaml.syntax"}},
        {"a: \"x \\\"\nb: 1\n", {"1:4 yaml.syntax"}},
        {"a: 'it''s'\nb: \"x \\\" y\"\n", {}},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK(findings_of(row.text) == row.places);
    }
}

TEST_CASE("bytes that are no text are refused before the parser sees them") {
    using namespace std::string_view_literals;
    CHECK(findings_of("a: 1\nb: \0\n"sv) == List{"2:4 yaml.control-character"});
    CHECK(findings_of("a: \x1b[31m\n") == List{"1:4 yaml.control-character"});
    CHECK(findings_of("a: 1\rb: 2\n") == List{"1:5 yaml.control-character"});
    CHECK(findings_of("a: caf\xe9\n") == List{"1:7 yaml.encoding"});
    CHECK(findings_of("a: \xc0\xaf\n") == List{"1:4 yaml.encoding"});
    CHECK(findings_of("a: \xed\xa0\x80\n") == List{"1:4 yaml.encoding"});
    CHECK(findings_of("\xff\xfe\x61\x00"sv) == List{"1:1 yaml.encoding"});
    // U+202E turns the rest of a line around on a screen.
    CHECK(findings_of("a: \xe2\x80\xae\n") == List{"1:4 yaml.control-character"});
}

TEST_CASE("escapes do not bring back what may not stand in the text") {
    CHECK(findings_of("a: \"x\\0y\"\n") == List{"1:4 yaml.control-character"});
    CHECK(findings_of("a: \"\\u202E\"\n") == List{"1:4 yaml.control-character"});
    CHECK(findings_of("\"a\\0\": 1\n") == List{"1:1 yaml.control-character"});
}

TEST_CASE("limits stop a document before it costs much") {
    CHECK(findings_of("a: " + std::string(yaml_limit::bytes, 'x')) == List{"0:0 yaml.too-large"});
    CHECK(findings_of(nested(yaml_limit::depth)).empty());
    CHECK(findings_of(nested(yaml_limit::depth + 1)) == List{"1:33 yaml.too-deep"});
    CHECK(findings_of(nested(100'000)) == List{"1:33 yaml.too-deep"});
    std::string many = "[";
    for (std::size_t i = 0; i < yaml_limit::nodes; ++i) {
        many += "1,";
    }
    CHECK(findings_of(many + "]").front().ends_with("yaml.too-many-nodes"));
}

TEST_CASE("places are found at once even where all of a document is one line") {
    const LineIndex lines("a: \xc3\xa9x\nbc");
    CHECK(lines.at(0, 5).column == 5);
    CHECK(lines.at_offset(5).column == 5);
    CHECK(lines.at_offset(8).line == 2);
    CHECK(lines.at(1, 99).column == 3);
    CHECK(lines.at(7, 0).line == 2);
    CHECK(lines.rest_of_line(0, 3) == "\xc3\xa9x");
    CHECK(lines.rest_of_line(1, 1) == "c");
    CHECK(lines.rest_of_line(1, 9).empty());
    CHECK(lines.rest_of_line(2, 0).empty());
    std::string list = "[";
    for (std::size_t i = 0; i < yaml_limit::nodes - 2; ++i) {
        list += "\"x\",";
    }
    CHECK(findings_of(list + "&y]").size() == 1);
}

TEST_CASE("a bomb of aliases costs nothing and is named as what it is") {
    std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
    for (int i = 1; i < 20; ++i) {
        bomb += std::format("a{0}: &a{0} [*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1}]\n", i, i - 1);
    }
    Report report;
    CHECK(parse_yaml(bomb, "f.yaml", report));
    CHECK(report.findings().size() == 20 + 19 * 8);
}

TEST_CASE("scalars keep their text, so that nothing is guessed") {
    Report report;
    const auto document = parse_yaml("a: no\nb: 0100\nc: \"yes\"\nd: ~\ne: 1e3\n", "f.yaml", report);
    REQUIRE(document);
    CHECK(report.findings().empty());
    const YamlNode& root = document->root();
    CHECK(root.find("a")->text == "no");
    CHECK(root.find("b")->text == "0100");
    CHECK(root.find("c")->text == "yes");
    CHECK(root.find("c")->quoted);
    CHECK(!root.find("a")->quoted);
    CHECK(root.find("d")->kind == YamlNode::Kind::null);
    CHECK(root.find("e")->text == "1e3");
    CHECK(root.find("f") == nullptr);
}

TEST_CASE("columns count characters, and every node knows its path") {
    Report report;
    const auto document = parse_yaml(
        "\xEF\xBB\xBF"
        "größe: {x: [1, {y: 2}]}\r\n",
        "f.yaml", report);
    REQUIRE(document);
    const YamlNode* y = document->root().find("größe")->find("x")->children[1]->find("y");
    REQUIRE(y != nullptr);
    CHECK(y->path() == "größe.x[1].y");
    CHECK(y->place.line == 1);
    CHECK(y->place.column == 20);
    CHECK(y->key_place.column == 17);
}

TEST_CASE("a merge key is an ordinary key") {
    Report report;
    const auto document = parse_yaml("<<: {a: 1}\n", "f.yaml", report);
    REQUIRE(document);
    CHECK(document->root().find("a") == nullptr);
    CHECK(document->root().find("<<") != nullptr);
}

TEST_CASE("a finding never repeats what stands behind the colon of a key") {
    CHECK(shown_key("root_password_hash:$y$j9T$secret") == "root_password_hash");
    CHECK(shown_key("vlan") == "vlan");
    CHECK(shown_key(std::string(100, 'x')).size() == 60);
}

TEST_CASE("faults that leave the rest readable are found together with those of the rest") {
    CHECK(findings_of("a: 1\na: &x 2\nb: !t 3\n---\n") ==
          List{"2:1 yaml.duplicate-key", "2:4 yaml.anchor", "3:4 yaml.tag", "4:1 yaml.second-document"});
}
