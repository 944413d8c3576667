// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_command_runner.hpp"

#include <algorithm>
#include <format>

#include "base/text.hpp"

namespace bedplate::fakes {

namespace {

FakeCommandRunner::Handler answer_with(Answer answer) {
    return [answer = std::move(answer)](const Command&) -> Result<CommandResult> {
        return CommandResult{
            .exit_status = answer.status, .out = answer.out, .err = answer.err, .duration = {}};
    };
}

void report_lines(const Command& command, std::string_view text) {
    auto lines = split(text, '\n');
    if (lines.back().empty()) {
        lines.pop_back();
    }
    for (const auto& line : lines) {
        command.on_line(line);
    }
}

}  // namespace

FakeCommandRunner& FakeCommandRunner::on(std::string pattern, Answer answer) {
    return on(std::move(pattern), answer_with(std::move(answer)));
}

FakeCommandRunner& FakeCommandRunner::on(std::string pattern, Handler handler) {
    rules_.push_back(Rule{.pattern = std::move(pattern), .handler = std::move(handler)});
    return *this;
}

FakeCommandRunner& FakeCommandRunner::once(std::string pattern, Answer answer) {
    rules_.push_back(
        Rule{.pattern = std::move(pattern), .handler = answer_with(std::move(answer)), .once = true});
    return *this;
}

FakeCommandRunner& FakeCommandRunner::missing(std::string pattern) {
    return on(std::move(pattern), [](const Command& command) -> Result<CommandResult> {
        return fail("command.not-found", std::format("there is no program {}", command.argv.front()));
    });
}

void FakeCommandRunner::fail_at(std::size_t n) {
    fail_at_ = commands_.size() + n - 1;
}

FakeCommandRunner::Rule* FakeCommandRunner::find_rule(const std::string& line) {
    for (auto& rule : rules_) {
        if (rule.once && !rule.used && glob_match(rule.pattern, line)) {
            rule.used = true;
            return &rule;
        }
    }
    const auto found = std::find_if(rules_.rbegin(), rules_.rend(), [&](const Rule& rule) {
        return !rule.once && glob_match(rule.pattern, line);
    });
    return found == rules_.rend() ? nullptr : &*found;
}

Result<CommandResult> FakeCommandRunner::run(const Command& command) {
    std::unique_lock lock(mutex_);
    const std::string line = quote_command(command.argv);
    commands_.push_back(command);
    if (observer_) {
        observer_(line);
    }
    if (fail_at_ == commands_.size() - 1) {
        return CommandResult{
            .exit_status = 1, .out = {}, .err = "made to fail by the test\n", .duration = {}};
    }
    const Rule* rule = find_rule(line);
    if (rule == nullptr) {
        unexpected_.push_back(line);
        return fail("command.unexpected", std::format("no rule of the test matches the command: {}", line),
                    line);
    }
    // A copy, since a handler may add rules.
    const Handler handler = rule->handler;
    if (concurrent_) {
        lock.unlock();
    }
    auto result = handler(command);
    if (result && command.on_line) {
        report_lines(command, result->out);
        report_lines(command, result->err);
    }
    return result;
}

std::vector<std::string> FakeCommandRunner::lines() const {
    std::vector<std::string> lines;
    for (const auto& command : commands_) {
        lines.push_back(quote_command(command.argv));
    }
    return lines;
}

std::size_t FakeCommandRunner::count(std::string_view pattern) const {
    const auto all = lines();
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [&](const auto& line) { return glob_match(pattern, line); }));
}

}  // namespace bedplate::fakes
