// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace bedplate::layering {

/// Every #include below `top` (installer/, image/, firstboot/, tui/) that breaks the one-way order of the
/// modules or brings a third-party header where it does not belong: "installer/plan/plan.cpp:3: plan must not
/// include platform". Sorted by file.
[[nodiscard]] std::vector<std::string> violations(const std::filesystem::path& top);

/// How many files violations() looks at; a test that found none would prove nothing.
[[nodiscard]] std::size_t count_sources(const std::filesystem::path& top);

}  // namespace bedplate::layering
