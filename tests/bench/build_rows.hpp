// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.hpp"
#include "table.hpp"

namespace bedplate::bench {

/// Build the image from nothing (downloaded packages aside), again with nothing changed, with one profile
/// changed and with one .cpp file changed, and bootstrap the node's package list alone. The two sources are
/// changed in place and put back. Errors: those of the commands.
[[nodiscard]] Result<std::vector<Row>> build_rows(const std::filesystem::path& work, unsigned repetitions);

}  // namespace bedplate::bench
