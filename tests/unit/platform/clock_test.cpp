// SPDX-License-Identifier: GPL-3.0-or-later
#include "platform/clock.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>

#include "platform/linux/linux.hpp"
#include "platform/time_scale.hpp"
#include "tests/support/fake_clock.hpp"

using namespace bedplate;

TEST_CASE("times are written as RFC 3339 in UTC") {
    using namespace std::chrono;
    CHECK(to_rfc3339(sys_days{2026y / 11 / 22} + 3h + 4min + 5s + 999ms) == "2026-11-22T03:04:05Z");
    CHECK(to_rfc3339(system_clock::time_point{}) == "1970-01-01T00:00:00Z");
}

TEST_CASE("the fake clock moves only when told") {
    fakes::FakeClock clock;
    CHECK(to_rfc3339(clock.now()) == "2026-01-01T00:00:00Z");
    clock.sleep(std::chrono::seconds{90});
    CHECK(to_rfc3339(clock.now()) == "2026-01-01T00:01:30Z");
    CHECK(clock.elapsed() == std::chrono::seconds{90});
}

TEST_CASE("the real clock goes forward") {
    const auto clock = system_clock();
    const auto before = clock->steady();
    clock->sleep(std::chrono::milliseconds{2});
    CHECK(clock->steady() - before >= std::chrono::milliseconds{2});
}

TEST_CASE("the time scale stretches timeouts and ignores nonsense") {
    struct Row {
        const char* text;
        double factor;
    };
    for (const auto& row :
         {Row{"1", 1}, Row{"10", 10}, Row{"2.5", 2.5}, Row{"0", 1}, Row{"-3", 1}, Row{"1000", 1},
          Row{"ten", 1}, Row{"5x", 1}, Row{"", 1}, Row{"nan", 1}, Row{"inf", 1}}) {
        INFO(row.text);
        ::setenv("BEDPLATE_TIME_SCALE", row.text, 1);
        CHECK(time_scale() == row.factor);
    }
    ::setenv("BEDPLATE_TIME_SCALE", "4", 1);
    CHECK(scaled(std::chrono::seconds{30}) == std::chrono::seconds{120});
    ::unsetenv("BEDPLATE_TIME_SCALE");
    CHECK(scaled(std::chrono::seconds{30}) == std::chrono::seconds{30});
}
