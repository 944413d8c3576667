// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string_view>

#include "base/quantities.hpp"
#include "inventory/inventory.hpp"

namespace bedplate {

/// What dmidecode adds to /sys/class/dmi/id.
struct DmiFacts {
    SystemFacts system;                     ///< type 1
    std::optional<Bytes> installed_memory;  ///< sum over type 17; absent where no module is described
    bool ipmi = false;                      ///< type 38: an IPMI device is described
};

/// `dmidecode` (any selection of types), versions 3.x. Errors: dmi.syntax (no structure at all).
[[nodiscard]] Result<DmiFacts> parse_dmidecode(std::string_view text);

/// A DMI text as firmware left it, or empty where it is one of the usual ways of saying nothing
/// ("Not Specified", "To Be Filled By O.E.M.", ...).
[[nodiscard]] std::string meaningful_dmi_text(std::string_view text);

}  // namespace bedplate
