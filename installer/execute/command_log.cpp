// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/command_log.hpp"

#include "base/json.hpp"
#include "base/text.hpp"

namespace bedplate {

Result<CommandResult> CommandLog::run(const Command& command) {
    const auto begun = clock_.now();
    const auto before = clock_.steady();
    auto result = real_.run(command);
    const std::chrono::duration<double> took = clock_.steady() - before;
    Json line{{"time", to_rfc3339(begun)}, {"seconds", took.count()}};
    if (result) {
        line["status"] = result->exit_status;
    } else {
        line["error"] = result.error().code;
    }
    line["command"] = quote_command(command.argv);
    write(line.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n");
    return result;
}

void CommandLog::write(std::string_view line) {
    const std::scoped_lock lock(mutex_);
    if (failed_) {
        return;
    }
    if (!file_) {
        auto opened =
            files_.make_directories(path_.parent_path()).and_then([&] { return files_.open_append(path_); });
        if (!opened) {
            failed_ = true;
            return;
        }
        file_ = std::move(*opened);
    }
    failed_ = !file_->append(line);
}

}  // namespace bedplate
