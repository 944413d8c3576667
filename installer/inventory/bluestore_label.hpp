// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/quantities.hpp"

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
inline constexpr Bytes bluestore_label_size = kib(4);

/// The label in a block of bluestore_label_size bytes that was read at `offset`: bluestore_bdev_label_t, two
/// lines of text for people, then version, length, uuid, size, time, description and a map of texts. nullopt:
/// there is none.
[[nodiscard]] std::optional<BluestoreLabel> bluestore_label_in(std::string_view block, Bytes offset);

}  // namespace bedplate
