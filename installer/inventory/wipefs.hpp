// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/quantities.hpp"
#include "base/result.hpp"

namespace bedplate {

/// One magic string that libblkid knows, at its place on the device.
struct Signature {
    std::string type;  ///< "gpt", "PMBR", "LVM2_member", "xfs", ...
    std::string label, uuid;
    Bytes offset;
};

/// `wipefs -J --no-act DEVICE`: everything that libblkid finds, also at the end of the device and behind
/// other signatures, where blkid reports only the first. No output at all means nothing was found.
/// Errors: json.syntax, wipefs.syntax.
[[nodiscard]] Result<std::vector<Signature>> parse_wipefs(std::string_view text);

}  // namespace bedplate
