// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/journal.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_file_system.hpp"

using namespace bedplate;
using Type = JournalEntry::Type;

namespace {

const std::filesystem::path in_ram = "/run/bedplate/journal.jsonl";
const std::filesystem::path on_target = "/target/var/lib/bedplate/journal.jsonl";

std::unique_ptr<Journal> begin(fakes::FakeFileSystem& files, fakes::FakeClock& clock) {
    return Journal::begin(files, clock, in_ram, "abc", Json{{"given_by", "site document"}}).value();
}

}  // namespace

TEST_CASE("a journal is read back with plan digest, consent and entries") {
    fakes::FakeFileSystem files;
    fakes::FakeClock clock;
    const auto journal = begin(files, clock);
    REQUIRE(journal->append(Type::started, "format.vg"));
    REQUIRE(journal->append(Type::finished, "format.vg"));
    const Error error{.code = "command.failed", .message = "mkfs failed", .where = "mkfs.ext4 /dev/x"};
    REQUIRE(journal->append(Type::started, "format.mkfs.root"));
    REQUIRE(journal->append(Type::failed, "format.mkfs.root", "", &error));

    const auto document = read_journal(files, in_ram).value();
    REQUIRE(document.runs.size() == 1);
    CHECK_FALSE(document.torn);
    const JournalRun& run = document.runs.front();
    CHECK(run.plan_digest == "abc");
    CHECK(run.time == "2026-01-01T00:00:00Z");
    CHECK(run.consent["given_by"] == "site document");
    CHECK(run.entries.size() == 4);
    CHECK(run.completed("format.vg"));
    CHECK_FALSE(run.completed("format.mkfs.root"));
    const std::string text = to_text(document);
    CHECK(text.contains("consent given by site document"));
    CHECK(text.contains("mkfs failed [command.failed]"));
    CHECK(text.contains("1 actions carried out, 0 already satisfied, failed in format.mkfs.root"));
}

TEST_CASE("a last line that was cut off is left out and said") {
    fakes::FakeFileSystem files;
    fakes::FakeClock clock;
    const auto journal = begin(files, clock);
    REQUIRE(journal->append(Type::started, "format.vg"));
    std::string text = files.read(in_ram).value();
    for (const std::size_t cut : {std::size_t{1}, std::size_t{2}, std::size_t{20}}) {
        const auto document = parse_journal(text.substr(0, text.size() - cut), "journal").value();
        CHECK(document.torn);
        CHECK(document.runs.front().entries.empty());
        CHECK(to_text(document).contains("a line is cut off"));
    }
}

TEST_CASE("a run after a cut begins on a line of its own") {
    fakes::FakeFileSystem files;
    fakes::FakeClock clock;
    REQUIRE(begin(files, clock)->append(Type::started, "format.vg"));
    const std::string text = files.read(in_ram).value();
    files.add_file(in_ram, text.substr(0, text.size() - 10));
    REQUIRE(begin(files, clock)->append(Type::satisfied, "format.vg"));
    const auto document = read_journal(files, in_ram).value();
    CHECK(document.torn);
    REQUIRE(document.runs.size() == 2);
    CHECK(document.runs[0].entries.empty());
    CHECK(document.runs[1].completed("format.vg"));
}

TEST_CASE("a broken line in the middle of a journal is an error with its number") {
    const std::string text =
        "{\"schema\":\"bedplate/journal/v1\",\"time\":\"t\",\"plan_digest\":\"d\",\"consent\":{}}\n"
        "nonsense\n"
        "{\"time\":\"t\",\"event\":\"started\",\"action\":\"a\"}\n";
    const auto document = parse_journal(text, "j");
    REQUIRE_FALSE(document);
    CHECK(document.error().code == "journal.syntax");
    CHECK(document.error().where == "j:2");
}

TEST_CASE("what is no journal is refused") {
    CHECK(parse_journal("", "j").error().code == "journal.schema");
    CHECK(parse_journal("{\"schema\":\"other/v1\"}\n", "j").error().code == "journal.schema");
    CHECK(parse_journal("{\"event\":\"started\"}\n", "j").error().code == "journal.schema");
}

TEST_CASE("a mirror gets everything from the run's start and every later line") {
    fakes::FakeFileSystem files;
    fakes::FakeClock clock;
    const auto journal = begin(files, clock);
    REQUIRE(journal->append(Type::started, "format.mount.var"));
    REQUIRE(journal->mirror_to(on_target));
    REQUIRE(journal->append(Type::finished, "format.mount.var"));
    CHECK(files.read(on_target).value() == files.read(in_ram).value());
    journal->close_mirror();
    REQUIRE(journal->append(Type::started, "seal.unmount"));
    CHECK(files.read(on_target).value().size() < files.read(in_ram).value().size());
}
