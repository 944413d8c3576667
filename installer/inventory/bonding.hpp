// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace bedplate {

/// A port of a bond as /proc/net/bonding/BOND shows it.
struct BondPort {
    std::string name;
    bool up = false;                ///< by the bond's own monitoring
    std::uint32_t aggregator = 0;   ///< 802.3ad only
    std::string partner;            ///< system id of the switch; empty: none was heard
    std::uint32_t actor_state = 0;  ///< IEEE 802.1AX 6.4.2.3
    std::uint32_t partner_state = 0;

    /// Aggregating, in sync, collecting and distributing, and with a partner that was heard.
    [[nodiscard]] bool in_service() const;
};

struct BondState {
    std::string mode;              ///< "IEEE 802.3ad Dynamic link aggregation"
    std::uint32_t aggregator = 0;  ///< the active one
    std::string active;            ///< active-backup only: the port in use
    std::vector<BondPort> ports;
};

/// Linux 5.10 to 6.12. Details of LACP are only there for CAP_NET_ADMIN. Errors: bonding.syntax.
[[nodiscard]] Result<BondState> parse_bonding(std::string_view text);

}  // namespace bedplate
