// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace bedplate {

/// One program to run: an argument vector, never a shell string.
struct Command {
    std::vector<std::string> argv;  ///< argv[0] is looked up in PATH; no secret may stand here
    std::string input = {};         ///< fed to standard input, which is otherwise empty
    Secret secret_input = {};       ///< the same for a secret; never logged; wins over `input`
    std::chrono::milliseconds timeout{std::chrono::minutes{2}};
    std::vector<std::pair<std::string, std::string>> environment = {};  ///< beside LC_ALL=C.UTF-8 and PATH
    std::filesystem::path directory = {};  ///< working directory; empty: the caller's
    std::filesystem::path output_file =
        {};  ///< stdout and stderr go here (appended) instead of being captured
    std::size_t max_output = 16U * 1024 * 1024;  ///< captured bytes per stream; more is an error
    /// Called with each whole line of stdout and stderr as it arrives (not with output_file); a carriage
    /// return ends a line as well, so that progress which is written over itself is seen.
    std::function<void(std::string_view line)> on_line = {};
};

struct CommandResult {
    int exit_status = 0;  ///< 128 + signal number where a signal ended the program
    std::string out;
    std::string err;
    std::chrono::milliseconds duration{};
};

/// Runs programs. The real one gives the child a clean environment, its own process group and a deadline.
class CommandRunner {
public:
    CommandRunner() = default;
    CommandRunner(const CommandRunner&) = delete;
    CommandRunner& operator=(const CommandRunner&) = delete;
    virtual ~CommandRunner() = default;

    /// Run to the end. A non-zero exit status is a value, not an error.
    /// Errors: command.not-found, command.timeout (the process group was killed), command.output-too-large.
    [[nodiscard]] virtual Result<CommandResult> run(const Command& command) = 0;
};

/// Run and expect exit status 0; returns stdout. Errors: those of run(), and command.failed with the last
/// lines of stderr in the message and the quoted command in `where`.
[[nodiscard]] Result<std::string> run_checked(CommandRunner& runner, const Command& command);

}  // namespace bedplate
