// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <functional>

#include "base/text.hpp"
#include "inventory/inventory.hpp"

namespace bedplate {
namespace {

/// The namespace id of the BOSS-N1 card is the same on every card that was seen, so it names nothing.
constexpr std::array<std::string_view, 1> constant_wwns{"eui.0050434d07000001"};

/// Only zeros (and separators) after a prefix such as "0x" or "eui.": the drive does not know its own name.
bool only_zeros(std::string_view text) {
    return text.find_first_not_of("0.-: ") == std::string_view::npos;
}

bool names_something(std::string_view wwn) {
    if (std::ranges::find(constant_wwns, wwn) != constant_wwns.end()) {
        return false;
    }
    for (const std::string_view prefix : {"0x", "eui.", "naa.", "uuid.", "nvme."}) {
        if (wwn.starts_with(prefix)) {
            wwn.remove_prefix(prefix.size());
        }
    }
    return !only_zeros(wwn);
}

/// "pci-0000:05:00.0-ata-1.0" and "...-ata-1" are the same bay, as written by different versions of udev.
std::string_view without_ata_suffix(std::string_view by_path) {
    const auto ata = by_path.rfind("-ata-");
    if (ata != std::string_view::npos && by_path.ends_with(".0")) {
        by_path.remove_suffix(2);
    }
    return by_path;
}

bool same_serial(const Disk& disk, const DiskIdentity& identity) {
    return disk.serial == identity.serial && disk.model == identity.model;
}

bool same_bay(const Disk& disk, const DiskIdentity& identity) {
    return without_ata_suffix(disk.by_path) == without_ata_suffix(identity.by_path);
}

/// Does the identity name this disk? Its strongest property decides; the others are for people.
bool is_named_by(const Disk& disk, const DiskIdentity& identity) {
    if (!identity.wwn.empty()) {
        return disk.wwn == identity.wwn;
    }
    if (!identity.serial.empty()) {
        return same_serial(disk, identity);
    }
    return !identity.by_path.empty() && same_bay(disk, identity);
}

/// The disk itself and further paths to it are one disk.
std::string_view head_of(const Disk& disk) {
    return disk.multipath_of.empty() ? std::string_view(disk.name) : std::string_view(disk.multipath_of);
}

using SameDisk = std::function<bool(const Disk&)>;

std::vector<const Disk*> others_like(const Disk& disk, const Inventory& inventory, const SameDisk& same) {
    std::vector<const Disk*> found;
    for (const Disk& other : inventory.disks) {
        if (&other != &disk && head_of(other) != head_of(disk) && same(other)) {
            found.push_back(&other);
        }
    }
    return found;
}

std::string list_of(const std::vector<const Disk*>& disks) {
    std::vector<std::string> lines;
    for (const Disk* disk : disks) {
        lines.push_back("  " + describe(*disk));
    }
    return join(lines, "\n");
}

}  // namespace

std::string DiskIdentity::to_text() const {
    if (!serial.empty()) {
        return "serial " + serial;
    }
    return wwn.empty() ? "bay " + by_path : "wwn " + wwn;
}

Result<DiskIdentity> identify(const Disk& disk, const Inventory& inventory) {
    DiskIdentity identity{.wwn = {}, .serial = disk.serial, .model = disk.model, .by_path = disk.by_path};
    std::vector<const Disk*> alike;
    const auto unique = [&](const SameDisk& same) {
        auto others = others_like(disk, inventory, same);
        const bool alone = others.empty();
        alike.insert(alike.end(), others.begin(), others.end());
        return alone;
    };
    if (names_something(disk.wwn) && unique([&](const Disk& other) { return other.wwn == disk.wwn; })) {
        identity.wwn = disk.wwn;
        return identity;
    }
    if (!only_zeros(disk.serial) &&
        unique([&](const Disk& other) { return other.serial == disk.serial && other.model == disk.model; })) {
        return identity;
    }
    // A serial number that several disks share, or that says nothing, must not stand in the identity: the
    // strongest property there decides.
    identity.serial.clear();
    if (!disk.by_path.empty() && unique([&](const Disk& other) { return same_bay(other, identity); })) {
        return identity;
    }
    std::ranges::sort(alike, {}, &Disk::name);
    alike.erase(std::ranges::unique(alike).begin(), alike.end());
    return refuse("disk.no-identity",
                  std::format("{} has no property that is its own on this machine: no usable WWN, serial "
                              "number or bay{}{}",
                              disk.name, alike.empty() ? "" : "; it looks like\n", list_of(alike)),
                  disk.path, "give the disks distinct names in the controller, or take the others out");
}

Result<const Disk*> find_disk(const DiskIdentity& identity, const Inventory& inventory) {
    std::vector<const Disk*> found;
    for (const Disk& disk : inventory.disks) {
        if (disk.multipath_of.empty() && is_named_by(disk, identity)) {
            found.push_back(&disk);
        }
    }
    if (found.size() == 1) {
        return found.front();
    }
    if (found.empty()) {
        return refuse("disk.gone", "the disk is not in this machine", identity.to_text(),
                      "plan again on the machine as it is now");
    }
    return refuse("disk.ambiguous", "several disks answer to this identity:\n" + list_of(found),
                  identity.to_text(), "plan again on the machine as it is now");
}

}  // namespace bedplate
