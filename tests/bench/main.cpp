// SPDX-License-Identifier: GPL-3.0-or-later
// bedplate_bench: measures, prints the table and, if asked to, writes it into docs/benchmarks.md.
#include <CLI/CLI.hpp>
#include <iostream>

#include "harness/medium_copy.hpp"
#include "harness/workspace.hpp"
#include "installation.hpp"
#include "table.hpp"

using namespace bedplate;
using namespace bedplate::bench;

int main(int argc, char** argv) {
    CLI::App app("Measure Bedplate against floors of the same run");
    std::string floor;
    app.add_option("--floor-iso", floor);
    CLI11_PARSE(app, argc, argv);
    const auto times =
        install_with_floor({.work = vm::top_directory() / "build/bench/floor-run", .memory = gib(4)}, floor);
    if (!times) {
        std::cerr << times.error().to_text();
        return 1;
    }
    std::cout << times->total << " cpu " << times->cpu << " start " << times->until_start << " payload "
              << times->payload << " sync " << times->sync << "\n";
    return 0;
}
