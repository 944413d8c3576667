// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace bedplate {

struct MdArray {
    std::string name;   ///< kernel name ("md127") from mdstat, array name ("host:boot") from mdadm
    std::string level;  ///< "raid1"; empty for an inactive array in mdstat
    std::string uuid;   ///< only from mdadm
    bool active = false;
    std::vector<std::string> members;  ///< kernel names ("sda3")
};

/// /proc/mdstat.
[[nodiscard]] std::vector<MdArray> parse_mdstat(std::string_view text);

/// `mdadm --detail --export /dev/mdN`. Errors: md.syntax (no MD_LEVEL).
[[nodiscard]] Result<MdArray> parse_mdadm_export(std::string_view text);

}  // namespace bedplate
