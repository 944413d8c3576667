// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "crash_replay.hpp"
#include "offline_node.hpp"

namespace bedplate::vm {

/// A recorded installation: what the disk held before, the log, and what it holds afterwards.
struct Recording {
    std::filesystem::path before;  ///< empty: a blank disk
    std::filesystem::path log;
    std::filesystem::path after;
    NodeExpectation node;
};

/// How thoroughly, and from where the random numbers come.
struct CrashSampling {
    unsigned subsets = 5;  ///< of the unflushed requests, for each flush boundary
    std::uint64_t seed = 1;
};

/// What became of all states; each is exactly one of the three.
struct CrashReport {
    std::size_t boundaries = 0, states = 0;
    std::size_t old_states = 0;  ///< the disk holds what it held
    std::size_t incomplete = 0;  ///< it does not boot, and the installer would begin again
    std::size_t complete = 0;    ///< it boots, and everything is there
    std::size_t judged = 0;  ///< states that were looked at by themselves; others differ from their neighbour
                             ///< only where neither firmware nor installer looks
    std::size_t compared = 0;             ///< states whose whole content was compared
    std::vector<std::string> violations;  ///< bootable but incomplete; or refused by the next run
    std::vector<CrashState> interesting;  ///< one state of each kind that was met, for runs in a machine
    [[nodiscard]] std::string to_text() const;
};

/// Judge every flush boundary, random subsets of what was not flushed, and torn requests. `scratch` becomes
/// an image of the disk. Errors: those of reading, writing and of probing.
[[nodiscard]] Result<CrashReport> judge_crashes(const Recording& recording, const CrashSampling& sampling,
                                                const FileTree& payload,
                                                const std::filesystem::path& scratch);

}  // namespace bedplate::vm
