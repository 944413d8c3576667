// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/ip_link.hpp"

#include <algorithm>

#include "base/foreign_text.hpp"
#include "inventory/json_fields.hpp"

namespace bedplate {

Result<std::vector<IpLink>> parse_ip_link(std::string_view text) {
    BEDPLATE_ASSIGN(const Json json, parse_tool_json(text, "ip -j -d link"));
    if (!json.is_array()) {
        return fail("ip.syntax", "not a list of interfaces", "ip -j -d link");
    }
    std::vector<IpLink> links;
    for (const Json& each : json) {
        // Interfaces that the caller may not see are listed as empty objects.
        if (text_field(each, "ifname").empty()) {
            continue;
        }
        IpLink& link = links.emplace_back();
        link.name = text_field(each, "ifname");
        link.address = text_field(each, "address");
        link.permanent_address = text_field(each, "permaddr");
        link.link_type = text_field(each, "link_type");
        link.parent_bus = text_field(each, "parentbus");
        link.parent_device = text_field(each, "parentdev");
        if (const auto info = each.find("linkinfo"); info != each.end()) {
            link.kind = text_field(*info, "info_kind");
        }
        const Json& flags = array_field(each, "flags");
        link.up = std::ranges::find(flags, "UP") != flags.end();
        link.carrier = std::ranges::find(flags, "LOWER_UP") != flags.end();
        link.max_mtu = static_cast<std::uint32_t>(number_field(each, "max_mtu").value_or(0));
    }
    return links;
}

}  // namespace bedplate
