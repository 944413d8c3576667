// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>

#include "platform/clock.hpp"
#include "platform/command_runner.hpp"
#include "platform/file_system.hpp"

namespace bedplate {

/// Runs commands and writes each down when it has ended: one JSON object a line, {time, seconds, status or
/// error, command}. `time` is when it began, `command` is quoted for a shell. What tools read and print is
/// not in it. A log that cannot be written ends nothing.
class CommandLog : public CommandRunner {
public:
    CommandLog(CommandRunner& real, FileSystem& files, Clock& clock, std::filesystem::path path)
        : real_(real), files_(files), clock_(clock), path_(std::move(path)) {}
    Result<CommandResult> run(const Command& command) override;

private:
    void write(std::string_view line);

    CommandRunner& real_;
    FileSystem& files_;
    Clock& clock_;
    std::filesystem::path path_;
    std::mutex mutex_;
    std::unique_ptr<AppendFile> file_;  ///< from the first command on
    bool failed_ = false;
};

}  // namespace bedplate
