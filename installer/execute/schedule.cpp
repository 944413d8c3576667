// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/schedule.hpp"

#include <algorithm>
#include <map>

#include "execute/action_disks.hpp"

namespace bedplate {
namespace {

bool goes_in_parallel(Stage stage) {
    return stage == Stage::teardown || stage == Stage::partition || stage == Stage::format;
}

std::set<std::string> names_of(const Action& action) {
    std::set<std::string> names;
    for (const DiskIdentity& disk : disks_of(action)) {
        names.insert(disk.wwn + "\n" + disk.model + "\n" + disk.serial + "\n" + disk.by_path);
    }
    return names;
}

bool share(const std::set<std::string>& one, const std::set<std::string>& other) {
    return std::ranges::any_of(one, [&](const std::string& name) { return other.contains(name); });
}

}  // namespace

Schedule::Schedule(const Plan& plan, std::size_t most) : plan_(plan), most_(std::max<std::size_t>(1, most)) {
    std::map<std::string, std::size_t> index_of;
    for (std::size_t i = 0; i < plan.actions.size(); ++i) {
        const Action& action = plan.actions[i];
        disks_.push_back(names_of(action));
        std::set<std::size_t>& before = waits_for_.emplace_back();
        for (const std::string& id : action.after) {
            if (const auto found = index_of.find(id); found != index_of.end()) {
                before.insert(found->second);
            }
        }
        for (std::size_t earlier = 0; earlier < i; ++earlier) {
            const bool alone = disks_[i].empty() || disks_[earlier].empty();
            if (plan.actions[earlier].stage < action.stage || !goes_in_parallel(action.stage) || alone ||
                share(disks_[i], disks_[earlier])) {
                before.insert(earlier);
            }
        }
        index_of[action.id] = i;
    }
}

bool Schedule::may_start(std::size_t index) const {
    return !running_.contains(index) && !finished_.contains(index) &&
           std::ranges::all_of(waits_for_[index],
                               [&](std::size_t before) { return finished_.contains(before); });
}

std::vector<std::size_t> Schedule::ready() const {
    std::vector<std::size_t> indices;
    for (std::size_t i = 0; i < plan_.actions.size() && running_.size() + indices.size() < most_; ++i) {
        if (may_start(i)) {
            indices.push_back(i);
        }
    }
    return indices;
}

void Schedule::start(std::size_t index) {
    running_.insert(index);
}

void Schedule::finish(std::size_t index) {
    running_.erase(index);
    finished_.insert(index);
}

}  // namespace bedplate
