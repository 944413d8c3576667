// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/report.hpp"

namespace bedplate {

/// A position in a document; both count from 1, columns in characters (not bytes), as editors show them.
struct YamlPlace {
    std::size_t line = 0, column = 0;
};

/// One value of a YAML document. Scalars keep their text as written: what `no` or `0100` means is decided by
/// whoever reads the field, never by YAML's guessing.
struct YamlNode {
    /// `rejected`: something that has been reported already (an alias); readers pass over it in silence.
    enum class Kind { null, scalar, sequence, map, rejected };

    Kind kind = Kind::null;
    std::string text;     ///< scalars only
    bool quoted = false;  ///< scalars only: written in quotes or as a block, so it is meant as text
    YamlPlace place;
    const YamlNode* parent = nullptr;
    std::string key;        ///< in a map: the key this value stands under
    YamlPlace key_place;    ///< in a map
    std::size_t index = 0;  ///< in a sequence
    std::vector<const YamlNode*> children;

    /// The value under `key` of a map; nullptr where there is none.
    [[nodiscard]] const YamlNode* find(std::string_view wanted) const;
    /// "nodes[2].match.mac"; empty for the document itself.
    [[nodiscard]] std::string path() const;
};

/// `key` as it may stand in a finding: cut short, and without what follows a ':', since "password:secret"
/// with the blank forgotten is one key to YAML.
[[nodiscard]] std::string shown_key(std::string_view key);

/// A parsed document; the nodes live as long as it does.
class YamlDocument {
public:
    YamlDocument(std::deque<YamlNode> nodes, const YamlNode* root) : nodes_(std::move(nodes)), root_(root) {}
    [[nodiscard]] const YamlNode& root() const { return *root_; }

private:
    std::deque<YamlNode> nodes_;
    const YamlNode* root_;
};

/// Limits that no honest document comes near; they bound memory and recursion for hostile ones.
namespace yaml_limit {
inline constexpr std::size_t bytes = 256U * 1024;
inline constexpr std::size_t depth = 32;
inline constexpr std::size_t nodes = 20'000;
}  // namespace yaml_limit

/// Parse the one document in `text`. Goes on after everything it can go on after, so that the caller finds
/// more faults in the same run; nullopt where nothing is left to look at.
///
/// Findings: yaml.too-large, yaml.encoding, yaml.control-character, yaml.syntax, yaml.empty, yaml.too-deep,
/// yaml.too-many-nodes, yaml.anchor, yaml.alias, yaml.tag, yaml.key, yaml.duplicate-key,
/// yaml.second-document.
[[nodiscard]] std::optional<YamlDocument> parse_yaml(std::string_view text, const std::string& origin,
                                                     Report& report);

}  // namespace bedplate
