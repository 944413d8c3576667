// SPDX-License-Identifier: GPL-3.0-or-later
#include "installation_rows.hpp"

#include <format>
#include <iostream>

#include "harness/medium_copy.hpp"
#include "installation.hpp"

namespace bedplate::bench {
namespace {

namespace fs = std::filesystem;

constexpr Bytes roomy = gib(4);
constexpr Bytes small = mib(1536);

void tell(std::string_view what, const InstallationTimes& times) {
    std::cerr << std::format(
        "{}: {:.1f} s, of these {:.1f} s until it starts, {:.1f} s payload; CPU {:.1f} s\n", what,
        times.total, times.until_start, times.payload, times.cpu);
}

std::vector<double> column(const std::vector<InstallationTimes>& runs, double InstallationTimes::* member) {
    std::vector<double> values;
    for (const auto& run : runs) {
        values.push_back(run.*member);
    }
    return values;
}

struct Runs {
    std::vector<InstallationTimes> bedplate, floor, bedplate_small;
};

/// Interleaved, so that a machine that gets slower or faster in between does so for all.
Result<Runs> measure(const fs::path& medium, const fs::path& floor_iso, const fs::path& work,
                     unsigned repetitions) {
    Runs runs;
    for (unsigned i = 0; i < repetitions; ++i) {
        const auto directory = work / std::format("run-{}", i + 1);
        fs::remove_all(directory);
        BEDPLATE_ASSIGN(const auto floor,
                        install_with_floor({.work = directory / "floor", .memory = roomy}, floor_iso));
        tell("floor", floor);
        runs.floor.push_back(floor);
        BEDPLATE_ASSIGN(const auto ours,
                        install_with_bedplate({.work = directory / "bedplate", .memory = roomy}, medium));
        tell("bedplate", ours);
        runs.bedplate.push_back(ours);
        BEDPLATE_ASSIGN(
            const auto tight,
            install_with_bedplate({.work = directory / "bedplate-1536", .memory = small}, medium));
        tell("bedplate, 1.5 GiB", tight);
        runs.bedplate_small.push_back(tight);
    }
    return runs;
}

}  // namespace

Result<std::vector<Row>> installation_rows(const fs::path& iso, const fs::path& work, unsigned repetitions) {
    fs::create_directories(work);
    const auto medium = work / "medium.iso";
    BEDPLATE_TRY(vm::personalized_copy(medium, bench_site()));
    BEDPLATE_ASSIGN(const auto floor_iso, make_floor(iso, work / "floor"));
    BEDPLATE_ASSIGN(const auto runs, measure(medium, floor_iso, work, repetitions));

    using Times = InstallationTimes;
    const auto floor_total = column(runs.floor, &Times::total);
    return std::vector<Row>{
        {.what = "installation, power-on to power-off, 4 GiB",
         .ours = column(runs.bedplate, &Times::total),
         .floor_name = "busybox and unsquashfs",
         .floor = floor_total,
         .aim = 2.0},
        {.what = "the same in CPU seconds of QEMU",
         .ours = column(runs.bedplate, &Times::cpu),
         .floor_name = "the same",
         .floor = column(runs.floor, &Times::cpu)},
        {.what = "of it: power-on to the installer's first line",
         .ours = column(runs.bedplate, &Times::until_start),
         .floor_name = "the same",
         .floor = column(runs.floor, &Times::until_start)},
        {.what = "payload phase",
         .ours = column(runs.bedplate, &Times::payload),
         .floor_name = "unsquashfs",
         .floor = column(runs.floor, &Times::payload),
         .aim = 1.2},
        {.what = "installation with 1.5 GiB of memory",
         .ours = column(runs.bedplate_small, &Times::total),
         .floor_name = "busybox, 4 GiB",
         .floor = floor_total},
        {.what = "ISO", .unit = "MB", .ours = {static_cast<double>(fs::file_size(iso)) / 1e6}, .aim = 800},
    };
}

}  // namespace bedplate::bench
