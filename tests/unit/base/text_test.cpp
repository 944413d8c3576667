// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.hpp"

#include <catch2/catch_test_macros.hpp>
#include <chrono>

#include "base/digest.hpp"

using namespace bedplate;

TEST_CASE("trim takes blanks off both ends") {
    CHECK(trim("  a b\t\r\n") == "a b");
    CHECK(trim(" \n ").empty());
    CHECK(trim("").empty());
}

TEST_CASE("split and join are the inverse of each other") {
    CHECK(split("a,b,,c", ',') == std::vector<std::string>{"a", "b", "", "c"});
    CHECK(split("", ',') == std::vector<std::string>{""});
    CHECK(split(",", ',') == std::vector<std::string>{"", ""});
    CHECK(join(split("a,b,,c", ','), ",") == "a,b,,c");
    CHECK(join({}, ",").empty());
}

TEST_CASE("unsigned numbers are digits only and fit 64 bits") {
    CHECK(parse_unsigned("0") == 0U);
    CHECK(parse_unsigned("18446744073709551615") == ~0ULL);
    for (const char* text : {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "18446744073709551616", "a"}) {
        INFO(text);
        CHECK_FALSE(parse_unsigned(text).has_value());
    }
}

TEST_CASE("globs match the whole text") {
    struct Row {
        const char* pattern;
        const char* text;
        bool matches;
    };
    const Row rows[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "anything", true},
        {"**", "x", true},
        {"?", "", false},
        {"?", "a", true},
        {"?", "ä", true},
        {"??", "ä", false},
        {"PowerEdge R750*", "PowerEdge R750", true},
        {"PowerEdge R750*", "PowerEdge R750xs", true},
        {"PowerEdge R750*", "poweredge r750", false},
        {"DELLBOSS*", "DELLBOSS VD", true},
        {"DELLBOSS*", "Dell DELLBOSS VD", false},
        {"*BOSS*", "DELLBOSS VD", true},
        {"a*b*c", "aXbXbXc", true},
        {"a*b*c", "aXbXbX", false},
        {"*a", "aab", false},
        {"[a]", "a", false},
        {"[a]", "[a]", true},
        {"a\\*", "a*", false},
        {"*?", "", false},
        {"?*?", "ab", true},
    };
    for (const auto& row : rows) {
        INFO(row.pattern << " ~ " << row.text);
        CHECK(glob_match(row.pattern, row.text) == row.matches);
    }
}

TEST_CASE("a hostile glob does not take exponential time") {
    std::string pattern;
    for (int i = 0; i < 200; ++i) {
        pattern += "*a";
    }
    const auto started = std::chrono::steady_clock::now();
    CHECK_FALSE(glob_match(pattern + "b", std::string(5000, 'a')));
    CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds{2});
}

TEST_CASE("typing errors find the word that was meant") {
    const std::vector<std::string> keys{"cluster", "networks", "access", "install", "nodes", "vlan", "mtu"};
    CHECK(did_you_mean("clustr", keys) == "cluster");
    CHECK(did_you_mean("netwroks", keys) == "networks");
    CHECK(did_you_mean("Cluster", keys) == "cluster");
    CHECK(did_you_mean("mut", keys) == "mtu");
    CHECK(did_you_mean("vla", keys) == "vlan");
    CHECK_FALSE(did_you_mean("gateway", keys).has_value());
    CHECK_FALSE(did_you_mean("", keys).has_value());
    CHECK_FALSE(did_you_mean("x", std::vector<std::string>{"a"}).has_value());
    CHECK_FALSE(did_you_mean("cluster", {}).has_value());
}

TEST_CASE("commands are shown so that a shell would read the same words") {
    const auto quote = [](std::vector<std::string> argv) { return quote_command(argv); };
    CHECK(quote({"mkfs.ext4", "-L", "root", "/dev/sys/root"}) == "mkfs.ext4 -L root /dev/sys/root");
    CHECK(quote({"echo", "a b", "", "it's"}) == "echo 'a b' '' 'it'\\''s'");
    CHECK(quote({"echo", "$HOME;rm *", "a\nb", "~"}) == "echo '$HOME;rm *' 'a\nb' '~'");
    CHECK(quote({}).empty());
}

TEST_CASE("long texts lose their middle and never half a character") {
    CHECK(elide("short", 10) == "short");
    CHECK(elide("abcdefghij", 10) == "abcdefghij");
    CHECK(elide("abcdefghijk", 10) == "abcd...ijk");
    CHECK(elide("ääääääää", 7) == "ää...ää");
    CHECK(elide("abcdef", 2) == "..");
    CHECK(elide("abcdef", 4) == "a...");
    CHECK(elide("abc", 0).empty());
}

TEST_CASE("SHA-256 gives the values of FIPS 180-4") {
    CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    Sha256 sha;
    for (int i = 0; i < 1000; ++i) {
        sha.update(std::string_view(std::string(1000, 'a')));
    }
    CHECK(sha.finish() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
