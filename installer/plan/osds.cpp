// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/osds.hpp"

#include <algorithm>
#include <format>
#include <map>

#include "base/text.hpp"
#include "plan/occupancy.hpp"

namespace bedplate {
namespace {

/// ceph-volume takes nothing smaller ("Insufficient space (<5GB)").
constexpr Bytes smallest_osd = gib(5);
constexpr Bytes smallest_database = gib(30);
constexpr Bytes largest_database = gib(600);
constexpr Bytes extent_size = mib(4);
constexpr std::uint32_t slots_on_nvme = 12, slots_on_others = 6;

std::string where_text(const Profile& profile, std::string_view key) {
    return std::format("profile {}, disks.{}", profile.name, key);
}

Result<void> check_size(const Disk& disk, const DiskRole& role, const Profile& profile) {
    const Bytes least = std::max(smallest_osd, role.min_size.value_or(Bytes{}));
    if (disk.size < least) {
        return refuse(
            "osd.size",
            std::format("an OSD is to have {} at least; this disk has {} bytes ({}): {}",
                        to_label_text(least), disk.size.value, to_label_text(disk.size), describe(disk)),
            where_text(profile, "osd"),
            "replace the disk, or narrow the selector if the disk is meant for something else");
    }
    if (role.max_size && disk.size > *role.max_size) {
        return refuse(
            "osd.size",
            std::format("an OSD is to have {} at most; this disk has {} bytes ({}): {}",
                        to_label_text(*role.max_size), disk.size.value, to_label_text(disk.size),
                        describe(disk)),
            where_text(profile, "osd"),
            "one disk that is much larger than the others gets most of the data: raise max_size if that is "
            "meant");
    }
    return {};
}

Result<std::string> device_class(const Disk& disk, const DiskRole& role, const Profile& profile) {
    if (!role.device_class.empty()) {
        return role.device_class;
    }
    if (disk.transport == Transport::nvme) {
        return std::string("nvme");
    }
    if (!disk.rotational) {
        return refuse(
            "osd.device-class",
            "whether the disk rotates is unknown, and the profile does not say its class: " + describe(disk),
            where_text(profile, "osd"), "set device_class to hdd, ssd or nvme");
    }
    return std::string(*disk.rotational ? "hdd" : "ssd");
}

const Holder* data_of_osd(const Disk& disk) {
    for (const Holder* holder : all_holders(disk)) {
        const std::string type = holder->detail.value("type", "");
        if (holder->kind == Holder::Kind::ceph_osd && type != "db" && type != "wal") {
            return holder;
        }
    }
    return nullptr;
}

/// A disk for databases and how its room is divided.
struct Database {
    const ChosenDisk* disk = nullptr;
    std::uint32_t slots = 0;  ///< in all
    std::uint32_t used = 0;
};

std::uint32_t databases_on(const Disk& disk) {
    const auto holders = all_holders(disk);
    return static_cast<std::uint32_t>(std::ranges::count_if(holders, [](const Holder* holder) {
        return holder->kind == Holder::Kind::ceph_osd && holder->detail.value("type", "") == "db";
    }));
}

/// A tenth stays free, which keeps the flash from wearing out at one end.
std::uint32_t slots_that_fit(const Disk& disk, Bytes slot) {
    return static_cast<std::uint32_t>(Bytes{disk.size.value / 10 * 9}.value / slot.value);
}

/// Gives each new OSD a slot on the database disk with the fewest of them.
class Databases {
public:
    Databases(const std::vector<ChosenDisk>& disks, const DiskRole& role, Bytes slot) : slot_(slot) {
        for (const ChosenDisk& chosen : disks) {
            if (chosen.role != PlannedRole::osd_db) {
                continue;
            }
            const std::uint32_t usual =
                chosen.disk->transport == Transport::nvme ? slots_on_nvme : slots_on_others;
            const std::uint32_t most = role.slots.value_or(usual);
            databases_.push_back({.disk = &chosen,
                                  .slots = std::min(most, slots_that_fit(*chosen.disk, slot)),
                                  .used = chosen.verdict == Verdict::keep ? databases_on(*chosen.disk) : 0});
        }
    }

