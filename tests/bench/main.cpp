// SPDX-License-Identifier: GPL-3.0-or-later
// bedplate_bench: measures, prints the table and, if asked to, writes it into docs/benchmarks.md.
#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "build_rows.hpp"
#include "harness/workspace.hpp"
#include "installation_rows.hpp"
#include "planning.hpp"
#include "report.hpp"

namespace {

using namespace bedplate;
using namespace bedplate::bench;

struct Options {
    bool quick = false, write = false;
    std::string only;
};

Result<std::vector<Row>> measure(const Options& options) {
    const auto work = vm::top_directory() / "build/bench";
    const unsigned repetitions = options.quick ? 1 : 3;
    std::vector<Row> rows;
    if (options.only.empty() || options.only == "plan") {
        BEDPLATE_ASSIGN(const auto planning, planning_rows(repetitions));
        rows.insert(rows.end(), planning.begin(), planning.end());
    }
    if (options.only.empty() || options.only == "build") {
        BEDPLATE_ASSIGN(const auto build, build_rows(work / "build", repetitions));
        rows.insert(rows.end(), build.begin(), build.end());
    }
    if (options.only.empty() || options.only == "install") {
        BEDPLATE_ASSIGN(const auto iso, vm::find_iso());
        BEDPLATE_ASSIGN(const auto installation, installation_rows(iso, work / "install", repetitions));
        rows.insert(rows.end(), installation.begin(), installation.end());
    }
    return rows;
}

Result<void> run(const Options& options, const std::string& command_line) {
    BEDPLATE_ASSIGN(const auto rows, measure(options));
    const auto text = report(rows, command_line);
    std::cout << "\n" << text;
    if (options.write) {
        BEDPLATE_TRY(write_into(vm::top_directory() / "docs/benchmarks.md", text));
    }
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Measure building and installing against floors of the same run");
    Options options;
    app.add_flag("--quick", options.quick, "Measure each figure once instead of three times");
    app.add_flag("--write", options.write, "Put the table into docs/benchmarks.md");
    app.add_option("--only", options.only, "A part of the table")
        ->check(CLI::IsMember({"build", "install", "plan"}));
    CLI11_PARSE(app, argc, argv);

    std::string command_line = "tests/bench/run";
    for (int i = 1; i < argc; ++i) {
        command_line += std::string(" ") + argv[i];
    }
    if (const auto done = run(options, command_line); !done) {
        std::cerr << done.error().to_text() << "\n";
        return exit_status(done.error().kind);
    }
    return 0;
}
