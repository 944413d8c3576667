// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "execute/run.hpp"
#include "plan/plan.hpp"

namespace bedplate {

// One handler per kind of action. An action without an overload here does not compile.

// handlers_payload.cpp
[[nodiscard]] Steps steps(const action::VerifyPayload& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::ExtractPayload& kind, const Action& action, Run& run);
// handlers_teardown.cpp
[[nodiscard]] Steps steps(const action::DeactivateVolumeGroup& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::WipeDisk& kind, const Action& action, Run& run);
// handlers_storage.cpp
[[nodiscard]] Steps steps(const action::WritePartitionTable& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::MakeFileSystem& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::MakeSwap& kind, const Action& action, Run& run);
// handlers_lvm.cpp
[[nodiscard]] Steps steps(const action::CreatePhysicalVolume& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::CreateVolumeGroup& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::CreateLogicalVolume& kind, const Action& action, Run& run);
// handlers_tree.cpp
[[nodiscard]] Steps steps(const action::WriteFile& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::SetRootPassword& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::HandOverTicket& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::HandOverSecrets& kind, const Action& action, Run& run);
// handlers_mount.cpp
[[nodiscard]] Steps steps(const action::MountVolume& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::VerifyTarget& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::ProtectTarget& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::UnmountTarget& kind, const Action& action, Run& run);
// handlers_boot.cpp
[[nodiscard]] Steps steps(const action::WriteEsp& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::PrepareBiosLoader& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::CommitBoot& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::SetBootEntry& kind, const Action& action, Run& run);

// handlers_devices.cpp
[[nodiscard]] Steps steps(const action::ZapBluestore& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::CloseCrypt& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::StopArray& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::StopBcache& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::RemoveMultipathMap& kind, const Action& action, Run& run);
// handlers_array.cpp
[[nodiscard]] Steps steps(const action::CreateArray& kind, const Action& action, Run& run);
// handlers_crypt.cpp
[[nodiscard]] Steps steps(const action::CreateCrypt& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::OpenCrypt& kind, const Action& action, Run& run);
[[nodiscard]] Steps steps(const action::BindTpm2& kind, const Action& action, Run& run);
// handlers_initramfs.cpp
[[nodiscard]] Steps steps(const action::UpdateInitramfs& kind, const Action& action, Run& run);

}  // namespace bedplate
