// SPDX-License-Identifier: GPL-3.0-or-later
// A recorded machine with something changed: what operators meet after the first installation, or with a
// document or a disk that is not right.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "golden.hpp"

namespace bedplate {

using namespace test;

namespace {

constexpr const char* machine = "vm-r750";

struct Changed {
    Inventory inventory = load_machine(machine);
    std::vector<Profile> profiles = all_profiles();
    NodeSpec node = compose(minimal_site(), inventory, "node1").value();

    [[nodiscard]] Result<Plan> plan() const {
        BEDPLATE_ASSIGN(const Profile* profile, choose_profile(inventory, profiles));
        return make_plan({.inventory = inventory, .profile = *profile, .node = node});
    }
    [[nodiscard]] Disk& system_disk() {
        const auto found = std::ranges::find(inventory.disks, "DELLBOSS VD", &Disk::model);
        REQUIRE(found != inventory.disks.end());
        return *found;
    }
};

std::string fstype_of(const action::PlannedPartition& partition) {
    if (partition.name == "bedplate-esp") {
        return "vfat";
    }
    return partition.name == "bedplate-boot" ? "ext4" : partition.name == "bedplate-lvm" ? "LVM2_member" : "";
}

/// The disk as the probe sees it after `plan` was carried out.
void install(Disk& disk, const Plan& plan) {
    const auto found = std::ranges::find(plan.actions, "partition.table", &Action::id);
    const auto& table = std::get<action::WritePartitionTable>(found->kind);
    disk.partition_table = "gpt";
    for (const action::PlannedPartition& partition : table.partitions) {
        const Bytes block = table.logical_block_size;
        disk.partitions.push_back({.number = partition.number,
                                   .start = block * partition.first.value,
                                   .size = block * (partition.last.value - partition.first.value + 1),
                                   .type = partition.type.to_text(),
                                   .label = partition.name,
                                   .fstype = fstype_of(partition),
                                   .uuid = ""});
    }
    disk.holders = {{.kind = Holder::Kind::lvm, .name = "sys", .detail = Json::object()}};
    disk.installation = InstallationMark{.state = InstallationMark::State::finished,
                                         .cluster = plan.cluster_name,
                                         .hostname = plan.hostname,
                                         .generation = plan.generation,
                                         .disk_guid = table.disk_guid.to_text()};
}

}  // namespace

TEST_CASE("a finished node with BIOS that is to be installed again is torn down first") {
    Changed changed;
    changed.inventory.firmware.mode = FirmwareMode::bios;
    install(changed.system_disk(), changed.plan().value());
    changed.node.install.generation = 2;
    check_golden("vm-r750+bios-again", plan_or_refusal(changed.plan()));
}

TEST_CASE("a finished node of this generation is left alone") {
    Changed changed;
    install(changed.system_disk(), changed.plan().value());
    check_golden("vm-r750+installed", plan_or_refusal(changed.plan()));
}

TEST_CASE("a disk one sector too small is refused with what would be enough") {
    Changed changed;
    changed.profiles = {*std::ranges::find(changed.profiles, "vm-r750", &Profile::name)};
    // 1 + 1 + 512 + 1024 + 1 MiB, the volumes, and the backup table's 33 sectors.
    const Bytes exact = mib(1539) + gib(10) + mib(512) + Bytes{33ULL * 512};
    changed.profiles.front().match.disks.clear();
    changed.profiles.front().system.select.min_size.reset();
    changed.system_disk().size = exact;
    CHECK(changed.plan());
    changed.system_disk().size = exact - Bytes{512};
    check_golden("vm-r750+too-small", plan_or_refusal(changed.plan()));
}

TEST_CASE("somebody's data on the system disk is refused by name") {
    Changed changed;
    Disk& disk = changed.system_disk();
    disk.partition_table = "dos";
    disk.partitions = {{.number = 1,
                        .start = mib(1),
                        .size = gib(12),
                        .type = "0x83",
                        .label = "",
                        .fstype = "xfs",
                        .uuid = ""}};
    check_golden("vm-r750+somebodys", plan_or_refusal(changed.plan()));
}

TEST_CASE("two disks for the system are refused with all of them") {
    Changed changed;
    Disk twin = changed.system_disk();
    twin.name = "sdz";
    twin.path = "/dev/sdz";
    twin.serial = "BPSYS0002";
    twin.by_path += "1";
    changed.inventory.disks.push_back(twin);
    changed.profiles = {*std::ranges::find(changed.profiles, "vm-r750", &Profile::name)};
    changed.profiles.front().match.disks.clear();
    check_golden("vm-r750+two-disks", plan_or_refusal(changed.plan()));
}

}  // namespace bedplate
