// SPDX-License-Identifier: GPL-3.0-or-later
#include "report.hpp"

#include <algorithm>
#include <chrono>
#include <format>
#include <fstream>
#include <thread>

#include "base/text.hpp"
#include "harness/accelerator.hpp"
#include "harness/workspace.hpp"
#include "platform/clock.hpp"

namespace bedplate::bench {
namespace {

std::string first_line_with(const std::string& file, std::string_view word) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        if (line.find(word) != std::string::npos) {
            const auto colon = line.find(':');
            return std::string(
                trim(std::string_view(line).substr(colon == std::string::npos ? 0 : colon + 1)));
        }
    }
    return "unknown";
}

std::string command_output(std::vector<std::string> argv) {
    const auto out = run_checked(vm::host_commands(), {.argv = std::move(argv)});
    return out ? std::string(trim(split(*out, '\n').front())) : "unknown";
}

std::string load_average() {
    std::string text;
    std::ifstream in("/proc/loadavg");
    std::getline(in, text);
    return text.substr(0, text.find(' '));
}

}  // namespace

std::string report(const std::vector<Row>& rows, const std::string& command_line) {
    const auto accelerator = vm::choose_accelerator();
    std::string text = std::format(
        "`{}`, {}, commit {}.\nMachine: {} cores ({}), {} of memory, {}, guests by {}; load before the run "
        "{}.\n\n",
        command_line, to_rfc3339(std::chrono::system_clock::now()),
        command_output({"git", "-c", "safe.directory=*", "rev-parse", "--short", "HEAD"}),
        std::thread::hardware_concurrency(), first_line_with("/proc/cpuinfo", "model name"),
        first_line_with("/proc/meminfo", "MemTotal"), command_output({"qemu-system-x86_64", "--version"}),
        accelerator ? vm::to_string(*accelerator) : "none", load_average());
    return text + to_table(rows);
}

Result<void> write_into(const std::filesystem::path& document, const std::string& text) {
    constexpr std::string_view begin = "<!-- measured -->\n";
    constexpr std::string_view end = "<!-- /measured -->";
    std::ifstream in(document);
    std::string old{std::istreambuf_iterator<char>(in), {}};
    const auto from = old.find(begin);
    const auto to = old.find(end);
    if (from == std::string::npos || to == std::string::npos || to < from) {
        return fail("bench.document", "the marks for the measured table are not there", document.string());
    }
    const auto start = from + begin.size();
    old.replace(start, to - start, text);
    std::ofstream(document) << old;
    return {};
}

}  // namespace bedplate::bench
