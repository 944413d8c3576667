// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/lldp.hpp"

#include <algorithm>

#include "base/foreign_text.hpp"
#include "inventory/json_fields.hpp"

namespace bedplate {
namespace {

/// json0 writes every element as a list, also where there can be only one.
std::string first_value(const Json& object, const char* name) {
    const Json& list = array_field(object, name);
    return list.empty() ? std::string() : text_field(list.front(), "value");
}

std::string name_or_id(const Json& object) {
    const std::string name = first_value(object, "name");
    return name.empty() ? first_value(object, "id") : name;
}

Lldp neighbour_of(const Json& interface) {
    Lldp lldp;
    if (const Json& chassis = array_field(interface, "chassis"); !chassis.empty()) {
        lldp.chassis = name_or_id(chassis.front());
    }
    if (const Json& port = array_field(interface, "port"); !port.empty()) {
        lldp.port = name_or_id(port.front());
        if (lldp.port.empty()) {
            lldp.port = first_value(port.front(), "descr");
        }
    }
    for (const Json& vlan : array_field(interface, "vlan")) {
        if (const auto id = number_field(vlan, "vlan-id"); id && *id >= 1 && *id <= 4094) {
            lldp.vlans.push_back(static_cast<std::uint16_t>(*id));
        }
    }
    std::ranges::sort(lldp.vlans);
    return lldp;
}

}  // namespace

Result<std::map<std::string, Lldp>> parse_lldpcli(std::string_view text) {
    BEDPLATE_ASSIGN(const Json json, parse_tool_json(text, "lldpcli show neighbors"));
    std::map<std::string, Lldp> neighbours;
    for (const Json& lldp : array_field(json, "lldp")) {
        for (const Json& interface : array_field(lldp, "interface")) {
            neighbours.emplace(text_field(interface, "name"), neighbour_of(interface));
        }
    }
    return neighbours;
}

}  // namespace bedplate
