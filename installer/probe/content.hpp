// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "inventory/lsblk.hpp"
#include "inventory/run_record.hpp"
#include "inventory/wipefs.hpp"
#include "probe/bluestore.hpp"
#include "probe/mark.hpp"
#include "probe/sources.hpp"

namespace bedplate {

/// What stands on a disk, beyond what lsblk shows.
struct DiskContent {
    std::vector<Signature> signatures;                                      ///< on the whole disk
    std::vector<BluestoreLabel> osd_labels;                                 ///< on the whole disk
    std::map<std::uint32_t, std::vector<BluestoreLabel>> partition_labels;  ///< on a partition, by its number
    std::optional<RunRecord> interrupted;  ///< how far an installation had come that began to write here
    std::optional<Gpt> gpt;
    std::string iso_label;  ///< volume id of an ISO 9660 file system; also of an image written to a stick
    std::optional<InstallationMark> mark;
};

/// Opens the disk for reading only. What cannot be read is left out, with a note.
[[nodiscard]] DiskContent read_content(Sources& sources, const BlockNode& disk);

}  // namespace bedplate
