// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/follow.hpp"

#include <fstream>
#include <regex>

#include "base/foreign_text.hpp"
#include "base/text.hpp"

namespace bedplate::lab {

namespace {

using Phase = Progress::Phase;

/// As `to_line(Event)` prints it.
const std::regex& installer_line() {
    static const std::regex line(R"(^([a-z]+) +(\d+) %  (.*)$)");
    return line;
}

/// As systemd forwards a service's line to the console.
const std::regex& first_boot_line() {
    static const std::regex line(R"(bedplate-firstboot\[\d+\]: ([a-z]+) +(.*)$)");
    return line;
}

/// Colours and cursor movements (ECMA-48), which a terminal would not show either.
std::string plain(const std::string& line) {
    static const std::regex sequence("\x1b(\\[[0-?]*[ -/]*[@-~]|[^\\[])|[\x01-\x08\x0b-\x1f]");
    return as_utf8(std::regex_replace(line, sequence, ""));
}

}  // namespace

Progress advance(Progress before, std::string_view line) {
    const std::string text(line);
    std::smatch found;
    if (std::regex_search(text, found, installer_line())) {
        return {.phase = Phase::installing,
                .stage = found[1],
                .percent = static_cast<unsigned>(parse_unsigned(found[2].str()).value_or(0)),
                .text = found[3]};
    }
    if (text.contains(" is installed; ")) {
        return {.phase = Phase::installed, .percent = 100, .text = text};
    }
    if (std::regex_search(text, found, first_boot_line())) {
        return {.phase = Phase::first_boot, .stage = found[1], .text = found[2]};
    }
    static const std::regex gave_up(R"(exit status [1-9])");
    if (before.phase == Phase::installing && std::regex_search(text, gave_up)) {
        before.phase = Phase::failed;
    }
    return before;
}

const Progress& ConsoleFollower::poll() {
    std::error_code error;
    const auto size = std::filesystem::file_size(log_, error);
    if (error || size == offset_) {
        return progress_;
    }
    if (size < offset_) {
        offset_ = 0;
        rest_.clear();
    }
    std::ifstream in(log_, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(offset_));
    std::string chunk(size - offset_, '\0');
    in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    chunk.resize(static_cast<std::size_t>(in.gcount()));
    offset_ += chunk.size();
    rest_ += chunk;
    std::size_t begin = 0;
    for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', begin)) {
        progress_ = advance(std::move(progress_), plain(rest_.substr(begin, end - begin)));
        begin = end + 1;
    }
    rest_.erase(0, begin);
    return progress_;
}

std::string_view to_string(Phase phase) {
    switch (phase) {
        case Phase::waiting:
            return "waiting";
        case Phase::installing:
            return "installing";
        case Phase::installed:
            return "installed";
        case Phase::first_boot:
            return "first boot";
        case Phase::ready:
            return "ready";
        case Phase::failed:
            return "failed";
    }
    return "?";
}

std::string to_line(const std::string& hostname, const Progress& progress, std::size_t width) {
    const auto percent =
        progress.phase == Phase::installing ? std::format("{:>3} %", progress.percent) : std::string(5, ' ');
    auto line = std::format("{:<12} {:<10}  {:<10} {}  {}", hostname, to_string(progress.phase),
                            progress.stage, percent, progress.text);
    line.erase(line.find_last_not_of(' ') + 1);
    return elide(line, width);
}

}  // namespace bedplate::lab
