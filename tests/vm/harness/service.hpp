// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace bedplate::vm {

/// A server beside a test, until this object goes, whatever becomes of its files by then. A test that is
/// killed takes it along, unless it has changed its user.
class Service {
public:
    /// `argv` stays in the foreground and writes its process id to `pid_file`; what it prints goes to `log`.
    /// Started behind `inside`, for a server on another network (rack::Rack::inside). Returns when the
    /// process id is there, or after ten seconds.
    Service(std::vector<std::string> argv, const std::filesystem::path& pid_file, std::filesystem::path log,
            std::vector<std::string> inside = {});
    ~Service();
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

private:
    std::jthread thread_;
    pid_t pid_ = 0;
};

}  // namespace bedplate::vm
