// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/document_edit.hpp"

#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

#include <algorithm>
#include <array>
#include <format>

#include "base/text.hpp"
#include "profile/yaml_tree.hpp"

namespace bedplate {

namespace {

/// "nodes[0].match" -> "nodes", "[0]", "match".
std::vector<std::string> steps_of(std::string_view path) {
    std::vector<std::string> steps;
    for (const auto& part : split(path, '.')) {
        const auto bracket = part.find('[');
        if (bracket != 0 && !part.empty()) {
            steps.push_back(part.substr(0, bracket));
        }
        if (bracket != std::string::npos) {
            steps.push_back(part.substr(bracket));
        }
    }
    return steps;
}

std::optional<std::size_t> index_of(std::string_view step) {
    if (!step.starts_with('[') || !step.ends_with(']')) {
        return std::nullopt;
    }
    return parse_unsigned(step.substr(1, step.size() - 2));
}

/// Whether every reader of YAML takes the bare word for this very text.
bool is_plain(std::string_view text) {
    static constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./@+-%";
    static constexpr std::array<std::string_view, 5> nothing{"", "null", "Null", "NULL", "~"};
    return !std::ranges::contains(nothing, text) &&
           text.find_first_not_of(allowed) == std::string_view::npos && !text.starts_with('-') &&
           !text.starts_with('.') && !text.starts_with('@') && !text.starts_with('%');
}

}  // namespace

// Here, where the type is complete.
bool DocumentNode::operator==(const DocumentNode& other) const = default;

/// The walks over the tree, which the class keeps to itself.
struct DocumentNodes {
    using Node = DocumentEdit::Node;

    static Node copy(const YamlNode& from) {
        Node node;
        node.text = from.text;
        node.quoted = from.quoted;
        switch (from.kind) {
            case YamlNode::Kind::scalar:
                node.kind = Node::Kind::scalar;
                break;
            case YamlNode::Kind::map:
                node.kind = Node::Kind::map;
                break;
            case YamlNode::Kind::sequence:
                node.kind = Node::Kind::list;
                break;
            case YamlNode::Kind::null:
            case YamlNode::Kind::rejected:
                break;
        }
        for (const YamlNode* child : from.children) {
            node.entries.emplace_back(child->key, copy(*child));
        }
        return node;
    }

    static const Node* child(const Node& node, const std::string& step) {
        if (const auto index = index_of(step)) {
            return node.kind == Node::Kind::list && *index < node.entries.size() ? &node.entries[*index].value
                                                                                 : nullptr;
        }
        if (node.kind != Node::Kind::map) {
            return nullptr;
        }
        const auto found = std::ranges::find(node.entries, step, &DocumentEntry::key);
        return found == node.entries.end() ? nullptr : &found->value;
    }

    static Node& made_child(Node& node, const std::string& step) {
        const auto index = index_of(step);
        const auto wanted = index ? Node::Kind::list : Node::Kind::map;
        if (node.kind != wanted) {
            node = Node{.kind = wanted, .text = {}, .quoted = false, .entries = {}};
        }
        if (const Node* there = child(node, step)) {
            return const_cast<Node&>(*there);  // NOLINT(cppcoreguidelines-pro-type-const-cast): ours
        }
        node.entries.emplace_back(index ? std::string() : step, Node{});
        return node.entries.back().value;
    }

    static Node& make(Node& root, std::string_view path) {
        Node* node = &root;
        for (const auto& step : steps_of(path)) {
            node = &made_child(*node, step);
        }
        return *node;
    }

    static void set(Node& node, std::string_view text) {
        const bool was_text = node.kind == Node::Kind::scalar && node.quoted;
        node = Node{.kind = Node::Kind::scalar,
                    .text = std::string(text),
                    .quoted = was_text || !is_plain(text),
                    .entries = {}};
    }

    static bool remove(Node& node, std::span<const std::string> steps) {
        const Node* there = child(node, steps.front());
        if (there == nullptr) {
            return false;
        }
        const auto at = std::ranges::find_if(node.entries, [&](auto& e) { return &e.value == there; });
        if (steps.size() > 1) {
            remove(at->value, steps.subspan(1));
            if (at->value.kind == Node::Kind::scalar || !at->value.entries.empty()) {
                return true;
            }
        }
        node.entries.erase(at);
        return true;
    }

