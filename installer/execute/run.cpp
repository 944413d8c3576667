// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/run.hpp"

#include <chrono>

namespace bedplate {
namespace {

void replace_all(std::string& text, std::string_view mark, std::string_view value) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size())) {
        text.replace(at, mark.size(), value);
    }
}

}  // namespace

Result<std::string> Run::disk_path(const Action& action) const {
    return action.device ? disks.path_of(*action.device) : std::string();
}

std::filesystem::path Run::on_target(const std::string& path) const {
    return context.target / std::filesystem::path(path).relative_path();
}

std::string Run::filled_in(std::string text) const {
    replace_all(text, kernel_release_mark, context.manifest.payload.kernel);
    replace_all(text, plan_digest_mark, digest);
    return text;
}

Result<void> Run::run_commands(const Action& action) {
    BEDPLATE_ASSIGN(const std::string disk, disk_path(action));
    for (const auto& argv : commands(action, {.target = context.target.string(), .disk = disk})) {
        // Making a file system on a slow or failing disk may take minutes; hanging for ever is a failure.
        BEDPLATE_TRY(run_checked(context.commands, {.argv = argv, .timeout = std::chrono::minutes{10}}));
    }
    return {};
}

}  // namespace bedplate
