// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace bedplate::fakes {

/// A program in the background; killed with this object, and with the test.
class Process {
public:
    /// What it prints is appended to `log`.
    Process(const std::vector<std::string>& argv, const std::filesystem::path& log);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    /// SIGKILL.
    void kill();
    /// SIGTERM, and SIGKILL half a minute later; returns when it has ended.
    void stop();

private:
    pid_t pid_ = -1;
};

/// A TCP port of loopback that nobody listens on.
[[nodiscard]] std::uint16_t free_port();
[[nodiscard]] bool listens(const std::string& address, std::uint16_t port);
/// For a minute; throws where nobody listens then.
void wait_for_port(const std::string& address, std::uint16_t port, const std::filesystem::path& log);

}  // namespace bedplate::fakes
