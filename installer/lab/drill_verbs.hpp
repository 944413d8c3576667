// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <CLI/CLI.hpp>
#include <optional>

#include "platform/platform.hpp"

namespace bedplate::lab {

/// `bedplate lab drill`, `drill-report` and `guest`.
class DrillVerbs {
public:
    void add_to(CLI::App& app);
    /// Nullopt: none of them was asked for.
    [[nodiscard]] std::optional<Result<int>> run(Platform& platform);

private:
    [[nodiscard]] Result<int> drill(Platform& platform) const;
    [[nodiscard]] Result<int> report(Platform& platform) const;
    [[nodiscard]] Result<int> guest(Platform& platform) const;
    [[nodiscard]] std::filesystem::path place() const;

    CLI::App *drill_ = nullptr, *report_ = nullptr, *guest_ = nullptr;
    std::string name_ = "lab", folder_, kind_, address_, collector_;
    std::filesystem::path json_, svg_, iso_, output_;
    std::vector<std::filesystem::path> reports_;
    unsigned rounds_ = 1;
    std::uint64_t seed_ = 1;
    bool keep_ = false, heal_ = false;
};

}  // namespace bedplate::lab
