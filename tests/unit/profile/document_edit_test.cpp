// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/document_edit.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sstream>

#include "profile/profile.hpp"

using namespace bedplate;

namespace {

std::string example(const std::string& name) {
    std::ifstream in(std::string(BEDPLATE_SOURCE_DIR) + "/profiles/examples/" + name);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("a document that is taken apart and written again means the same") {
    for (const auto* name : {"site-prod.yaml", "site-r750.yaml", "site-vm.yaml"}) {
        INFO(name);
        const auto edit = DocumentEdit::parse(example(name), name);
        REQUIRE(edit);
        const auto written = edit->text();
        INFO(written);
        const auto again = DocumentEdit::parse(written, name);
        REQUIRE(again);
        CHECK(*again == *edit);
        CHECK(again->text() == written);
        Report report;
        CHECK(load_site(written, name, report));
        CHECK(report.to_text().empty());
    }
}

TEST_CASE("values are found, set and removed by the paths that findings name") {
    auto edit = DocumentEdit::parse(example("site-prod.yaml"), "x").value();
    CHECK(edit.get("cluster.name") == "prod");
    CHECK(edit.get("nodes[2].match.mac") == "52:54:00:00:00:03");
    CHECK(edit.get("nodes[7].hostname") == std::nullopt);
    CHECK(edit.get_list("cluster.ntp") == std::vector<std::string>{"10.0.100.1"});
    CHECK(edit.size("nodes") == 3);
    edit.set("networks.service.subnet", "10.0.200.0/24");
    edit.set("nodes[3].match.service_tag", "NEW0001");
    edit.remove("nodes[2].wipe[0].serial");
    CHECK(edit.size("nodes") == 4);
    CHECK(edit.size("nodes[2].wipe") == 0);
    CHECK(!edit.text().contains("wipe: []"));
}

TEST_CASE("a new document grows from paths alone") {
    DocumentEdit edit(Site::schema);
    edit.set("cluster.name", "lab");
    edit.set("networks.management.subnet", "10.0.2.0/24");
    edit.set("networks.management.vlan", "100");
    edit.set_list("cluster.dns", {"10.0.2.3", "10.0.2.4"});
    edit.set("nodes[0].match.service_tag", "A B: c #d");
    edit.set("nodes[0].hostname", "node1");
    edit.set("nodes[0].address", "11");
    CHECK(edit.text() ==
          "schema: bedplate/site/v1\n"
          "cluster:\n  name: lab\n  dns:\n    - 10.0.2.3\n    - 10.0.2.4\n"
          "networks:\n  management:\n    subnet: 10.0.2.0/24\n    vlan: 100\n"
          "nodes:\n  - match:\n      service_tag: \"A B: c #d\"\n    hostname: node1\n    address: 11\n");
    Report report;
    const auto site = load_site(edit.text(), "x", report);
    INFO(report.to_text());
    REQUIRE(site);
    CHECK(site->nodes.front().match_service_tag == "A B: c #d");
}

TEST_CASE("whatever is typed comes back as it was typed") {
    for (const auto* text : {"null", "~",  "true", "- x", "a: b", "\"", "\\",  "#", "'",    "{}",   "[",
                             "&a",   "*a", "!t",   "%",   "@",    "`",  " x ", "é", "日本", "0100", "1e3"}) {
        DocumentEdit edit("s");
        edit.set("key", text);
        const auto again = DocumentEdit::parse(edit.text(), "x");
        INFO(edit.text());
        REQUIRE(again);
        CHECK(again->get("key") == text);
    }
}

TEST_CASE("what is no document is refused with its findings") {
    CHECK(!DocumentEdit::parse("", "x"));
    CHECK(!DocumentEdit::parse("- a\n- b\n", "x"));
    CHECK(!DocumentEdit::parse("a: [", "x"));
}
