// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/quantities.hpp"

#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <random>

using namespace bedplate;

TEST_CASE("sizes are read exactly") {
    struct Row {
        const char* text;
        std::uint64_t bytes;
    };
    const Row rows[] = {
        {"0", 0},
        {"0B", 0},
        {"0GiB", 0},
        {"1B", 1},
        {"4096B", 4096},
        {"512MiB", 536870912},
        {"512MB", 512000000},
        {"1KiB", 1024},
        {"1KB", 1000},
        {"60GiB", 64424509440},
        {"1.6TB", 1600000000000},
        {"1.60TB", 1600000000000},
        {"1.5KiB", 1536},
        {"0.5KiB", 512},
        {"1.92TB", 1920000000000},
        {"0.001KB", 1},
        {"1.000000000000001PB", 1000000000000001},
        {"0.0009765625KiB", 1},
        {"1.00000000000000000000000000000000000000000000TiB", 1099511627776},
        {"0.00000000000000088817841970012523233890533447265625PiB", 1},
        {"007MiB", 7340032},
        {"16383PiB", 16383ULL << 50U},
        {"16383.999999999999999111821580299874767661094665527343750PiB",
         std::numeric_limits<std::uint64_t>::max()},
        {"18446744073709551615B", std::numeric_limits<std::uint64_t>::max()},
    };
    for (const auto& row : rows) {
        INFO(row.text);
        const auto size = parse_bytes(row.text);
        REQUIRE(size.has_value());
        CHECK(size->value == row.bytes);
    }
}

TEST_CASE("what is no size is refused with the code that says why") {
    struct Row {
        const char* text;
        const char* code;
    };
    const Row rows[] = {
        {"", "size.syntax"},
        {" ", "size.syntax"},
        {"1", "size.syntax"},
        {"4096", "size.syntax"},
        {"00", "size.syntax"},
        {"MiB", "size.syntax"},
        {".5GiB", "size.syntax"},
        {"1.GiB", "size.syntax"},
        {"1..5GiB", "size.syntax"},
        {"1.5.5GiB", "size.syntax"},
        {"1,5GiB", "size.syntax"},
        {"1 GiB", "size.syntax"},
        {" 1GiB", "size.syntax"},
        {"1GiB ", "size.syntax"},
        {"1gib", "size.syntax"},
        {"1G", "size.syntax"},
        {"1GB/s", "size.syntax"},
        {"1EiB", "size.syntax"},
        {"-1GiB", "size.syntax"},
        {"+1GiB", "size.syntax"},
        {"1e3MB", "size.syntax"},
        {"0x10MB", "size.syntax"},
        {"nan", "size.syntax"},
        {"inf", "size.syntax"},
        {"٣GiB", "size.syntax"},
        {"0.5B", "size.range"},
        {"1.0001KB", "size.range"},
        {"0.3KiB", "size.range"},
        {"16384PiB", "size.range"},
        {"18446744073709551616B", "size.range"},
        {"99999999999999999999999999999999GiB", "size.range"},
        {"18446744073709551615KB", "size.range"},
    };
    for (const auto& row : rows) {
        INFO(row.text);
        const auto size = parse_bytes(row.text);
        REQUIRE_FALSE(size.has_value());
        CHECK(size.error().code == row.code);
        CHECK_FALSE(size.error().hint.empty());
    }
}

TEST_CASE("the exact text of any size reads back as the same size") {
    std::mt19937_64 random(20260101);
    for (int i = 0; i < 2000; ++i) {
        const Bytes size{random() >> (random() % 64)};
        INFO(size.value);
        const auto back = parse_bytes(to_exact_text(size));
        REQUIRE(back.has_value());
        CHECK(*back == size);
    }
    CHECK(to_exact_text(Bytes{0}) == "0B");
    CHECK(to_exact_text(gib(1)) == "1GiB");
    CHECK(to_exact_text(mib(1536)) == "1536MiB");
    CHECK(to_exact_text(Bytes{1025}) == "1025B");
}

TEST_CASE("sizes for people have three digits and no false precision") {
    CHECK(to_label_text(Bytes{1920383410176}) == "1.92 TB");
    CHECK(to_label_text(Bytes{240057409536}) == "240 GB");
    CHECK(to_label_text(Bytes{1600321314816}) == "1.6 TB");
    CHECK(to_label_text(Bytes{512}) == "512 B");
    CHECK(to_label_text(Bytes{0}) == "0 B");
    CHECK(to_label_text(Bytes{999'999'999}) == "1 GB");
    CHECK(to_label_text(Bytes{999'500}) == "1 MB");
    CHECK(to_label_text(Bytes{10'050'000}) == "10.1 MB");
    CHECK(to_label_text(Bytes{2'000'398'934'016}) == "2 TB");
    CHECK(to_binary_text(gib(60)) == "60 GiB");
    CHECK(to_binary_text(mib(1536)) == "1.5 GiB");
    CHECK(to_binary_text(Bytes{1023}) == "1023 B");
    CHECK(to_binary_text(Bytes{(1ULL << 20U) - 1}) == "1 MiB");
    CHECK(to_binary_text(Bytes{std::numeric_limits<std::uint64_t>::max()}) == "16384 PiB");
}

TEST_CASE("sizes round to units without going past them") {
    CHECK(Bytes{1}.ceil_to(mib(1)) == mib(1));
    CHECK(mib(1).ceil_to(mib(1)) == mib(1));
    CHECK(Bytes{mib(2).value - 1}.floor_to(mib(1)) == mib(1));
}

TEST_CASE("durations are whole numbers with a unit") {
    CHECK(parse_duration("30s") == std::chrono::seconds{30});
    CHECK(parse_duration("10min") == std::chrono::minutes{10});
    CHECK(parse_duration("2h") == std::chrono::hours{2});
    CHECK(parse_duration("30d") == std::chrono::days{30});
    CHECK(parse_duration("0s") == std::chrono::seconds{0});
    for (const char* text : {"", "30", "s", "1.5h", "1.0h", "-1s", "1 h", "10m", "1w", "1H",
                             "99999999999999d", "999999999999999999999s", "1s1s"}) {
        INFO(text);
        const auto duration = parse_duration(text);
        REQUIRE_FALSE(duration.has_value());
        CHECK(duration.error().code == "duration.syntax");
    }
}

TEST_CASE("network speeds come out in megabits per second") {
    CHECK(parse_speed_mbps("1G") == 1000U);
    CHECK(parse_speed_mbps("2.5G") == 2500U);
    CHECK(parse_speed_mbps("25G") == 25000U);
    CHECK(parse_speed_mbps("100M") == 100U);
    for (const char* text :
         {"", "G", "0G", "1", "1g", "10Gb", "1.5M", "2.0005G", "-1G", "1T", "99999999999999999999G"}) {
        INFO(text);
        const auto speed = parse_speed_mbps(text);
        REQUIRE_FALSE(speed.has_value());
        CHECK(speed.error().code == "speed.syntax");
    }
}
