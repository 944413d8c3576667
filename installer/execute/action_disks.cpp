// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/action_disks.hpp"

#include <concepts>

namespace bedplate {
namespace {

template <typename Kind, typename... Others>
constexpr bool is_one_of = (std::same_as<Kind, Others> || ...);

}  // namespace

std::vector<DiskIdentity> disks_of(const Action& action) {
    std::vector<DiskIdentity> disks;
    if (action.device) {
        disks.push_back(*action.device);
    }
    disks.insert(disks.end(), action.also.begin(), action.also.end());
    return disks;
}

bool needs_disk_lock(const ActionKind& kind) {
    return std::visit(
        []<typename Kind>(const Kind& /*kind*/) {
            return is_one_of<Kind, action::WipeDisk, action::CreateArray, action::CreateCrypt,
                             action::BindTpm2, action::CreatePhysicalVolume, action::CreateVolumeGroup,
                             action::CreateLogicalVolume, action::MakeFileSystem, action::MakeSwap,
                             action::WriteEsp, action::CommitBoot>;
        },
        kind);
}

bool changes_target(const ActionKind& kind) {
    return std::visit(
        []<typename Kind>(const Kind& /*kind*/) {
            return !is_one_of<Kind, action::VerifyPayload, action::MountVolume, action::ProtectTarget,
                              action::UnmountTarget, action::VerifyTarget>;
        },
        kind);
}

}  // namespace bedplate
