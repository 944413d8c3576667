// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/meminfo.hpp"

#include "base/text.hpp"

namespace bedplate {

Result<Bytes> parse_meminfo_total(std::string_view text) {
    constexpr std::string_view name = "MemTotal:";
    for (const std::string& line : split(text, '\n')) {
        const auto at = line.find(name);
        if (at == std::string::npos || !line.ends_with(" kB")) {
            continue;
        }
        const std::string_view value = std::string_view(line).substr(at + name.size());
        if (const auto number = parse_unsigned(trim(value.substr(0, value.size() - 2)))) {
            return kib(*number);
        }
    }
    return fail("meminfo.syntax", "no MemTotal in the text", "meminfo");
}

}  // namespace bedplate
