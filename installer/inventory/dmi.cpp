// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/dmi.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace bedplate {
namespace {

constexpr std::array<std::string_view, 7> empty_texts{
    "Not Settable",           "Not Specified",  "Not Present", "Not Available",
    "To Be Filled By O.E.M.", "Default string", "None"};

/// "16 GB", "16384 MB": dmidecode means powers of 1024 (SMBIOS 7.18).
std::optional<Bytes> module_size(std::string_view text) {
    const auto blank = text.find(' ');
    const auto number = parse_unsigned(text.substr(0, blank));
    if (!number || blank == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view unit = trim(text.substr(blank));
    if (unit == "TB") {
        return gib(*number * 1024);
    }
    return unit == "GB"   ? std::optional(gib(*number))
           : unit == "MB" ? std::optional(mib(*number))
                          : std::nullopt;
}

void read_system_field(SystemFacts& system, std::string_view name, std::string_view value) {
    const std::string text = meaningful_dmi_text(value);
    if (name == "Manufacturer") {
        system.manufacturer = text;
    } else if (name == "Product Name") {
        system.product = text;
    } else if (name == "Serial Number") {
        system.serial = text;
    } else if (name == "UUID") {
        system.uuid = text;
    } else if (name == "SKU Number") {
        system.sku = text;
    }
}

/// "Handle 0x0100, DMI type 1, 27 bytes" -> 1.
std::optional<std::uint64_t> structure_type(std::string_view line) {
    constexpr std::string_view mark = "DMI type ";
    const auto at = line.find(mark);
    if (!line.starts_with("Handle ") || at == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view rest = line.substr(at + mark.size());
    return parse_unsigned(rest.substr(0, rest.find(',')));
}

}  // namespace

std::string meaningful_dmi_text(std::string_view text) {
    const std::string_view trimmed = trim(text);
    return std::ranges::find(empty_texts, trimmed) == empty_texts.end() ? std::string(trimmed) : "";
}

Result<DmiFacts> parse_dmidecode(std::string_view text) {
    DmiFacts facts;
    std::optional<std::uint64_t> type;
    bool any = false;
    for (const std::string& line : split(text, '\n')) {
        if (const auto starts = structure_type(line)) {
            type = starts;
            any = true;
            facts.ipmi = facts.ipmi || *type == 38;
            continue;
        }
        // Fields stand behind exactly one tabulator; lists in them behind two.
        const auto colon = line.find(": ");
        if (!type || !line.starts_with('\t') || line.starts_with("\t\t") || colon == std::string::npos) {
            continue;
        }
        const std::string_view name = std::string_view(line).substr(1, colon - 1);
        const std::string_view value = std::string_view(line).substr(colon + 2);
        if (*type == 1) {
            read_system_field(facts.system, name, value);
        } else if (*type == 17 && name == "Size") {
            if (const auto size = module_size(value)) {
                facts.installed_memory = facts.installed_memory.value_or(Bytes{}) + *size;
            }
        }
    }
    if (!any) {
        return fail("dmi.syntax", "no DMI structure in dmidecode's output", "dmidecode");
    }
    return facts;
}

}  // namespace bedplate
