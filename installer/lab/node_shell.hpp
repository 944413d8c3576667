// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "lab/lab.hpp"
#include "platform/command_runner.hpp"

namespace bedplate::lab {

/// What a node is to do over ssh.
struct NodeCommand {
    std::string line;   ///< for the node's shell
    Secret input = {};  ///< fed to its standard input
    std::chrono::seconds timeout{60};
    std::function<void(std::string_view line)> on_line = {};
    /// A node that stops answering is given up after about 15 seconds instead of 45.
    bool impatient = false;
};

/// Never asks for anything. A status that is not zero, ssh's own 255 included, is a value. Errors: command.*.
[[nodiscard]] Result<CommandResult> run_on_node(CommandRunner& commands, const Lab& lab, const LabNode& node,
                                                const NodeCommand& command);
/// The same, with status 0 or an error; returns what it printed. Errors: command.*, lab.node-command.
[[nodiscard]] Result<std::string> ask_node(CommandRunner& commands, const Lab& lab, const LabNode& node,
                                           const NodeCommand& command);

}  // namespace bedplate::lab
