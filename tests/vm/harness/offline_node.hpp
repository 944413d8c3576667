// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "audits.hpp"
#include "ext4_reader.hpp"
#include "plan/occupancy.hpp"
#include "probe/gpt.hpp"
#include "vm_spec.hpp"

namespace bedplate::vm {

/// The node that an image is judged for, and how the machine would start from it.
struct NodeExpectation {
    Firmware firmware = Firmware::uefi;
    Bytes block_size{512};
    std::string disk_serial, disk_model;  ///< the disk's identity, from which its GUID is derived
    std::string cluster, hostname;
    std::uint64_t generation = 1;  ///< that the site document asks for
    WipePolicy wipe = WipePolicy::blank_only;
};

/// What firmware and installer would make of a disk, without starting either.
struct DiskJudgement {
    bool loader = false;  ///< firmware would find something to start (see has_loader)
    Occupant occupant = Occupant::blank;
    Verdict verdict = Verdict::use;  ///< what a second run of the installer would do
    std::string contents;            ///< what probes see, for messages
};

/// Whether this firmware would start something from the disk. BIOS: code in the boot sector. UEFI: a first
/// block on the EFI system partition, without which there is no file system
/// (docs/decisions/0001-commit-block.md), and
/// \EFI\BOOT\BOOTX64.EFI in it; the table is taken from the end of the disk where the first copy is damaged,
/// as firmware does. Errors: those of reading.
[[nodiscard]] Result<bool> has_loader(const std::filesystem::path& image, Firmware firmware,
                                      Bytes block_size);

/// By the product's own probe and decision table, on an image file. Errors: those of reading.
[[nodiscard]] Result<DiskJudgement> judge_disk(const std::filesystem::path& image,
                                               const NodeExpectation& expected);

/// Everything in the payload of an image, by path: the last entry of a name counts. The answer is kept beside
/// the workspaces until the image changes. Errors: those of xorriso and reading.
[[nodiscard]] Result<FileTree> payload_files(const std::filesystem::path& iso);

/// Reads the whole disk without starting it: partition table, clean file systems (e2fsck), volumes from LVM's
/// metadata, every file of the payload with its hash, boot loader files, the mark. No complaint: the node is
/// complete.
[[nodiscard]] Complaints check_complete(const std::filesystem::path& image, const NodeExpectation& expected,
                                        const FileTree& payload);

}  // namespace bedplate::vm
