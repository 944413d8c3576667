// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/quantities.hpp"
#include "base/result.hpp"

namespace bedplate {

/// One block device as lsblk(8) sees it; the names are lsblk's columns. Absent values are empty.
struct BlockNode {
    std::string kname, path, type;  ///< type: "disk", "part", "lvm", "raid1", "crypt", "mpath", "rom", ...
    std::string name;               ///< for device mapper nodes the mapper name, else as kname
    std::string tran, hctl, wwn, serial, model, vendor, rev;
    std::string fstype, label, uuid;
    std::string pttype, ptuuid;          ///< of the table on this device (or, for a partition, around it)
    std::string parttype, partlabel;     ///< of a partition
    std::optional<std::uint32_t> partn;  ///< since util-linux 2.40
    std::optional<Bytes> start;          ///< of a partition
    std::optional<bool> rota;
    bool rm = false, ro = false;
    Bytes size, log_sec{512}, phy_sec{512};
    std::vector<std::string> mountpoints;
    std::vector<BlockNode> children;  ///< a device with two parents (md, multipath) stands under each
};

/// `lsblk -J -b -O` of util-linux 2.38 to 2.41. Errors: lsblk.syntax.
[[nodiscard]] Result<std::vector<BlockNode>> parse_lsblk(std::string_view text);

}  // namespace bedplate
