// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/runner.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <cstdlib>

#include "execute/journal.hpp"
#include "firstboot/tools.hpp"
#include "platform/linux/linux.hpp"
#include "tests/support/fake_platform.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;
using namespace bedplate::firstboot;
using fakes::FakePlatform;

namespace {

/// A step that is done when its file is there.
Step file_step(FileSystem& files, const std::filesystem::path& path,
               std::function<Result<void>()> before = {}) {
    return {.id = "step." + path.filename().string(),
            .stage = "create",
            .summary = "make " + path.filename().string(),
            .steps = {.observe = [&files, path]() -> Result<Observation> {
                          return files.exists(path) ? satisfied() : needed();
                      },
                      .apply = [&files, path, before]() -> Result<void> {
                          if (before) {
                              BEDPLATE_TRY(before());
                          }
                          return files.write(path, "x");
                      }}};
}

NodeReport header() {
    return {.hostname = "node1", .cluster = "prod", .generation = 1, .plan_digest = "abc"};
}

}  // namespace

TEST_CASE("steps are carried out in their order, and a second run only looks") {
    FakePlatform fake;
    const std::vector<Step> steps{file_step(fake.files, "/a"), file_step(fake.files, "/b")};
    REQUIRE(Runner(fake.platform, {}, header()).run(steps));
    CHECK(fake.files.exists("/a"));
    CHECK(fake.files.exists("/b"));
    REQUIRE(Runner(fake.platform, {}, header()).run(steps));
    const auto journal = read_journal(fake.files, RunnerOptions{}.journal);
    REQUIRE(journal);
    REQUIRE(journal->runs.size() == 2);
    CHECK(journal->runs[0].completed("step.b"));
    for (const auto& entry : journal->runs[1].entries) {
        CHECK(entry.type != JournalEntry::Type::finished);
    }
}

TEST_CASE("a step that fails is tried again with growing pauses, and its report says what is going on") {
    FakePlatform fake;
    int tries = 0;
    std::vector<Step> steps{file_step(fake.files, "/a", [&]() -> Result<void> {
        return ++tries < 4 ? fail("test.no", "not yet", {}, "wait a little") : Result<void>();
    })};
    std::vector<std::string> said;
    RunnerOptions options;
    options.say = [&](const std::string& line) { said.push_back(line); };
    REQUIRE(Runner(fake.platform, options, header()).run(steps));
    CHECK(tries == 4);
    CHECK(fake.clock.elapsed() == std::chrono::seconds{2 + 4 + 8});
    const auto report = read_node_report(fake.files, options.report);
    REQUIRE(report);
    CHECK(report->state == NodeReport::State::joining);
}

TEST_CASE("a node whose step fails for good parks: it says so and keeps trying slowly") {
    FakePlatform fake;
    int tries = 0;
    const std::vector<Step> steps{file_step(fake.files, "/a"),
                                  file_step(fake.files, "/b",
                                            [&]() -> Result<void> {
                                                ++tries;
                                                return fail("test.no", "the seed is gone", {},
                                                            "start the seed");
                                            }),
                                  file_step(fake.files, "/c")};
    RunnerOptions options;
    options.parked_tries = 3;
    CHECK_FALSE(Runner(fake.platform, options, header()).run(steps));
    CHECK(tries == 8);
    CHECK(fake.clock.elapsed() > std::chrono::minutes{2});
    const auto report = read_node_report(fake.files, options.report).value();
    CHECK(report.state == NodeReport::State::failed);
    CHECK(report.failed_action == "step.b");
    CHECK(report.error->find("the seed is gone") != std::string::npos);
    CHECK(report.next_steps.front() == "start the seed");
    CHECK(report.checks.at(0).ok);
    CHECK(report.checks.at(2).detail == "waits");
    CHECK_FALSE(fake.files.exists("/c"));
    // One line for one error, however often it comes.
    const auto journal = read_journal(fake.files, options.journal).value();
    CHECK(std::ranges::count(journal.runs[0].entries, JournalEntry::Type::failed, &JournalEntry::type) == 1);
}

TEST_CASE("a refusal parks at once") {
    FakePlatform fake;
    int tries = 0;
    const std::vector<Step> steps{file_step(fake.files, "/a", [&]() -> Result<void> {
        ++tries;
        return refuse("join.no-ticket", "no ticket");
    })};
    RunnerOptions options;
    options.parked_tries = 0;
    options.tries = 1;
    options.parked_tries = 1;
    CHECK_FALSE(Runner(fake.platform, options, header()).run(steps));
    CHECK(fake.clock.elapsed() == options.parked_pause);
    CHECK(tries == 2);
}

TEST_CASE("killed at every point of every step, the first boot converges and makes nothing twice") {
    const fakes::TempDir dir;
    const auto files = linux_file_system();
    for (const auto* point : {"before", "applied", "done"}) {
        const auto work = dir / point;
        REQUIRE(files->make_directories(work));
        int kills = 0;
        for (int run = 0; run < 20; ++run) {
            const pid_t child = ::fork();
            if (child == 0) {
                ::setenv("BEDPLATE_FAILPOINT", (std::string("*:") + point).c_str(), 1);
                ::setenv("BEDPLATE_FAILPOINT_DIR", (work / "points").c_str(), 1);
                FakePlatform fake;
                Platform real{.commands = fake.commands,
                              .files = *files,
                              .blocks = fake.blocks,
                              .clock = fake.clock,
                              .http = fake.http};
                std::vector<Step> steps;
                for (const auto* name : {"a", "b", "c", "d", "e"}) {
                    steps.push_back(file_step(*files, work / name, [&, name]() -> Result<void> {
                        BEDPLATE_ASSIGN(const auto log, files->open_append(work / "applied.log"));
                        return log->append(std::string(name) + "\n");
                    }));
                }
                RunnerOptions options{.journal = work / "journal.jsonl", .report = work / "report.json"};
                ::_exit(Runner(real, options, header()).run(steps) ? 0 : 1);
            }
            int status = 0;
            REQUIRE(::waitpid(child, &status, 0) == child);
            if (WIFEXITED(status)) {
                CHECK(WEXITSTATUS(status) == 0);
                break;
            }
            CHECK(WTERMSIG(status) == SIGKILL);
            ++kills;
        }
        INFO(point);
        CHECK(kills == 5);
        CHECK(files->read(work / "applied.log").value() == "a\nb\nc\nd\ne\n");
        CHECK(read_journal(*files, work / "journal.jsonl").value().runs.size() == 6);
    }
}

TEST_CASE("whoever waits long asks seldom, and is answered soon after it is so") {
    FakePlatform fake;
    unsigned asked = 0;
    const auto never = [&]() -> Result<bool> {
        ++asked;
        return false;
    };
    CHECK(wait_until(fake.platform, "nothing", std::chrono::seconds{300}, never).error().code ==
          "firstboot.timeout");
    CHECK(asked > 20);
    CHECK(asked < 50);
    const auto begun = fake.clock.elapsed();
    const auto soon = [&]() -> Result<bool> {
        return fake.clock.elapsed() - begun >= std::chrono::seconds{3};
    };
    REQUIRE(wait_until(fake.platform, "a moment", std::chrono::seconds{300}, soon));
    CHECK(fake.clock.elapsed() - begun <= std::chrono::seconds{4});
}
