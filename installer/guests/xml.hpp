// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <pugixml.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace bedplate::guests {

using Attributes = std::vector<std::pair<const char*, std::string>>;

/// A new last child of `parent`, with attributes or a text of its own.
pugi::xml_node add(pugi::xml_node parent, const char* name, const Attributes& attributes = {},
                   const std::string& text = {});

/// As libvirt reads it, without a declaration.
[[nodiscard]] std::string to_text(const pugi::xml_document& document);

/// Read what a program printed. Errors: xml.syntax with `origin`.
[[nodiscard]] Result<void> parse_xml(pugi::xml_document& document, const std::string& text,
                                     const std::string& origin);

}  // namespace bedplate::guests
