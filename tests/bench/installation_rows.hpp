// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.hpp"
#include "table.hpp"

namespace bedplate::bench {

/// Install `repetitions` times with the image, with the floor, and with the image on a machine of 1.5 GiB.
/// Errors: those of the harness; an installation that fails is an error, not a figure.
[[nodiscard]] Result<std::vector<Row>> installation_rows(const std::filesystem::path& iso,
                                                         const std::filesystem::path& work,
                                                         unsigned repetitions);

}  // namespace bedplate::bench
