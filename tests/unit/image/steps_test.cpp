// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/steps.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <mutex>

#include "image/files.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;
using namespace bedplate::image;

namespace {

/// Steps that write down their names when they run.
struct Recorder {
    std::mutex mutex;
    std::vector<std::string> ran;

    Step step(std::string name, std::vector<std::string> needs, std::string inputs, std::string digest = {}) {
        return {.name = name,
                .needs = std::move(needs),
                .inputs = std::move(inputs),
                .run = [this, name, digest](const StepRun& run) -> Result<void> {
                    const std::lock_guard lock(mutex);
                    ran.push_back(name);
                    if (!digest.empty()) {
                        BEDPLATE_TRY(write_text(run.output / "digest", digest));
                    }
                    return write_text(run.output / "file", name);
                }};
    }

    std::vector<std::string> run(const std::vector<Step>& steps, const fakes::TempDir& directory,
                                 std::vector<std::string> force = {}) {
        ran.clear();
        const auto result = run_steps(steps, ArtefactStore(directory / "store"),
                                      {.jobs = 2, .logs = directory / "logs", .force = std::move(force)}, {});
        REQUIRE(result);
        std::ranges::sort(ran);
        return ran;
    }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a step runs once for the same inputs and again for others") {
    const fakes::TempDir directory;
    Recorder recorder;
    std::vector<Step> steps{recorder.step("a", {}, "1"), recorder.step("b", {"a"}, "1"),
                            recorder.step("c", {}, "1")};
    CHECK(recorder.run(steps, directory) == Names{"a", "b", "c"});
    CHECK(recorder.run(steps, directory).empty());
    steps[2] = recorder.step("c", {}, "2");
    CHECK(recorder.run(steps, directory) == Names{"c"});
    steps[0] = recorder.step("a", {}, "2");
    CHECK(recorder.run(steps, directory) == Names{"a", "b"});
    CHECK(recorder.run(steps, directory, {"a"}) == Names{"a"});
}

TEST_CASE("a step whose result stays the same does not make later steps run") {
    const fakes::TempDir directory;
    Recorder recorder;
    CHECK(recorder.run({recorder.step("a", {}, "1", "same"), recorder.step("b", {"a"}, "1")}, directory) ==
          Names{"a", "b"});
    CHECK(recorder.run({recorder.step("a", {}, "2", "same"), recorder.step("b", {"a"}, "1")}, directory) ==
          Names{"a"});
}

TEST_CASE("a failing step names itself, its log and the log's last lines, and leaves no artefact") {
    const fakes::TempDir directory;
    const Step failing{
        .name = "broken", .needs = {}, .inputs = "1", .run = [](const StepRun& run) -> Result<void> {
            BEDPLATE_TRY(write_text(run.log, "first line\nE: the disk is full\n"));
            return fail("some.code", "it did not work");
        }};
    const ArtefactStore store(directory / "store");
    const auto result = run_steps({failing}, store, {.jobs = 2, .logs = directory / "logs", .force = {}}, {});
    REQUIRE(!result);
    CHECK(result.error().code == "some.code");
    CHECK(result.error().message.contains("E: the disk is full"));
    CHECK(result.error().message.contains("broken.log"));
    CHECK(result.error().context.at(0).contains("'broken'"));
    CHECK(std::filesystem::is_empty(directory / "store"));
}

TEST_CASE("a step may only need steps that stand before it") {
    const fakes::TempDir directory;
    Recorder recorder;
    const auto result = run_steps({recorder.step("a", {"b"}, "1"), recorder.step("b", {}, "1")},
                                  ArtefactStore(directory / "store"), {.logs = directory / "logs"}, {});
    REQUIRE(!result);
    CHECK(result.error().code == "step.unknown");
}

TEST_CASE("pruning keeps what was used last and other steps' artefacts") {
    const fakes::TempDir directory;
    Recorder recorder;
    for (const char* input : {"1", "2", "3"}) {
        recorder.run({recorder.step("a", {}, input), recorder.step("a-b", {}, input)}, directory);
    }
    const ArtefactStore store(directory / "store");
    store.prune("a", 1);
    const auto count = std::distance(std::filesystem::directory_iterator(directory / "store"), {});
    CHECK(count == 4);
    CHECK(recorder.run({recorder.step("a", {}, "3")}, directory).empty());
}
