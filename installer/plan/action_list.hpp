// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <format>
#include <string>
#include <utility>
#include <vector>

#include "plan/plan.hpp"

namespace bedplate {

/// Ids of actions that another one waits for.
using ActionIds = std::vector<std::string>;

/// The actions of a plan while it is put together.
class ActionList {
public:
    /// `disks`: those of the system, to which an action writes unless it says otherwise.
    explicit ActionList(std::vector<DiskIdentity> disks) : disks_(std::move(disks)) {}

    /// Adds an action called `<stage>.<name>` and returns that id.
    std::string add(Stage stage, std::string_view name, ActionKind kind, ActionIds after, std::string summary,
                    std::uint32_t weight = 1) {
        return add_on(disks_, stage, name, std::move(kind), std::move(after), std::move(summary), weight);
    }

    /// The same for an action that writes to `disks`.
    std::string add_on(const std::vector<DiskIdentity>& disks, Stage stage, std::string_view name,
                       ActionKind kind, ActionIds after, std::string summary, std::uint32_t weight = 1) {
        Action action;
        action.id = std::format("{}.{}", to_string(stage), name);
        action.stage = stage;
        action.kind = std::move(kind);
        action.after = std::move(after);
        if (stage != Stage::preflight && !disks.empty()) {
            action.device = disks.front();
            action.also.assign(disks.begin() + 1, disks.end());
        }
        action.summary = std::move(summary);
        action.weight = weight;
        actions_.push_back(std::move(action));
        return actions_.back().id;
    }

    void append(std::vector<Action> actions) {
        for (Action& action : actions) {
            actions_.push_back(std::move(action));
        }
    }

    [[nodiscard]] Action& last() { return actions_.back(); }
    [[nodiscard]] std::vector<Action> take() { return std::move(actions_); }

private:
    std::vector<DiskIdentity> disks_;
    std::vector<Action> actions_;
};

}  // namespace bedplate
