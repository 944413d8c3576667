// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/sources.hpp"

#include "base/text.hpp"

namespace bedplate {

Result<CommandResult> Sources::run(const std::vector<std::string>& argv, std::chrono::seconds timeout) {
    auto result = platform_.commands.run({.argv = argv, .timeout = timeout});
    if (!result && result.error().code == "command.not-found") {
        const std::scoped_lock lock(mutex_);
        missing_.insert(argv.front());
    } else if (!result) {
        note(result.error());
    }
    return result;
}

std::optional<std::string> Sources::output(std::vector<std::string> argv, std::chrono::seconds timeout) {
    auto result = run(argv, timeout);
    if (!result) {
        return std::nullopt;
    }
    if (result->exit_status != 0) {
        note(std::format("{}: status {}: {}", quote_command(argv), result->exit_status,
                         elide(trim(result->err.empty() ? result->out : result->err), 200)));
        return std::nullopt;
    }
    return std::move(result->out);
}

std::optional<std::string> Sources::partial_output(std::vector<std::string> argv) {
    auto result = run(argv, std::chrono::seconds{20});
    return result ? std::optional(std::move(result->out)) : std::nullopt;
}

std::optional<std::string> Sources::file(const std::filesystem::path& path) const {
    const auto text = platform_.files.read(path);
    return text ? std::optional(std::string(trim(*text))) : std::nullopt;
}

std::string Sources::file_or_empty(const std::filesystem::path& path) const {
    return file(path).value_or("");
}

bool Sources::exists(const std::filesystem::path& path) const {
    return platform_.files.exists(path);
}

std::vector<std::string> Sources::list(const std::filesystem::path& path) const {
    return platform_.files.list(path).value_or(std::vector<std::string>{});
}

std::string Sources::resolve(const std::filesystem::path& path) const {
    const auto real = platform_.files.resolve(path);
    return real ? real->string() : std::string();
}

std::unique_ptr<BlockDevice> Sources::open(const std::filesystem::path& path) {
    auto device = platform_.blocks.open(path, BlockAccess::read);
    if (!device) {
        note(device.error());
        return nullptr;
    }
    return std::move(*device);
}

void Sources::note(const std::string& text) {
    const std::scoped_lock lock(mutex_);
    notes_.insert(text);
}

void Sources::note(const Error& error) {
    note(error.where.empty() ? error.message : std::format("{}: {}", error.where, error.message));
}

std::vector<std::string> Sources::missing() const {
    const std::scoped_lock lock(mutex_);
    return {missing_.begin(), missing_.end()};
}

std::vector<std::string> Sources::notes() const {
    const std::scoped_lock lock(mutex_);
    return {notes_.begin(), notes_.end()};
}

}  // namespace bedplate
