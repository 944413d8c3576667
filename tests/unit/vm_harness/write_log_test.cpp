// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "harness/crash_replay.hpp"
#include "harness/disk_images.hpp"
#include "harness/write_log.hpp"
#include "log_builder.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;
using namespace bedplate::vm;

namespace {

std::string content(const std::filesystem::path& image, std::size_t offset, std::size_t size) {
    std::string data(size, '?');
    std::ifstream(image, std::ios::binary)
        .seekg(static_cast<std::streamoff>(offset))
        .read(data.data(), static_cast<std::streamsize>(size));
    return data;
}

/// Two windows: A at sector 2, BB at sectors 4 and 5, flush; C at sector 2, a discard of sector 4, no flush.
void two_windows(const std::filesystem::path& file) {
    LogBuilder(512)
        .write(2, std::string(512, 'A'))
        .write(4, std::string(1024, 'B'))
        .flush()
        .write(2, std::string(512, 'C'))
        .discard(4, 1)
        .save(file);
}

}  // namespace

TEST_CASE("a log of writes is read entry by entry") {
    const fakes::TempDir folder;
    two_windows(folder / "log");
    const auto log = WriteLog::open(folder / "log");
    REQUIRE(log);
    REQUIRE(log->entries().size() == 5);
    CHECK(log->sector_size() == Bytes{512});
    const auto& second = log->entries()[1];
    CHECK(second.offset == Bytes{2048});
    CHECK(second.size == Bytes{1024});
    std::string data(2, '?');
    REQUIRE(log->read(second, Bytes{1022}, std::as_writable_bytes(std::span(data))));
    CHECK(data == "BB");
    CHECK(log->entries()[2].flush);
    CHECK(log->entries()[2].size == Bytes{});
    CHECK(log->entries()[4].discard);
    CHECK(log->entries()[4].size == Bytes{512});

    const auto windows = flush_windows(*log);
    REQUIRE(windows.size() == 2);
    CHECK((windows[0].first == 0 && windows[0].last == 3));
    CHECK((windows[1].first == 3 && windows[1].last == 5));
}

TEST_CASE("a log that is none, or is cut off, is an error") {
    const fakes::TempDir folder;
    std::ofstream(folder / "empty").flush();
    CHECK(WriteLog::open(folder / "empty").error().code == "log.format");
    std::ofstream(folder / "text") << std::string(4096, 'x');
    CHECK(WriteLog::open(folder / "text").error().code == "log.format");
    CHECK(WriteLog::open(folder / "missing").error().code == "log.open");
    two_windows(folder / "log");
    std::filesystem::resize_file(folder / "log", 1500);
    CHECK(WriteLog::open(folder / "log").error().code == "log.format");
}

TEST_CASE("a state is applied and taken back") {
    const fakes::TempDir folder;
    two_windows(folder / "log");
    const auto log = WriteLog::open(folder / "log");
    REQUIRE(log);
    REQUIRE(make_blank_disk(folder / "disk", mib(1)));
    auto disk = ReplayedDisk::open(folder / "disk", *log);
    REQUIRE(disk);
    for (std::size_t i = 0; i < 3; ++i) {
        REQUIRE(disk->apply(log->entries()[i]));
    }
    const auto before = *content_digest(folder / "disk");
    std::string seen;
    REQUIRE(disk->during({.window = 1, .applied = {3, 4}}, [&]() -> Result<void> {
        seen = content(folder / "disk", 1024, 1) + content(folder / "disk", 2048, 1) +
               content(folder / "disk", 2560, 1);
        return {};
    }));
    CHECK(seen == std::string("C\0B", 3));
    CHECK(*content_digest(folder / "disk") == before);
    CHECK(content(folder / "disk", 1024, 1) + content(folder / "disk", 2048, 1) == "AB");
}

TEST_CASE("a torn request leaves its first sectors only") {
    const fakes::TempDir folder;
    two_windows(folder / "log");
    const auto log = WriteLog::open(folder / "log");
    REQUIRE(log);
    REQUIRE(
        materialise(*log, {.window = 0, .applied = {0, 1}, .torn_after = 1}, {}, mib(1), folder / "disk"));
    CHECK(content(folder / "disk", 1024, 1) + content(folder / "disk", 2048 + 511, 2) ==
          std::string("AB\0", 3));
}

TEST_CASE("the states of a window are its boundary, subsets in order, and one torn request") {
    const fakes::TempDir folder;
    two_windows(folder / "log");
    const auto log = WriteLog::open(folder / "log");
    REQUIRE(log);
    std::mt19937_64 random(1);
    const auto states = states_of_window(*log, flush_windows(*log)[0], 0, 5, random);
    REQUIRE(states.size() == 7);
    CHECK(states.front().applied.empty());
    for (const auto& state : states) {
        CHECK(std::ranges::is_sorted(state.applied));
        CHECK(std::ranges::all_of(state.applied, [](std::size_t entry) { return entry < 2; }));
    }
    CHECK(states.back().torn_after == 1);
    CHECK(states.back().applied == std::vector<std::size_t>{0, 1});
    // The same seed gives the same states: a failure can be looked at again.
    std::mt19937_64 again(1);
    CHECK(states_of_window(*log, flush_windows(*log)[0], 0, 5, again)[3].applied == states[3].applied);
}
