// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "table.hpp"

namespace bedplate::bench {

/// The table with what is needed to judge it: date, machine, commit, command.
[[nodiscard]] std::string report(const std::vector<Row>& rows, const std::string& command_line);

/// Put `text` between the marks "<!-- measured -->" and "<!-- /measured -->" of a document. Errors:
/// bench.document.
[[nodiscard]] Result<void> write_into(const std::filesystem::path& document, const std::string& text);

}  // namespace bedplate::bench
