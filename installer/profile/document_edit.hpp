// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace bedplate {

struct DocumentEntry;

/// A value in a document that is edited.
struct DocumentNode {
    enum class Kind { null, scalar, list, map } kind = Kind::null;
    std::string text;
    bool quoted = false;
    std::vector<DocumentEntry> entries;  ///< keys are empty in lists
    bool operator==(const DocumentNode& other) const;
};

struct DocumentEntry {
    std::string key;
    DocumentNode value;
    bool operator==(const DocumentEntry& other) const = default;
};

/// A document that is changed key by key, as the screens do it. Works on keys and values, never on structs:
/// what is not touched keeps its value, and keys that a newer version adds survive. Comments do not.
///
/// A path is written as in findings: "networks.management.vlan", "nodes[0].match.service_tag".
class DocumentEdit {
public:
    /// A document with its `schema` key only.
    explicit DocumentEdit(std::string_view schema);
    /// Errors: those findings of parse_yaml that say that this is no YAML document.
    [[nodiscard]] static Result<DocumentEdit> parse(std::string_view text, const std::string& origin);

    /// The scalar at `path`; nullopt where there is none.
    [[nodiscard]] std::optional<std::string> get(std::string_view path) const;
    /// The scalars of the list at `path`.
    [[nodiscard]] std::vector<std::string> get_list(std::string_view path) const;
    /// Number of entries of the list or map at `path`.
    [[nodiscard]] std::size_t size(std::string_view path) const;
    /// Keys of the map at `path`.
    [[nodiscard]] std::vector<std::string> keys(std::string_view path) const;

    /// Makes what is missing on the way. A list grows by one entry at most: `nodes[0]` of an empty list is
    /// made, `nodes[5]` of one too.
    void set(std::string_view path, std::string_view text);
    void set_list(std::string_view path, const std::vector<std::string>& texts);
    /// An empty map at `path`, unless something stands there.
    void set_map(std::string_view path);
    /// What becomes empty by that goes too, except the document itself.
    void remove(std::string_view path);

    /// The document in block style. The same changes give the same text.
    [[nodiscard]] std::string text() const;

    bool operator==(const DocumentEdit&) const = default;

private:
    using Node = DocumentNode;
    friend struct DocumentNodes;
    DocumentEdit() = default;
    [[nodiscard]] const Node* find(std::string_view path) const;

    Node root_;
};

}  // namespace bedplate
