// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace bedplate::cli {

/// Another program of ours does the rest, in this one's place; its output and exit status are ours. Returns
/// only if it cannot be started: then with an error of `code`.
[[nodiscard]] Result<int> hand_on(const std::filesystem::path& program, std::vector<std::string> arguments,
                                  std::string code);

}  // namespace bedplate::cli
