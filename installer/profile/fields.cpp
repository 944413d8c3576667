// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/fields.hpp"

#include <algorithm>
#include <format>

#include "base/text.hpp"

namespace bedplate::fields {

Json to_json(const Shape& shape) {
    Json json = {{"type", shape.type}};
    if (!shape.words.empty()) {
        json["words"] = shape.words;
    }
    for (const Shape::Key& key : shape.keys) {
        json["keys"][key.name] = {{"required", key.required}, {"value", to_json(*key.value)}};
    }
    if (shape.element) {
        json["element"] = to_json(*shape.element);
    }
    if (shape.or_else) {
        json["or_else"] = to_json(*shape.or_else);
    }
    json["nullable"] = shape.nullable;
    return json;
}

void Reader::error(const YamlNode& node, std::string code, std::string message, std::string hint) {
    // An absent value has no place of its own: yaml-cpp's mark is that of the token after it.
    const YamlPlace place =
        node.kind == YamlNode::Kind::null && node.key_place.line > 0 ? node.key_place : node.place;
    add(Severity::error, node, place, std::move(code), std::move(message), std::move(hint));
}

void Reader::warning(const YamlNode& node, std::string code, std::string message, std::string hint) {
    add(Severity::warning, node, node.place, std::move(code), std::move(message), std::move(hint));
}

void Reader::error_at_key(const YamlNode& node, std::string code, std::string message, std::string hint) {
    add(Severity::error, node, node.key_place, std::move(code), std::move(message), std::move(hint));
}

void Reader::add(Severity severity, const YamlNode& node, YamlPlace place, std::string code,
                 std::string message, std::string hint) {
    report_.add({.severity = severity,
                 .code = std::move(code),
                 .path = node.path(),
                 .where = {origin_, place.line, place.column},
                 .message = std::move(message),
                 .hint = std::move(hint)});
}

std::string_view kind_text(const YamlNode& node) {
    switch (node.kind) {
        case YamlNode::Kind::null:
            return "nothing";
        case YamlNode::Kind::scalar:
            return "a single value";
        case YamlNode::Kind::sequence:
            return "a list";
        case YamlNode::Kind::map:
            return "a map of keys";
        case YamlNode::Kind::rejected:
            return "an alias";
    }
    return "something else";
}

bool expect(Reader& reader, const YamlNode& node, YamlNode::Kind kind, std::string_view wanted) {
    if (node.kind == kind) {
        return true;
    }
    if (node.kind != YamlNode::Kind::rejected) {
        const std::string where = node.key.empty() ? "" : std::format("'{}': ", shown_key(node.key));
        reader.error(node, "yaml.type", std::format("{}wanted {}, found {}", where, wanted, kind_text(node)));
    }
    return false;
}

void report_unknown_keys(Reader& reader, const YamlNode& map, const std::vector<std::string>& known) {
    for (const YamlNode* child : map.children) {
        if (std::ranges::contains(known, child->key)) {
            continue;
        }
        const std::string key = shown_key(child->key);
        const auto near = did_you_mean(key, known);
        const bool blank_forgotten = child->key.find(':') != std::string::npos;
        reader.error_at_key(
            *child, "yaml.unknown-key",
            std::format("unknown key '{}'{}", key, near ? std::format(" (did you mean '{}'?)", *near) : ""),
            blank_forgotten ? "YAML wants a blank after the ':' of a key"
                            : "known here: " + join(known, ", "));
    }
}

}  // namespace bedplate::fields
