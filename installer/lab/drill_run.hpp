// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <functional>

#include "lab/drill_report.hpp"
#include "lab/lab.hpp"
#include "platform/platform.hpp"

namespace bedplate::lab {

struct DrillOptions {
    DrillKind kind{};
    unsigned rounds = 1;
    std::uint64_t seed = 1;
    bool keep = false;              ///< the machine stays for the next drill
    std::filesystem::path program;  ///< bedplate-pulse
    std::function<void(const std::string& line)> say;
    std::function<void(const DrillReport& report, const DrillRound& round)> show;
    /// Becomes true when somebody wants the drill to end: everything is healed first.
    std::atomic<bool>* ended = nullptr;
};

/// Make the machine, wait until the cluster is well, do the drill, heal, judge; as often as there are rounds.
/// Whatever happens, what was done to the lab is undone; what could not be stands in the lab's folder and is
/// healed by the next drill. Errors: drill.*, those of the parts. A round that did not hold what it should is
/// no error: its failures() say so.
[[nodiscard]] Result<DrillReport> run_drill(Platform& platform, const Lab& lab, const DrillOptions& options);

/// Undo what an earlier drill has left. Errors: drill.not-healed.
[[nodiscard]] Result<void> heal_lab(Platform& platform, const Lab& lab,
                                    const std::function<void(const std::string& line)>& say);

}  // namespace bedplate::lab