    /// In the style of a document that somebody wrote: blocks, one entry a line.
    static void emit(const Node& node, YAML::Emitter& out) {
        switch (node.kind) {
            case Node::Kind::null:
                out << YAML::Null;
                break;
            case Node::Kind::scalar:
                emit_scalar(node.text, node.quoted, out);
                break;
            case Node::Kind::map:
                out << (node.entries.empty() ? YAML::Flow : YAML::Block) << YAML::BeginMap;
                for (const auto& [key, value] : node.entries) {
                    out << YAML::Key;
                    emit_scalar(key, false, out);
                    out << YAML::Value;
                    emit(value, out);
                }
                out << YAML::EndMap;
                break;
            case Node::Kind::list:
                out << (node.entries.empty() ? YAML::Flow : YAML::Block) << YAML::BeginSeq;
                for (const auto& [unused, value] : node.entries) {
                    emit(value, out);
                }
                out << YAML::EndSeq;
                break;
        }
    }

    static void emit_scalar(const std::string& text, bool quoted, YAML::Emitter& out) {
        if (quoted || !is_plain(text)) {
            out << YAML::DoubleQuoted;
        }
        out << text;
    }
};

DocumentEdit::DocumentEdit(std::string_view schema) {
    set("schema", schema);
}

Result<DocumentEdit> DocumentEdit::parse(std::string_view text, const std::string& origin) {
    Report report;
    const auto document = parse_yaml(text, origin, report);
    if (!document || report.has_errors() || document->root().kind != YamlNode::Kind::map) {
        if (!report.has_errors()) {
            report.add({.code = "yaml.type",
                        .path = {},
                        .where = {origin},
                        .message = "no map of keys",
                        .hint = {}});
        }
        return std::unexpected(report.to_error());
    }
    DocumentEdit edit;
    edit.root_ = DocumentNodes::copy(document->root());
    return edit;
}

const DocumentEdit::Node* DocumentEdit::find(std::string_view path) const {
    const Node* node = &root_;
    for (const auto& step : steps_of(path)) {
        node = DocumentNodes::child(*node, step);
        if (node == nullptr) {
            return nullptr;
        }
    }
    return node;
}

std::optional<std::string> DocumentEdit::get(std::string_view path) const {
    const Node* node = find(path);
    return node != nullptr && node->kind == Node::Kind::scalar ? std::optional(node->text) : std::nullopt;
}

std::vector<std::string> DocumentEdit::get_list(std::string_view path) const {
    std::vector<std::string> texts;
    if (const Node* node = find(path); node != nullptr && node->kind == Node::Kind::list) {
        for (const auto& [key, value] : node->entries) {
            texts.push_back(value.text);
        }
    }
    return texts;
}

std::size_t DocumentEdit::size(std::string_view path) const {
    const Node* node = find(path);
    return node == nullptr ? 0 : node->entries.size();
}

std::vector<std::string> DocumentEdit::keys(std::string_view path) const {
    std::vector<std::string> names;
    if (const Node* node = find(path); node != nullptr && node->kind == Node::Kind::map) {
        std::ranges::transform(node->entries, std::back_inserter(names), [](const auto& e) { return e.key; });
    }
    return names;
}

void DocumentEdit::set(std::string_view path, std::string_view text) {
    DocumentNodes::set(DocumentNodes::make(root_, path), text);
}

void DocumentEdit::set_list(std::string_view path, const std::vector<std::string>& texts) {
    Node& node = DocumentNodes::make(root_, path);
    node = Node{.kind = Node::Kind::list, .text = {}, .quoted = false, .entries = {}};
    for (const auto& text : texts) {
        node.entries.emplace_back(std::string(), Node{});
        DocumentNodes::set(node.entries.back().value, text);
    }
}

void DocumentEdit::set_map(std::string_view path) {
    auto& node = DocumentNodes::make(root_, path);
    if (node.kind == Node::Kind::null) {
        node.kind = Node::Kind::map;
    }
}

void DocumentEdit::remove(std::string_view path) {
    const auto steps = steps_of(path);
    if (!steps.empty()) {
        (void)DocumentNodes::remove(root_, steps);  // what is not there need not go
    }
}

std::string DocumentEdit::text() const {
    YAML::Emitter out;
    out.SetNullFormat(YAML::LowerNull);
    DocumentNodes::emit(root_, out);
    return std::string(out.c_str(), out.size()) + "\n";
}

}  // namespace bedplate
