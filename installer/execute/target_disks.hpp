// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "execute/execute.hpp"
#include "inventory/inventory.hpp"
#include "plan/plan.hpp"
#include "platform/block_devices.hpp"

namespace bedplate {

/// The disks that the consent names and the plan writes to: the only place from which a block device opened
/// for writing can be got. Every path is proved to lie on such a disk before it is handed out.
class TargetDisks {
public:
    /// Checks the consent and finds the disks in the inventory by their identity; touches nothing.
    /// Errors: consent.missing, consent.other-plan, disk.gone, disk.ambiguous.
    [[nodiscard]] static Result<TargetDisks> find(const Plan& plan, const Consent& consent,
                                                  ExecuteContext& context);

    /// The machine still has these disks as the inventory saw them, and the others that the plan has a use
    /// for too: size, logical block size, serial number and WWN. To be called right before the first write.
    /// Errors: disk.changed, disk.gone, those of opening.
    [[nodiscard]] Result<void> verify_all();

    /// "/dev/sda": the kernel's node of the disk.
    [[nodiscard]] Result<std::string> path_of(const DiskIdentity& identity) const;
    [[nodiscard]] Result<const Disk*> disk_of(const DiskIdentity& identity) const;
    /// All of them.
    [[nodiscard]] std::vector<std::pair<DiskIdentity, const Disk*>> all() const;

    /// The whole disk. Errors: disk.changed, block.busy, block.open.
    [[nodiscard]] Result<std::unique_ptr<BlockDevice>> open(const DiskIdentity& identity, BlockAccess access);
    /// A partition or a volume on the action's disks by the name that the plan has for it. Errors:
    /// disk.other, those of opening.
    [[nodiscard]] Result<std::unique_ptr<BlockDevice>> open_part(const Action& action,
                                                                 const std::string& device,
                                                                 BlockAccess access);

    /// `device` (a partition link, an array, a logical volume) lies on the action's disks and on no other.
    /// Waits for the node. Errors: disk.other, block.timeout.
    [[nodiscard]] Result<void> prove(const Action& action, const std::string& device);
    /// Kernel names of the disks on which `device` lies and that are not the action's. Errors: those of the
    /// file system.
    [[nodiscard]] Result<std::vector<std::string>> foreign_below(const Action& action,
                                                                 const std::string& device) const;
    /// The kernel's name of the node behind a link: "/dev/disk/by-partuuid/..." -> "sda2".
    [[nodiscard]] Result<std::string> kernel_name(const std::string& device) const;
    /// Names of the whole disks below a kernel name, following partitions and the device mapper.
    [[nodiscard]] Result<std::vector<std::string>> disks_below(const std::string& kernel_name) const;

private:
    struct Target {
        DiskIdentity identity;
        const Disk* disk = nullptr;
        std::string sequence;  ///< the kernel's diskseq: another device under the same name has another
        bool verified = false;
    };
    explicit TargetDisks(ExecuteContext& context) : context_(&context) {}
    [[nodiscard]] Result<const Target*> target(const DiskIdentity& identity) const;
    [[nodiscard]] Result<void> verify(Target& target);
    [[nodiscard]] Result<void> verify_names(const Target& target) const;
    [[nodiscard]] std::string sequence_of(const Disk& disk) const;

    ExecuteContext* context_;
    std::vector<Target> targets_;
    std::vector<Target> others_;  ///< used by the plan, but not written to (kept OSDs)
};

}  // namespace bedplate
