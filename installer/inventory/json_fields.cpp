// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/json_fields.hpp"

#include "base/text.hpp"

namespace bedplate {
namespace {

const Json* find(const Json& object, const char* name) {
    if (!object.is_object()) {
        return nullptr;
    }
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

}  // namespace

std::string text_field(const Json& object, const char* name) {
    const Json* field = find(object, name);
    if (field == nullptr) {
        return {};
    }
    if (field->is_string()) {
        return std::string(trim(field->get_ref<const std::string&>()));
    }
    return field->is_number_unsigned() ? std::to_string(field->get<std::uint64_t>()) : std::string();
}

std::optional<std::uint64_t> number_field(const Json& object, const char* name) {
    return parse_unsigned(text_field(object, name));
}

std::optional<bool> flag_field(const Json& object, const char* name) {
    if (const Json* field = find(object, name); field != nullptr && field->is_boolean()) {
        return field->get<bool>();
    }
    const std::string text = text_field(object, name);
    if (text == "1" || text == "true") {
        return true;
    }
    return text == "0" || text == "false" ? std::optional(false) : std::nullopt;
}

const Json& array_field(const Json& object, const char* name) {
    static const Json none = Json::array();
    const Json* field = find(object, name);
    return field != nullptr && field->is_array() ? *field : none;
}

}  // namespace bedplate
