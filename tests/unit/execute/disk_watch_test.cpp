// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/disk_watch.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/fake_file_system.hpp"

using namespace bedplate;
using namespace std::chrono_literals;

namespace {

constexpr HangLimits limits{.silent = 30s, .slow = 40s, .requests = 80};

std::chrono::steady_clock::time_point at(int second) {
    return std::chrono::steady_clock::time_point(std::chrono::seconds(second));
}

}  // namespace

TEST_CASE("the kernel's counters of a disk") {
    // Linux 6.12: reads, writes, in flight, ..., discards, ..., flushes.
    const auto now = parse_disk_stat("  100 2 800 30 50 1 400 20 3 40 50 7 0 0 0 5 9\n");
    REQUIRE(now);
    CHECK(now->completed == 100 + 50 + 7 + 5);
    CHECK(now->in_flight == 3);
    CHECK(parse_disk_stat("1 0 0 0 2 0 0 0 1 0 0")->completed == 3);
    CHECK_FALSE(parse_disk_stat("1 2 3"));
    CHECK_FALSE(parse_disk_stat("1 0 0 0 2 0 0 0 x 0 0"));
    CHECK_FALSE(parse_disk_stat(""));
}

TEST_CASE("the kernel's count of requests under way") {
    CHECK(parse_disk_inflight("       7        6\n") == 13U);
    CHECK_FALSE(parse_disk_inflight("7"));
    CHECK_FALSE(parse_disk_inflight("7 x"));
    CHECK_FALSE(parse_disk_inflight(""));
}

TEST_CASE("a disk hangs whichever of the kernel's files tells of the requests") {
    fakes::FakeFileSystem files;
    Disk disk;
    disk.name = "sda";
    files.add_file("/sys/class/block/sda/stat", "10 0 0 0 0 0 0 0 0 0 0\n");
    files.add_file("/sys/class/block/sda/inflight", "       0        2\n");
    DiskWatch watch(files, {{.disk = &disk, .system = true}}, limits);
    CHECK(watch.hung(at(0), false) == nullptr);
    CHECK(watch.hung(at(29), false) == nullptr);
    CHECK(watch.hung(at(30), false) == &disk);
}

TEST_CASE("a disk that ends nothing of what it was given hangs after the limit") {
    HangDetector detector(limits);
    CHECK_FALSE(detector.observe(at(0), {.completed = 10, .in_flight = 2}, false));
    CHECK_FALSE(detector.observe(at(29), {.completed = 10, .in_flight = 2}, false));
    CHECK(detector.observe(at(30), {.completed = 10, .in_flight = 2}, false));
}

TEST_CASE("a disk without work never hangs, and one that pauses in between begins anew") {
    HangDetector detector(limits);
    for (int second = 0; second < 200; second += 10) {
        CHECK_FALSE(detector.observe(at(second), {.completed = 10, .in_flight = 0}, false));
    }
    CHECK_FALSE(detector.observe(at(200), {.completed = 10, .in_flight = 1}, false));
    CHECK_FALSE(detector.observe(at(229), {.completed = 10, .in_flight = 0}, false));
    CHECK_FALSE(detector.observe(at(231), {.completed = 10, .in_flight = 1}, false));
    CHECK_FALSE(detector.observe(at(260), {.completed = 10, .in_flight = 1}, false));
    CHECK(detector.observe(at(261), {.completed = 10, .in_flight = 1}, false));
}

TEST_CASE("a busy disk that works is left alone, one that ends a request a second is not") {
    HangDetector fast(limits);
    HangDetector slow(limits);
    bool slow_hangs = false;
    for (int second = 0; second <= 120; ++second) {
        const auto completed = static_cast<std::uint64_t>(second);
        CHECK_FALSE(fast.observe(at(second), {.completed = completed * 5, .in_flight = 8}, false));
        slow_hangs = slow.observe(at(second), {.completed = completed, .in_flight = 8}, false);
        CHECK(slow_hangs == (second >= 40));
    }
}

TEST_CASE("a flush that does not end is no request under way, and is found all the same") {
    HangDetector detector(limits);
    CHECK_FALSE(detector.observe(at(0), {.completed = 10, .in_flight = 0}, true));
    CHECK(detector.observe(at(30), {.completed = 10, .in_flight = 0}, true));
}

TEST_CASE("the watch names the disk that hangs") {
    fakes::FakeFileSystem files;
    Disk good, bad;
    good.name = "sda";
    bad.name = "sdb";
    const auto stat = [&](const char* name, int completed, int in_flight) {
        files.add_file(std::string("/sys/class/block/") + name + "/stat",
                       std::to_string(completed) + " 0 0 0 0 0 0 0 " + std::to_string(in_flight) + " 0 0\n");
    };
    DiskWatch watch(files, {{.disk = &good, .system = true}, {.disk = &bad, .system = false}}, limits);
    for (int second = 0; second < 30; ++second) {
        stat("sda", second * 10, 4);
        stat("sdb", 5, 1);
        CHECK(watch.hung(at(second), false) == nullptr);
    }
    CHECK(watch.hung(at(30), false) == &bad);
}
