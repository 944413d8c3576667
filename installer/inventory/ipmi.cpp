// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/ipmi.hpp"

#include "base/identifiers.hpp"
#include "base/text.hpp"

namespace bedplate {

Result<BmcFacts> parse_ipmitool_lan(std::string_view text) {
    BmcFacts bmc;
    for (const std::string& line : split(text, '\n')) {
        const auto colon = line.find(':');
        if (colon == std::string::npos) {
            continue;
        }
        // Continuation lines have an empty name, so the exact name is what counts ("IP Address Source" is
        // another field).
        const std::string_view name = trim(std::string_view(line).substr(0, colon));
        const std::string_view value = trim(std::string_view(line).substr(colon + 1));
        if (name == "IP Address") {
            if (const auto address = Ipv4::parse(value); address && *address != Ipv4{}) {
                bmc.ip = address->to_text();
            }
            bmc.present = true;
        } else if (name == "MAC Address") {
            if (const auto address = MacAddress::parse(value)) {
                bmc.mac = address->to_text();
            }
            bmc.present = true;
        }
    }
    if (!bmc.present) {
        return fail("ipmi.syntax", "neither 'IP Address' nor 'MAC Address' in the output",
                    "ipmitool lan print");
    }
    return bmc;
}

}  // namespace bedplate
