// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/node_shell.hpp"

#include "base/text.hpp"
#include "lab/control.hpp"

namespace bedplate::lab {

Result<CommandResult> run_on_node(CommandRunner& commands, const Lab& lab, const LabNode& node,
                                  const NodeCommand& asked) {
    constexpr std::size_t most_output = std::size_t{256} << 20U;
    Command command{.argv = ssh_command(lab, node),
                    .secret_input = asked.input,
                    .timeout = asked.timeout,
                    .max_output = most_output,
                    .on_line = asked.on_line};
    if (asked.impatient) {
        // ssh takes the first of several values.
        command.argv.insert(command.argv.begin() + 1, {"-o", "ServerAliveInterval=5"});
    }
    command.argv.insert(command.argv.end() - 1, {"-o", "BatchMode=yes"});
    command.argv.push_back(asked.line);
    return commands.run(command);
}

Result<std::string> ask_node(CommandRunner& commands, const Lab& lab, const LabNode& node,
                             const NodeCommand& command) {
    BEDPLATE_ASSIGN(auto answer, run_on_node(commands, lab, node, command));
    if (answer.exit_status != 0) {
        return fail("lab.node-command",
                    std::format("{} on {} ended with status {}: {}", elide(command.line, 60), node.hostname,
                                answer.exit_status, trim(answer.err)),
                    node.hostname);
    }
    return std::move(answer.out);
}

}  // namespace bedplate::lab
