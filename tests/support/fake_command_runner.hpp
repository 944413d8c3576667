// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/command_runner.hpp"

namespace bedplate::fakes {

/// What a made-up program prints and how it ends.
struct Answer {
    std::string out = {};
    int status = 0;
    std::string err = {};
};

/// Runs nothing: answers by rules and records every command; run() may be called from several threads.
///
/// A rule's pattern is a glob ('*', '?') over the whole command as quote_command() writes it: "lsblk *",
/// "mkfs.ext4 -q * /dev/sda2". Of several rules that match, the one added last is used. A command that no
/// rule matches is an error `command.unexpected`, which names the command.
class FakeCommandRunner : public CommandRunner {
public:
    using Handler = std::function<Result<CommandResult>(const Command&)>;

    /// Every command that matches.
    FakeCommandRunner& on(std::string pattern, Answer answer = {});
    /// The same with a function, for answers that depend on the command or that are errors.
    FakeCommandRunner& on(std::string pattern, Handler handler);
    /// Only the next command that matches; several such rules for the same command are used in their order.
    FakeCommandRunner& once(std::string pattern, Answer answer);
    /// The program is not installed: command.not-found.
    FakeCommandRunner& missing(std::string pattern);
    /// The n-th command from now (1 = the next) ends with status 1, whatever the rules say.
    void fail_at(std::size_t n);

    /// Called with every command before its rule.
    void observe(std::function<void(const std::string& line)> observer) { observer_ = std::move(observer); }
    /// Several commands may run at a time: the functions of rules are then called without a lock.
    void set_concurrent() { concurrent_ = true; }

    Result<CommandResult> run(const Command& command) override;

    [[nodiscard]] const std::vector<Command>& commands() const { return commands_; }
    /// Every command as quote_command() writes it, in order.
    [[nodiscard]] std::vector<std::string> lines() const;
    /// How many of the commands so far match the glob.
    [[nodiscard]] std::size_t count(std::string_view pattern) const;
    /// Commands that no rule matched; a test ends with CHECK(runner.unexpected().empty()).
    [[nodiscard]] const std::vector<std::string>& unexpected() const { return unexpected_; }

private:
    struct Rule {
        std::string pattern;
        Handler handler;
        bool once = false;
        bool used = false;
    };
    Rule* find_rule(const std::string& line);

    std::recursive_mutex mutex_;  ///< recursive, since a handler may add rules or run commands
    std::vector<Rule> rules_;
    bool concurrent_ = false;
    std::function<void(const std::string& line)> observer_;
    std::vector<Command> commands_;
    std::vector<std::string> unexpected_;
    std::optional<std::size_t> fail_at_;  ///< index into commands_
};

}  // namespace bedplate::fakes
