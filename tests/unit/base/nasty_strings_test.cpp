// SPDX-License-Identifier: GPL-3.0-or-later
// Every parser of base/ against strings that no person would type: none may crash, and whatever one takes
// must come back unchanged through its text form.
#include <catch2/catch_test_macros.hpp>
#include <random>
#include <string>
#include <vector>

#include "base/identifiers.hpp"
#include "base/quantities.hpp"
#include "base/text.hpp"

using namespace bedplate;

namespace {

/// Mutations of good values, made by a seeded generator: the same strings in every run.
std::vector<std::string> nasty_strings() {
    const std::vector<std::string> good{"1.6TB",
                                        "512MiB",
                                        "10.0.100.0/24",
                                        "10.0.0.1",
                                        "52:54:00:12:34:56",
                                        "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
                                        "node1",
                                        "30min",
                                        "25G",
                                        "18446744073709551615"};
    using namespace std::string_literals;
    const std::string bytes = "\0\x01\n\r\t '\"\\/.,:;-+*?[]{}$%&0159afAFxX\x7f\x80\xc3\xff"s;
    std::vector<std::string> all{"",
                                 std::string(1, '\0'),
                                 std::string(100'000, '9'),
                                 std::string(100'000, '.'),
                                 "0." + std::string(100'000, '0') + "1GiB",
                                 "\xF0\x9F\x92\xBE",
                                 "\xC3",
                                 "%s%n",
                                 "{}",
                                 "../../etc/passwd"};
    std::mt19937 random(20260101);
    for (int i = 0; i < 1000; ++i) {
        std::string text = good[random() % good.size()];
        for (auto edits = 1 + random() % 3; edits > 0 && !text.empty(); --edits) {
            const auto at = random() % text.size();
            const char byte = bytes[random() % bytes.size()];
            switch (random() % 4) {
                case 0:
                    text[at] = byte;
                    break;
                case 1:
                    text.insert(at, 1, byte);
                    break;
                case 2:
                    text.erase(at, 1);
                    break;
                default:
                    text += text.substr(at);
                    break;
            }
        }
        all.push_back(std::move(text));
    }
    return all;
}

}  // namespace

TEST_CASE("nasty strings neither crash a parser nor come back changed") {
    std::size_t taken = 0;
    for (const auto& text : nasty_strings()) {
        INFO(elide(text, 80));
        if (const auto size = parse_bytes(text)) {
            CHECK(parse_bytes(to_exact_text(*size)) == *size);
            ++taken;
        }
        if (const auto guid = Guid::parse(text)) {
            CHECK(Guid::parse(guid->to_text()) == *guid);
            ++taken;
        }
        if (const auto mac = MacAddress::parse(text)) {
            CHECK(MacAddress::parse(mac->to_text()) == *mac);
            ++taken;
        }
        if (const auto ip = Ipv4::parse(text)) {
            CHECK(ip->to_text() == text);
            ++taken;
        }
        if (const auto cidr = Cidr::parse(text)) {
            CHECK(cidr->to_text() == text);
            ++taken;
        }
        if (const auto name = parse_hostname(text)) {
            CHECK(parse_hostname(*name) == *name);
            ++taken;
        }
        if (const auto duration = parse_duration(text)) {
            CHECK(duration->count() >= 0);
            ++taken;
        }
        CHECK(parse_speed_mbps(text).value_or(1) > 0);
        CHECK(glob_match(text, text) == glob_match(text, text));
        CHECK(quote_command(std::vector{text}).size() >= text.size());
        CHECK(elide(text, 10).size() <= std::max<std::size_t>(text.size(), 10));
    }
    // Some mutations are still good values; if none were, this test would look at nothing but refusals.
    CHECK(taken > 50);
}
