// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/cpuinfo.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.hpp"

namespace bedplate {
namespace {

struct Processor {
    std::string package, core;
};

std::vector<std::string> sorted_words(std::string_view text) {
    std::vector<std::string> words = split(text, ' ');
    std::erase(words, "");
    std::ranges::sort(words);
    return words;
}

}  // namespace

Result<CpuFacts> parse_cpuinfo(std::string_view text) {
    CpuFacts cpu;
    std::vector<Processor> processors;
    for (const std::string& line : split(text, '\n')) {
        const auto colon = line.find(':');
        if (colon == std::string::npos) {
            continue;
        }
        const std::string_view name = trim(std::string_view(line).substr(0, colon));
        const std::string value(trim(std::string_view(line).substr(colon + 1)));
        if (name == "processor") {
            // Without topology in the text the number of the processor stands for its core.
            processors.push_back({.package = "0", .core = "processor " + value});
        } else if (processors.empty()) {
            continue;
        } else if (name == "physical id") {
            processors.back().package = value;
        } else if (name == "core id") {
            processors.back().core = value;
        } else if (processors.size() == 1 && name == "vendor_id") {
            cpu.vendor = value;
        } else if (processors.size() == 1 && name == "model name") {
            cpu.model = value;
        } else if (processors.size() == 1 && name == "flags") {
            cpu.flags = sorted_words(value);
        }
    }
    if (processors.empty()) {
        return fail("cpuinfo.syntax", "no processor in the text", "/proc/cpuinfo");
    }
    std::set<std::string> packages;
    std::set<std::pair<std::string, std::string>> cores;
    for (const Processor& processor : processors) {
        packages.insert(processor.package);
        cores.emplace(processor.package, processor.core);
    }
    cpu.sockets = static_cast<std::uint32_t>(packages.size());
    cpu.cores = static_cast<std::uint32_t>(cores.size());
    cpu.threads = static_cast<std::uint32_t>(processors.size());
    return cpu;
}

}  // namespace bedplate
