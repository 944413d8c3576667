// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/ethtool.hpp"

#include <algorithm>
#include <map>

#include "base/identifiers.hpp"
#include "base/text.hpp"

namespace bedplate {
namespace {

/// "25000baseCR/Full" -> 25000.
std::optional<std::uint64_t> mode_speed(std::string_view mode) {
    const auto base = mode.find("base");
    return base == std::string_view::npos ? std::nullopt : parse_unsigned(mode.substr(0, base));
}

/// "Supported link modes:" goes on over lines that have no name of their own.
std::optional<std::uint64_t> fastest_mode(std::string_view text) {
    constexpr std::string_view heading = "Supported link modes:";
    std::optional<std::uint64_t> fastest;
    bool inside = false;
    for (const std::string& line : split(text, '\n')) {
        const std::string_view trimmed = trim(line);
        const bool starts = trimmed.starts_with(heading);
        inside = starts || (inside && trimmed.find(':') == std::string_view::npos);
        if (!inside) {
            continue;
        }
        for (const std::string& word : split(starts ? trimmed.substr(heading.size()) : trimmed, ' ')) {
            if (const auto speed = mode_speed(trim(word))) {
                fastest = std::max(fastest.value_or(0), *speed);
            }
        }
    }
    return fastest;
}

/// "name: value" lines; the first of several with the same name.
std::map<std::string, std::string> fields_of(std::string_view text) {
    std::map<std::string, std::string> fields;
    for (const std::string& line : split(text, '\n')) {
        if (const auto colon = line.find(':'); colon != std::string::npos) {
            fields.emplace(trim(std::string_view(line).substr(0, colon)),
                           trim(std::string_view(line).substr(colon + 1)));
        }
    }
    return fields;
}

}  // namespace

Result<EthtoolSettings> parse_ethtool(std::string_view text) {
    if (!trim(text).starts_with("Settings for ")) {
        return fail("ethtool.syntax", "no 'Settings for' in the output", "ethtool");
    }
    EthtoolSettings settings;
    auto fields = fields_of(text);
    if (const std::string& speed = fields["Speed"]; speed.ends_with("Mb/s")) {
        settings.speed_mbps = parse_unsigned(std::string_view(speed).substr(0, speed.size() - 4));
    }
    if (const std::string& link = fields["Link detected"]; !link.empty()) {
        // Newer versions add a reason: "no (No cable)".
        settings.link = link.starts_with("yes");
    }
    settings.max_speed_mbps = fastest_mode(text);
    return settings;
}

Result<EthtoolDriver> parse_ethtool_driver(std::string_view text) {
    auto fields = fields_of(text);
    if (fields["driver"].empty()) {
        return fail("ethtool.syntax", "no 'driver:' in the output", "ethtool -i");
    }
    return EthtoolDriver{.driver = fields["driver"],
                         .version = fields["version"],
                         .firmware = fields["firmware-version"],
                         .bus_info = fields["bus-info"]};
}

Result<std::string> parse_ethtool_permanent(std::string_view text) {
    constexpr std::string_view heading = "Permanent address:";
    const std::string_view line = trim(text);
    if (!line.starts_with(heading)) {
        return fail("ethtool.syntax", "no 'Permanent address:' in the output", "ethtool -P");
    }
    const std::string_view value = trim(line.substr(heading.size()));
    if (value == "not set") {
        return std::string();
    }
    BEDPLATE_ASSIGN(const MacAddress address, MacAddress::parse(value));
    return address == MacAddress{} ? std::string() : address.to_text();
}

}  // namespace bedplate
