// SPDX-License-Identifier: GPL-3.0-or-later
// One line a test, as it ends: these tests take minutes, and whoever waits wants to see where they are.
#include <catch2/catch_test_case_info.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>
#include <chrono>
#include <format>
#include <iostream>

namespace {

class LineATest : public Catch::EventListenerBase {
public:
    using EventListenerBase::EventListenerBase;

    void testCaseStarting(const Catch::TestCaseInfo&) override {
        started_ = std::chrono::steady_clock::now();
    }
    void testCaseEnded(const Catch::TestCaseStats& stats) override {
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started_;
        std::cout << std::format("{:<6}  {:6.1f} s  {}\n", stats.totals.assertions.allOk() ? "ok" : "FAILED",
                                 took.count(), stats.testInfo->name)
                  << std::flush;
    }

private:
    std::chrono::steady_clock::time_point started_;
};

CATCH_REGISTER_LISTENER(LineATest)

}  // namespace
