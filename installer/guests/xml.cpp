// SPDX-License-Identifier: GPL-3.0-or-later
#include "guests/xml.hpp"

#include <format>
#include <sstream>

namespace bedplate::guests {

pugi::xml_node add(pugi::xml_node parent, const char* name, const Attributes& attributes,
                   const std::string& text) {
    auto node = parent.append_child(name);
    for (const auto& [key, value] : attributes) {
        node.append_attribute(key).set_value(value.c_str());
    }
    if (!text.empty()) {
        node.text().set(text.c_str());
    }
    return node;
}

std::string to_text(const pugi::xml_document& document) {
    std::ostringstream out;
    document.save(out, "  ", pugi::format_default | pugi::format_no_declaration);
    return out.str();
}

Result<void> parse_xml(pugi::xml_document& document, const std::string& text, const std::string& origin) {
    const auto parsed = document.load_string(text.c_str());
    return parsed
               ? Result<void>()
               : fail("xml.syntax",
                      std::format("is no XML at byte {}: {}", parsed.offset, parsed.description()), origin);
}

}  // namespace bedplate::guests
