// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "plan/occupancy.hpp"
#include "plan/plan.hpp"

namespace bedplate {
namespace {

std::unexpected<Error> changed(const PlannedDisk& planned, std::string_view what, std::string_view now,
                               std::string_view before) {
    return refuse("disk.changed",
                  std::format("the {} of {} is '{}' now; it was '{}' when the plan was made", what,
                              planned.description, now, before),
                  planned.identity.to_text(), "make a new plan of the machine as it is now");
}

Result<void> compare(const PlannedDisk& planned, const Disk& disk) {
    const std::pair<std::string_view, std::pair<std::string, std::string>> facts[] = {
        {"model", {disk.model, planned.identity.model}},
        {"bay", {disk.by_path, planned.identity.by_path}},
        {"size in bytes", {std::to_string(disk.size.value), std::to_string(planned.size.value)}},
        {"logical block size",
         {std::to_string(disk.logical_block_size.value), std::to_string(planned.logical_block_size.value)}},
        {"content", {contents_text(disk), planned.contents}},
    };
    for (const auto& [what, values] : facts) {
        if (values.first != values.second) {
            return changed(planned, what, values.first, values.second);
        }
    }
    if (const auto why = never_a_candidate(disk)) {
        return changed(planned, "use", *why, "a disk that may be written to");
    }
    return {};
}

}  // namespace

Result<void> check_unchanged(const Plan& plan, const Inventory& now) {
    for (const PlannedDisk& planned : plan.disks) {
        if (planned.role == PlannedRole::untouched) {
            continue;
        }
        BEDPLATE_ASSIGN(const Disk* disk, find_disk(planned.identity, now));
        BEDPLATE_TRY(compare(planned, *disk));
    }
    return {};
}

}  // namespace bedplate
