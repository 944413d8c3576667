// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/storage_actions.hpp"

#include <format>

namespace bedplate {
namespace {

constexpr std::uint32_t weight_table = 10;
constexpr std::uint32_t weight_mkfs = 10;

class Builder {
public:
    Builder(const StoragePlan& storage, std::string verified, ActionList& actions)
        : storage_(storage), verified_(std::move(verified)), actions_(actions) {}

    StorageIds build() {
        for (const SystemDisk& disk : storage_.system) {
            ids_.tables.push_back(
                table(*disk.chosen, disk.ids, disk.layout.logical_block_size, disk.layout.partitions));
        }
        const std::string boot = array_over("boot", boot_number);
        const std::string sys = array_over("sys", lvm_number);
        make_volumes(encrypt(sys));
        make_file_systems(boot);
        mount_all();
        if (storage_.fast && !storage_.fast->keep) {
            make_fast(*storage_.fast);
        }
        return std::move(ids_);
    }

private:
    std::string table(const ChosenDisk& disk, const PlanIds& ids, Bytes block,
                      const std::vector<action::PlannedPartition>& partitions) {
        const bool erased = disk.verdict == Verdict::erase;
        const std::string id = actions_.add_on(
            {disk.identity}, Stage::partition, "table" + disk.label,
            action::WritePartitionTable{
                .disk_guid = ids.disk(), .logical_block_size = block, .partitions = partitions},
            {erased ? "teardown.wipe" + disk.label : verified_},
            std::format("write a new partition table to {}", disk.identity.to_text()), weight_table);
        actions_.last().destructive = true;
        return id;
    }

    /// What has to be there before the partition, or the array over both, is used.
    std::string array_over(const std::string& role, std::uint32_t number) {
        if (!storage_.mirrored()) {
            return ids_.tables.front();
        }
        action::CreateArray array{
            .name = "bedplate-" + role, .uuid = storage_.ids().array(role), .level = "raid1", .members = {}};
        for (const SystemDisk& disk : storage_.system) {
            array.members.push_back(partition_device(disk.layout.partition(number)));
        }
        return actions_.add(
            Stage::format, "array." + role, std::move(array), ids_.tables,
            std::format("mirror the {} partitions of both disks", role == "boot" ? "boot" : "LVM"));
    }

    std::string encrypt(const std::string& after) {
        if (storage_.encryption == Encryption::none) {
            return after;
        }
        const std::string device = storage_.sys_device();
        const Guid uuid = storage_.ids().crypt();
        const std::string made = actions_.add(Stage::format, "crypt",
                                              action::CreateCrypt{.device = device,
                                                                  .label = storage_.crypt_name(),
                                                                  .uuid = uuid,
                                                                  .unlock = storage_.encryption},
                                              {after}, "encrypt what the volumes will be on");
        if (storage_.encryption == Encryption::tpm2) {
            ids_.others.push_back(actions_.add(Stage::format, "crypt.tpm2",
                                               action::BindTpm2{.device = device, .uuid = uuid}, {made},
                                               "let this machine's TPM unlock it"));
        }
        return actions_.add(Stage::format, "crypt.open",
                            action::OpenCrypt{.device = device, .name = storage_.crypt_name(), .uuid = uuid},
                            {made}, std::format("open it as {}", storage_.crypt_name()));
    }

    /// One volume after the other, so that they lie on the disk in this order.
    void make_volumes(const std::string& after) {
        const std::string device = storage_.physical_volume();
        const std::string& group = storage_.layout().volume_group;
        std::string last = actions_.add(Stage::format, "pv", action::CreatePhysicalVolume{.device = device},
                                        {after}, "make the LVM partition a physical volume");
        last = actions_.add(Stage::format, "vg", action::CreateVolumeGroup{.name = group, .device = device},
                            {last}, std::format("create volume group {}", group));
        for (const PlannedVolume& volume : storage_.layout().volumes) {
            last = actions_.add(
                Stage::format, "lv." + volume.name,
                action::CreateLogicalVolume{
                    .volume_group = group, .name = volume.name, .device = device, .size = volume.size},
                {last}, std::format("create volume {} of {}", volume.name, to_binary_text(volume.size)));
        }
    }

