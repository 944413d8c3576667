// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "platform/descriptor.hpp"

namespace bedplate {

/// What a child is to become. The descriptors stay the caller's.
struct SpawnRequest {
    std::vector<std::string> argv;
    std::vector<std::string> environment;  ///< "NAME=value", all of it
    std::filesystem::path directory;       ///< empty: the caller's
    int in = -1;
    int out = -1;
    int err = -1;
};

/// A running child: leader of a session and a process group of its own, not reaped yet.
struct Child {
    pid_t pid = 0;
    Descriptor handle;  ///< pidfd: readable once the child has ended
};

/// The program that argv[0] names: itself where it has a slash, else the first hit in `search_path`
/// ("a:b:c"). Errors: command.not-found.
[[nodiscard]] Result<std::filesystem::path> find_program(const std::string& name,
                                                         std::string_view search_path);

/// Start `program`. Errors: command.not-found (the kernel will not run it), command.start.
[[nodiscard]] Result<Child> spawn(const std::filesystem::path& program, const SpawnRequest& request);

}  // namespace bedplate
