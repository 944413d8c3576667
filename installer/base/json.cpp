// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.hpp"

namespace bedplate {

Result<Json> parse_json(std::string_view text, std::string_view origin, std::size_t max_bytes) {
    if (text.size() > max_bytes) {
        return fail("json.too-large",
                    std::format("{} bytes of JSON, at most {} are read", text.size(), max_bytes),
                    std::string(origin));
    }
    try {
        return Json::parse(text);
    } catch (const nlohmann::json::exception& e) {
        return fail("json.syntax", std::format("not valid JSON: {}", e.what()), std::string(origin));
    }
}

std::string canonical(const Json& value) {
    // The unordered type sorts its keys, which makes the text independent of how the value was put together.
    return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace bedplate