    [[nodiscard]] std::size_t room() const {
        std::size_t sum = 0;
        for (const Database& database : databases_) {
            sum += database.slots - std::min(database.slots, database.used);
        }
        return sum;
    }

    /// Requires room() > 0.
    const Database& take() {
        Database* best = nullptr;
        for (Database& database : databases_) {
            if (database.used < database.slots && (best == nullptr || database.used < best->used)) {
                best = &database;
            }
        }
        ++best->used;
        return *best;
    }

    [[nodiscard]] const std::vector<Database>& all() const { return databases_; }

    /// What would be enough for `wanted` slots more than there are.
    [[nodiscard]] std::string enough(std::size_t osds) const {
        const std::size_t disks = std::max<std::size_t>(databases_.size(), 1);
        const std::size_t each = (osds + disks - 1) / disks;
        Bytes smallest{~0ULL};
        for (const Database& database : databases_) {
            smallest = std::min(smallest, database.disk->disk->size);
        }
        const Bytes fitting = Bytes{smallest.value / 10 * 9 / each}.floor_to(gib(1));
        const Bytes needed{(slot_.value * each + 8) / 9 * 10};
        return std::format("disks of {} or more would be enough, or a slot_size of {} with slots: {} or more",
                           to_label_text(needed), to_exact_text(fitting), each);
    }

private:
    std::vector<Database> databases_;
    Bytes slot_;
};

Bytes slot_size(const std::vector<ChosenDisk>& disks, const DiskRole& role) {
    if (role.slot_size) {
        return role.slot_size->ceil_to(extent_size);
    }
    Bytes largest;
    for (const ChosenDisk& chosen : disks) {
        if (chosen.role == PlannedRole::osd) {
            largest = std::max(largest, chosen.disk->size);
        }
    }
    return database_size(largest);
}

PlannedOsd kept(const ChosenDisk& chosen) {
    PlannedOsd osd;
    osd.state = PlannedOsd::State::keep;
    osd.data = chosen.identity;
    osd.data_path = chosen.path;
    osd.data_size = chosen.disk->size;
    if (const Holder* holder = data_of_osd(*chosen.disk)) {
        osd.id = holder->name;
        osd.fsid = holder->uuid.empty() ? holder->detail.value("osd_fsid", "") : holder->uuid;
        osd.dmcrypt = holder->detail.value("encrypted", false);
    }
    return osd;
}

Result<PlannedOsd> created(const ChosenDisk& chosen, const Profile& profile, const NodeSpec& node) {
    const DiskRole& role = *profile.osd;
    const Disk& disk = *chosen.disk;
    BEDPLATE_TRY(check_size(disk, role, profile));
    PlannedOsd osd;
    osd.data = chosen.identity;
    osd.data_path = chosen.path;
    osd.data_size = disk.size;
    BEDPLATE_ASSIGN(osd.device_class, device_class(disk, role, profile));
    osd.dmcrypt = profile.ceph.dmcrypt;
    osd.weight = role.weight ? std::format("{:.5f}", *role.weight) : crush_weight(disk.size);
    osd.fsid = osd_id(node, chosen.identity).to_text();
    return osd;
}

void warn(const Profile& profile, const std::vector<ChosenDisk>& disks, const Databases* databases,
          Report& findings) {
    std::vector<std::string> volumes, shared;
    for (const ChosenDisk& chosen : disks) {
        const bool for_ceph = chosen.role == PlannedRole::osd || chosen.role == PlannedRole::osd_db;
        if (for_ceph && chosen.disk->transport == Transport::raid && chosen.disk->vendor != "NVMe") {
            volumes.push_back(chosen.disk->name);
        }
    }
    if (databases != nullptr) {
        for (const Database& database : databases->all()) {
            if (database.used > 1) {
                shared.push_back(std::format("{} ({} OSDs)", database.disk->disk->name, database.used));
            }
        }
    }
    const auto add = [&](std::string code, std::string text, std::vector<std::string>& names,
                         std::string hint) {
        std::ranges::sort(names);
        if (!names.empty()) {
            findings.add({.severity = Severity::warning,
                          .code = std::move(code),
                          .path = "disks",
                          .where = {profile.origin},
                          .message = std::format("{}: {}", text, join(names, ", ")),
                          .hint = std::move(hint)});
        }
    };
    add("osd.raid-volume",
        "set aside for Ceph, but volumes of a RAID controller, which hides the health of the drives and "
        "caches their "
        "writes",
        volumes, "pass the drives through (non-RAID or HBA mode) for Ceph");
    add("osd.shared-db", "holds the databases of several OSDs, all of which are lost with it", shared,
        "that is usual; the cluster must be able to lose so many OSDs of one node at once");
}

}  // namespace

Bytes database_size(Bytes data) {
    return std::clamp(Bytes{data.value / 50}, smallest_database, largest_database).floor_to(extent_size);
}

std::string crush_weight(Bytes size) {
    // 2^40 bytes weigh 1; by halves, since size * 100000 would leave 64 bits at 160 TB.
    const std::uint64_t whole = size.value >> 40U;
    const std::uint64_t rest = size.value & ((1ULL << 40U) - 1);
    return std::format("{}.{:05}", whole, (rest >> 10U) * 100000 >> 30U);
}

Result<std::vector<PlannedOsd>> plan_osds(const std::vector<ChosenDisk>& disks, const Profile& profile,
                                          const NodeSpec& node, Report& findings) {
    std::vector<PlannedOsd> osds;
    std::size_t wanted = 0;
    for (const ChosenDisk& chosen : disks) {
        if (chosen.role != PlannedRole::osd) {
            continue;
        }
        if (chosen.verdict == Verdict::keep) {
            osds.push_back(kept(chosen));
            continue;
        }
        BEDPLATE_ASSIGN(PlannedOsd osd, created(chosen, profile, node));
        osds.push_back(std::move(osd));
        ++wanted;
    }
    if (!profile.osd_db) {
        warn(profile, disks, nullptr, findings);
        return osds;
    }
    const Bytes slot = slot_size(disks, *profile.osd_db);
    Databases databases(disks, *profile.osd_db, slot);
    if (databases.room() < wanted) {
        return refuse(
            "osd.db-too-small",
            std::format("{} OSD{} need a database of {} each, and there is room for {} on {} disk{}", wanted,
                        wanted == 1 ? "" : "s", to_binary_text(slot), databases.room(),
                        databases.all().size(), databases.all().size() == 1 ? "" : "s"),
            where_text(profile, "osd_db"), databases.enough(wanted));
    }
    for (PlannedOsd& osd : osds) {
        if (osd.state != PlannedOsd::State::create) {
            continue;
        }
        const Database& database = databases.take();
        osd.db = database.disk->identity;
        osd.db_path = database.disk->path;
        osd.db_size = slot;
        osd.db_slots = database.slots;
    }
    warn(profile, disks, &databases, findings);
    return osds;
}

Json osds_document(const Guid& cluster, const std::vector<PlannedOsd>& osds) {
    const auto identity = [](const DiskIdentity& disk, const std::string& path, Bytes size) {
        return Json{{"wwn", disk.wwn},         {"serial", disk.serial}, {"model", disk.model},
                    {"by_path", disk.by_path}, {"path", path},          {"size_bytes", size.value}};
    };
    Json list = Json::array();
    for (const PlannedOsd& osd : osds) {
        Json json{{"state", to_string(osd.state)},
                  {"fsid", osd.fsid},
                  {"data", identity(osd.data, osd.data_path, osd.data_size)},
                  {"dmcrypt", osd.dmcrypt}};
        if (osd.state == PlannedOsd::State::keep) {
            json["id"] = osd.id;
        } else {
            json["device_class"] = osd.device_class;
            json["weight"] = osd.weight;
        }
        if (osd.db) {
            json["db"] = identity(*osd.db, osd.db_path, osd.db_size);
            json["db"]["slots"] = osd.db_slots;
        }
        list.push_back(std::move(json));
    }
    return Json{{"schema", "bedplate/osds/v1"}, {"cluster_fsid", cluster.to_text()}, {"osds", list}};
}

}  // namespace bedplate
