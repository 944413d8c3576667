// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "base/text.hpp"
#include "inventory/inventory.hpp"

namespace bedplate {
namespace {

std::string holder_text(const Holder& holder) {
    const std::string_view kind = holder.kind == Holder::Kind::lvm        ? "LVM"
                                  : holder.kind == Holder::Kind::ceph_osd ? "Ceph OSD"
                                                                          : to_string(holder.kind);
    return holder.name.empty() ? std::string(kind) : std::format("{} {}", kind, holder.name);
}

std::string mark_text(const InstallationMark& mark) {
    if (mark.state == InstallationMark::State::incomplete) {
        return "incomplete installation";
    }
    return std::format("node {} of {} (generation {})", mark.hostname, mark.cluster, mark.generation);
}

/// What stands on the disk, each thing once, in the order in which it is found.
std::string contents(const Disk& disk) {
    std::vector<std::string> parts;
    const auto add = [&](const std::string& part) {
        if (!part.empty() && std::ranges::find(parts, part) == parts.end()) {
            parts.push_back(part);
        }
    };
    if (disk.installation) {
        add(mark_text(*disk.installation));
    }
    if (disk.interrupted) {
        add("an installation that " + disk.interrupted->to_text());
    }
    add(disk.partition_table);
    for (const std::string& signature : disk.signatures) {
        add(signature);
    }
    for (const PartitionFacts& partition : disk.partitions) {
        add(partition.fstype);
    }
    for (const Holder& holder : disk.holders) {
        add(holder_text(holder));
    }
    return parts.empty() ? "nothing" : join(parts, ", ");
}

}  // namespace

std::string describe(const Disk& disk) {
    std::vector<std::string> facts;
    if (!disk.serial.empty()) {
        facts.push_back("serial " + disk.serial);
    } else if (!disk.wwn.empty()) {
        facts.push_back("wwn " + disk.wwn);
    }
    if (!disk.by_path.empty()) {
        facts.push_back("bay " + disk.by_path);
    }
    if (const auto why = never_a_candidate(disk)) {
        facts.push_back(*why);
    }
    facts.push_back("holds: " + contents(disk));
    return std::format("{}  {}  {}  {}", disk.name, disk.model.empty() ? "(model unknown)" : disk.model,
                       to_label_text(disk.size), join(facts, ", "));
}

}  // namespace bedplate
