// SPDX-License-Identifier: GPL-3.0-or-later
#include "build_rows.hpp"

#include <cstdlib>
#include <format>
#include <fstream>
#include <iostream>
#include <string>

#include "harness/workspace.hpp"
#include "image/build.hpp"
#include "platform/command_runner.hpp"

namespace bedplate::bench {
namespace {

namespace fs = std::filesystem;

/// A line is added to a source file and taken away again, whatever happens in between.
class ChangedFile {
public:
    ChangedFile(fs::path path, std::string_view line) : path_(std::move(path)) {
        std::ifstream in(path_);
        text_.assign(std::istreambuf_iterator<char>(in), {});
        std::ofstream(path_, std::ios::app) << line << "\n";
    }
    ~ChangedFile() { std::ofstream(path_) << text_; }
    ChangedFile(const ChangedFile&) = delete;
    ChangedFile& operator=(const ChangedFile&) = delete;

private:
    fs::path path_;
    std::string text_;
};

/// Seconds until the command has ended with status 0.
Result<double> timed(Command command, std::string_view what) {
    command.timeout = std::chrono::hours(1);
    // ccache lives in the home directory; a proxy is part of how the mirror is reached.
    for (const char* name : {"HOME", "http_proxy", "https_proxy", "no_proxy"}) {
        if (const char* value = std::getenv(name)) {
            command.environment.emplace_back(name, value);
        }
    }
    command.directory = vm::top_directory();
    BEDPLATE_ASSIGN(const auto result, vm::host_commands().run(command));
    const double seconds = std::chrono::duration<double>(result.duration).count();
    if (result.exit_status != 0) {
        return fail("bench.build", std::format("{} ended with status {}", what, result.exit_status), {},
                    result.err.substr(result.err.size() > 2000 ? result.err.size() - 2000 : 0));
    }
    std::cerr << std::format("{}: {:.1f} s\n", what, seconds);
    return seconds;
}

/// The downloads of earlier builds, and nothing else of them. Errors: bench.cache.
Result<fs::path> fresh_cache(const fs::path& work, const fs::path& debs) {
    const auto cache = work / "cache";
    for (const auto* leftover : {"cache", "build", "out"}) {
        fs::remove_all(work / leftover);
    }
    fs::create_directories(cache);
    std::error_code error;
    fs::copy(debs, cache / "debs", fs::copy_options::create_hard_links, error);
    if (error) {
        return fail("bench.cache", "cannot link the downloaded packages: " + error.message(), debs.string(),
                    "run 'make iso' first, with the cache on the same file system as the checkout");
    }
    return cache;
}

/// Everything that `make iso` does once the build root is there.
class ImageBuild {
public:
    ImageBuild(fs::path work, fs::path cache) : work_(std::move(work)), cache_(std::move(cache)) {}

    [[nodiscard]] Result<double> run(std::string_view what) const {
        BEDPLATE_ASSIGN(const auto compile,
                        timed({.argv = {"ninja", "-C", "build/cmake", "--quiet", "packages"}},
                              std::format("{}, programs", what)));
        BEDPLATE_ASSIGN(const auto bedplate, vm::find_bedplate());
        Command build{.argv = {bedplate.string(), "image", "build", "--out", (work_ / "out").string(),
                               "--build", (work_ / "build").string(), "--apt-sources", "build/apt-sources"}};
        build.environment = {{"BEDPLATE_CACHE", cache_.string()}};
        BEDPLATE_ASSIGN(const auto image, timed(build, std::format("{}, image", what)));
        return compile + image;
    }

private:
    fs::path work_, cache_;
};

struct Times {
    std::vector<double> floor, cold, unchanged, profile, program;
};

Result<void> measure_once(const fs::path& work, Times& times, unsigned run) {
    const auto top = vm::top_directory();
    const auto debs = image::cache_directory() / "debs";
    BEDPLATE_ASSIGN(
        const auto floor,
        timed({.argv = {(top / "tests/bench/floor/bootstrap").string(), (top / "image/node.yaml").string(),
                        (top / "build/apt-sources").string(), debs.string(), (work / "floor.tar").string()}},
              "bare mmdebstrap"));
    times.floor.push_back(floor);
    BEDPLATE_ASSIGN(const auto cache, fresh_cache(work, debs));
    const ImageBuild build(work, cache);
    BEDPLATE_ASSIGN(const auto cold, build.run("cold build"));
    times.cold.push_back(cold);
    BEDPLATE_ASSIGN(const auto unchanged, build.run("nothing changed"));
    times.unchanged.push_back(unchanged);
    {
        const ChangedFile change(top / "profiles/vm-r750.yaml", std::format("# measured, run {}", run));
        BEDPLATE_ASSIGN(const auto profile, build.run("one profile changed"));
        times.profile.push_back(profile);
    }
    {
        const ChangedFile change(
            top / "installer/execute/progress.cpp",
            std::format("namespace bedplate {{ extern const int measured{0}; const int measured{0} "
                        "= {0}; }}",
                        run));
        BEDPLATE_ASSIGN(const auto program, build.run("one .cpp changed"));
        times.program.push_back(program);
    }
    return {};
}

}  // namespace

Result<std::vector<Row>> build_rows(const fs::path& work, unsigned repetitions) {
    fs::create_directories(work);
    Times times;
    for (unsigned run = 1; run <= repetitions; ++run) {
        BEDPLATE_TRY(measure_once(work, times, run));
    }
    fs::remove_all(work);
    // The programs are left as the sources say.
    BEDPLATE_TRY(
        timed({.argv = {"ninja", "-C", "build/cmake", "--quiet", "packages"}}, "putting the programs back"));
    return std::vector<Row>{
        {.what = "cold image build (packages downloaded, programs compiled)",
         .ours = times.cold,
         .floor_name = "bare mmdebstrap",
         .floor = times.floor,
         .aim = 2.0},
        {.what = "rebuild, nothing changed", .ours = times.unchanged, .aim = 2.0},
        {.what = "rebuild, one profile changed", .ours = times.profile, .aim = 3.0},
        {.what = "rebuild, one .cpp changed",
         .ours = times.program,
         .floor_name = "bare mmdebstrap",
         .floor = times.floor,
         .aim = 0.5},
    };
}

}  // namespace bedplate::bench
