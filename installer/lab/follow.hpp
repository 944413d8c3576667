// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace bedplate::lab {

/// How far a node is, by what its console said last.
struct Progress {
    enum class Phase { waiting, installing, installed, first_boot, ready, failed };
    Phase phase = Phase::waiting;
    std::string stage = {};  ///< of the installation ("extract") or of the first boot ("ceph")
    unsigned percent = 0;    ///< while installing
    std::string text = {};   ///< what it does, or why it failed
    bool operator==(const Progress&) const = default;
};

/// What one line of a console means after `before`; most lines mean nothing and change nothing.
[[nodiscard]] Progress advance(Progress before, std::string_view line);

/// Reads a console's log as it grows.
class ConsoleFollower {
public:
    explicit ConsoleFollower(std::filesystem::path log) : log_(std::move(log)) {}
    /// Read what is new. A log that is not there yet is empty; one that became shorter begins anew.
    const Progress& poll();
    [[nodiscard]] const Progress& progress() const { return progress_; }
    void set_ready() { progress_ = {.phase = Progress::Phase::ready}; }

private:
    std::filesystem::path log_;
    std::uintmax_t offset_ = 0;
    std::string rest_;
    Progress progress_;
};

[[nodiscard]] std::string_view to_string(Progress::Phase phase);

/// One line of the view: "node1    installing  extract       34 %  unpack ...", `width` columns at most.
[[nodiscard]] std::string to_line(const std::string& hostname, const Progress& progress, std::size_t width);

}  // namespace bedplate::lab
