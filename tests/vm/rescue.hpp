// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "harness/vm.hpp"
#include "harness/workspace.hpp"

namespace bedplate::vm {

/// What a command in the rescue shell said and how it ended.
struct Said {
    unsigned status = 0;
    std::string text;  ///< both of its outputs
};

/// The installer's environment, started by its kernel directly, with a shell on the serial port: one start
/// serves many questions. The files of `folder` are there under /cases.
class RescueShell {
public:
    RescueShell(const Workspace& workspace, VmSpec spec, const std::filesystem::path& folder);

    /// Type a command and wait for its end.
    [[nodiscard]] Said run(const std::string& command,
                           std::chrono::seconds timeout = std::chrono::minutes(1));
    [[nodiscard]] Vm& vm() { return *vm_; }

private:
    std::unique_ptr<Vm> vm_;
    unsigned count_ = 0;
};

/// A profile of a test, whose system disk is what `select` picks ("serial: X"); `name` names its folder below
/// /cases/profiles as well.
void write_profile(const std::filesystem::path& folder, const std::string& name, const std::string& select);

}  // namespace bedplate::vm
