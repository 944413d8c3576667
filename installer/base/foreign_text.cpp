// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/foreign_text.hpp"

namespace bedplate {

std::string as_utf8(std::string_view text) {
    // The library replaces when it writes, and reads back what it wrote.
    const Json value(text);
    return Json::parse(value.dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

Result<Json> parse_tool_json(std::string_view text, std::string_view origin) {
    return parse_json(as_utf8(text), origin);
}

std::string pretty(const Json& value) {
    return value.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace bedplate
