// SPDX-License-Identifier: GPL-3.0-or-later
#include <format>

#include "inventory/inventory.hpp"

namespace bedplate {
namespace {

void collect(const std::vector<Holder>& holders, std::vector<const Holder*>& found) {
    for (const Holder& holder : holders) {
        found.push_back(&holder);
        collect(holder.holders, found);
    }
}

}  // namespace

bool same_thing(const Holder& one, const Holder& other) {
    if (one.kind != other.kind) {
        return false;
    }
    return one.uuid.empty() || other.uuid.empty() ? !one.name.empty() && one.name == other.name
                                                  : one.uuid == other.uuid;
}

std::vector<const Holder*> all_holders(const Disk& disk) {
    std::vector<const Holder*> found;
    collect(disk.holders, found);
    return found;
}

std::optional<std::string> never_a_candidate(const Disk& disk) {
    if (disk.installation_medium) {
        return "it is the installation medium";
    }
    if (disk.bmc_virtual) {
        return "it is a virtual medium of the BMC";
    }
    if (disk.size == Bytes{}) {
        return "there is no medium in it";
    }
    if (!disk.multipath_of.empty()) {
        return std::format("it is another path to {}", disk.multipath_of);
    }
    if (disk.removable) {
        return "it is removable";
    }
    if (disk.read_only) {
        return "it is read-only";
    }
    return std::nullopt;
}

}  // namespace bedplate
