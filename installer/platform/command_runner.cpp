// SPDX-License-Identifier: GPL-3.0-or-later
#include "platform/command_runner.hpp"

#include <format>

#include "base/text.hpp"

namespace bedplate {

namespace {

/// The last lines of a program's output, short enough for an error message.
std::string tail(std::string_view text) {
    constexpr std::size_t max_lines = 5;
    constexpr std::size_t max_characters = 800;
    auto lines = split(trim(text), '\n');
    if (lines.size() > max_lines) {
        lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(max_lines));
    }
    for (auto& line : lines) {
        line = trim(line);
    }
    return elide(join(lines, " | "), max_characters);
}

}  // namespace

Result<std::string> run_checked(CommandRunner& runner, const Command& command) {
    BEDPLATE_ASSIGN(auto result, runner.run(command));
    if (result.exit_status == 0) {
        return std::move(result.out);
    }
    // Some tools complain on stdout; with nothing on stderr that is better than silence.
    const std::string said = tail(trim(result.err).empty() ? result.out : result.err);
    const std::string program = command.argv.empty() ? "" : command.argv.front();
    return fail("command.failed",
                std::format("{} ended with status {}{}{}", program, result.exit_status,
                            said.empty() ? "" : ": ", said),
                quote_command(command.argv));
}

}  // namespace bedplate