    std::string make_ext4(const std::string& role, const std::string& device, const std::string& path,
                          const std::string& after) {
        return actions_.add(Stage::format, "mkfs." + role,
                            action::MakeFileSystem{.device = device,
                                                   .type = "ext4",
                                                   .label = "bedplate-" + role,
                                                   .uuid = storage_.ids().file_system(role)},
                            {after}, std::format("make the ext4 file system for {}", path), weight_mkfs);
    }

    void make_file_systems(const std::string& boot) {
        make_ext4("boot", storage_.boot_device(), "/boot", boot);
        for (const PlannedVolume& volume : storage_.layout().volumes) {
            const std::string device = volume_device(storage_.layout().volume_group, volume.name);
            const std::string created = "format.lv." + volume.name;
            if (!volume.mount_path.empty()) {
                make_ext4(volume.name, device, volume.mount_path, created);
                continue;
            }
            ids_.swap = actions_.add(Stage::format, "mkswap." + volume.name,
                                     action::MakeSwap{.device = device,
                                                      .label = "bedplate-" + volume.name,
                                                      .uuid = storage_.ids().file_system(volume.name)},
                                     {created}, "make the swap area");
        }
    }

    /// Each after the mounted file system that holds its mount point.
    std::string mount(const std::string& role, const std::string& device, const std::string& path) {
        ActionIds after{"format.mkfs." + role};
        std::string holder;
        for (const auto& [mounted, id] : ids_.mounts) {
            if (path.starts_with(mounted) && mounted.size() > holder.size()) {
                holder = mounted;
                after.resize(1);
                after.push_back(id);
            }
        }
        return actions_.add(Stage::format, "mount." + role,
                            action::MountVolume{.device = device, .path = path}, after,
                            std::format("mount the file system for {}", path));
    }

    void mount_all() {
        for (const PlannedVolume& volume : storage_.layout().volumes) {
            if (!volume.mount_path.empty()) {
                const std::string device = volume_device(storage_.layout().volume_group, volume.name);
                ids_.mounts.emplace_back(volume.mount_path, mount(volume.name, device, volume.mount_path));
            }
            if (volume.mount_path == "/") {
                ids_.mounts.emplace_back("/boot", mount("boot", storage_.boot_device(), "/boot"));
            }
        }
    }

    void make_fast(const FastTier& fast) {
        std::vector<DiskIdentity> disks;
        ActionIds tables;
        action::CreateArray array{
            .name = "bedplate-fast", .uuid = fast.array, .level = "raid10", .members = {}};
        for (std::size_t i = 0; i < fast.disks.size(); ++i) {
            const ChosenDisk& disk = *fast.disks[i];
            disks.push_back(disk.identity);
            tables.push_back(table(disk, fast.ids[i], disk.disk->logical_block_size, fast.tables[i]));
            array.members.push_back(partition_device(fast.tables[i].front()));
        }
        const std::string device = array_device(fast.array);
        std::string last = actions_.add_on(disks, Stage::format, "fast.array", std::move(array), tables,
                                           std::format("make an array of {} disks", disks.size()));
        last =
            actions_.add_on(disks, Stage::format, "fast.pv", action::CreatePhysicalVolume{.device = device},
                            {last}, "make the array a physical volume");
        ids_.others.push_back(
            actions_.add_on(disks, Stage::format, "fast.vg",
                            action::CreateVolumeGroup{.name = fast.volume_group, .device = device}, {last},
                            std::format("create volume group {}", fast.volume_group)));
    }

    const StoragePlan& storage_;
    std::string verified_;
    ActionList& actions_;
    StorageIds ids_;
};

}  // namespace

StorageIds add_storage_actions(const StoragePlan& storage, const std::string& verified, ActionList& actions) {
    return Builder(storage, verified, actions).build();
}

}  // namespace bedplate
