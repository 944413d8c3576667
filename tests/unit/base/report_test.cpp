// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/report.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/json.hpp"

using namespace bedplate;

namespace {

Finding finding(Severity severity, std::string code) {
    return {.severity = severity,
            .code = std::move(code),
            .path = "cluster.name",
            .where = {.file = "site.yaml", .line = 3, .column = 7},
            .message = "unknown key 'clustr'",
            .hint = "did you mean 'cluster'?"};
}

Result<int> half(int n) {
    if (n % 2 != 0) {
        return fail("half.odd", "odd");
    }
    return n / 2;
}

Result<int> quarter(int n) {
    BEDPLATE_ASSIGN(const int once, half(n));
    BEDPLATE_ASSIGN(const int twice, half(once));
    return twice;
}

}  // namespace

TEST_CASE("the macros hand errors up and values on") {
    CHECK(quarter(8) == 2);
    REQUIRE_FALSE(quarter(6).has_value());
    CHECK(quarter(6).error().code == "half.odd");
}

TEST_CASE("every kind of error has its exit status") {
    CHECK(exit_status(ErrorKind::failed) == 1);
    CHECK(exit_status(ErrorKind::usage) == 2);
    CHECK(exit_status(ErrorKind::findings) == 3);
    CHECK(exit_status(ErrorKind::refused) == 4);
    CHECK(refuse("a", "b").error().kind == ErrorKind::refused);
}

TEST_CASE("an error's text has what, where, while and what to do") {
    const auto error = with_context(
        fail("disk.too-small", "the disk is too small", "serial S1", "take a larger one").error(),
        "planning node1");
    CHECK(error.error().to_text() ==
          "the disk is too small\n  at: serial S1\n  while planning node1\n  what to do: take a larger one");
}

TEST_CASE("only errors make a document bad") {
    Report report;
    CHECK_FALSE(report.has_errors());
    report.add(finding(Severity::warning, "a.warning"));
    CHECK_FALSE(report.has_errors());
    Report other;
    other.add(finding(Severity::error, "an.error"));
    report.append(other);
    CHECK(report.has_errors());
    CHECK(report.findings().size() == 2);
    CHECK(report.to_error().kind == ErrorKind::findings);
    CHECK(report.to_text().starts_with("site.yaml:3:7: warning: unknown key 'clustr' [a.warning]\n"));
    CHECK(report.to_json()[1]["code"] == "an.error");
    CHECK(report.to_json()[1]["line"] == 3);
}

TEST_CASE("JSON that is damaged or too large is an error that names the file") {
    for (const char* text : {"", "{", "{]", "nul", "{\"a\":1,}", "\"\xff\"", "[1 2]", "{\"a\":01}"}) {
        INFO(text);
        const auto json = parse_json(text, "inventory.json");
        REQUIRE_FALSE(json.has_value());
        CHECK(json.error().code == "json.syntax");
        CHECK(json.error().where == "inventory.json");
    }
    CHECK(parse_json("[1,2,3]", "x", 4).error().code == "json.too-large");
    CHECK((*parse_json("{\"a\": [1]}", "x"))["a"][0] == 1);
}

TEST_CASE("the canonical text does not depend on the order of the fields") {
    CHECK(canonical(*parse_json(R"({"b": 1, "a": {"d": 2, "c": 3}})", "x")) ==
          R"({"a":{"c":3,"d":2},"b":1})");
    CHECK(canonical(*parse_json(R"({"a":{"c":3,"d":2},"b":1})", "x")) ==
          canonical(*parse_json(R"({"b":1,"a":{"d":2,"c":3}})", "x")));
}
