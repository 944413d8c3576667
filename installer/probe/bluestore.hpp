// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "platform/block_devices.hpp"

namespace bedplate {

/// A label that BlueStore left on a block device.
struct BluestoreLabel {
    Bytes offset;
    std::string osd_uuid;
    std::string description;  ///< "main", "bluefs db", "bluefs wal"; empty where the label is damaged
    std::map<std::string, std::string> meta;  ///< "whoami", "ceph_fsid", ...

    [[nodiscard]] std::string meta_value(const std::string& name) const;
};

/// Where labels can be: at the start, and since Ceph 19 also at 1, 10, 100 and 1000 GiB, where neither
/// wipefs nor an older ceph-volume looks.
inline constexpr std::array<Bytes, 5> bluestore_label_offsets{Bytes{0}, gib(1), gib(10), gib(100), gib(1000)};

/// The labels on the device, in order. Errors: those of reading.
[[nodiscard]] Result<std::vector<BluestoreLabel>> read_bluestore_labels(BlockDevice& device);

}  // namespace bedplate
