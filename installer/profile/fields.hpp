// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/report.hpp"
#include "profile/yaml_tree.hpp"

/// How documents become structs: a `Table<T>` lists the keys of a struct, each with the member it fills and
/// the `Rule` that reads its value. Everything else follows from the table: unknown and missing keys, the
/// position of each finding, and the shape that the JSON Schemas are compared with.
namespace bedplate::fields {

/// What a document may hold at one place: type and allowed values, without any C++ type.
struct Shape {
    struct Key {
        std::string name;
        bool required = false;
        std::shared_ptr<const Shape> value;
    };
    std::string type;                ///< "string", "integer", "number", "boolean", "array", "object", "map"
    std::vector<std::string> words;  ///< the allowed texts, where they are few
    std::vector<Key> keys;           ///< objects
    std::shared_ptr<const Shape> element;  ///< arrays and maps
    std::shared_ptr<const Shape> or_else;  ///< a second form that is allowed as well
    bool nullable = false;
};

/// The shape as JSON, for the test that holds it against the published schema.
[[nodiscard]] Json to_json(const Shape& shape);

/// Collects the findings of one document while it is read.
class Reader {
public:
    Reader(std::string origin, Report& report) : origin_(std::move(origin)), report_(report) {}

    void error(const YamlNode& node, std::string code, std::string message, std::string hint = {});
    void warning(const YamlNode& node, std::string code, std::string message, std::string hint = {});
    /// As error(), at the key under which `node` stands.
    void error_at_key(const YamlNode& node, std::string code, std::string message, std::string hint = {});

private:
    void add(Severity severity, const YamlNode& node, YamlPlace place, std::string code, std::string message,
             std::string hint);

    std::string origin_;
    Report& report_;
};

/// "a text", "a list", ...: what stands there, for messages.
[[nodiscard]] std::string_view kind_text(const YamlNode& node);

/// `node` is of the wanted kind; else yaml.type has been reported ("wanted a list, found a text").
[[nodiscard]] bool expect(Reader& reader, const YamlNode& node, YamlNode::Kind kind, std::string_view wanted);

/// How one value is read: nullopt means that the reason why not has been reported.
template <typename V>
struct Rule {
    std::function<std::optional<V>(Reader&, const YamlNode&)> read;
    Shape shape;
};

/// Reports every key of `map` that is not in `known`, with the nearest one that is.
void report_unknown_keys(Reader& reader, const YamlNode& map, const std::vector<std::string>& known);

/// The keys of a struct.
template <typename T>
class Table {
public:
    using Check = std::function<void(Reader&, const YamlNode&, T&)>;

    /// A key that must be there. `member` is a pointer to member, or any function from T& to the place to
    /// fill.
    template <typename Member, typename V>
    Table& required(std::string key, Member member, Rule<V> rule) {
        return add(std::move(key), true, std::move(member), std::move(rule));
    }
    /// A key that may be absent; the member then keeps its default.
    template <typename Member, typename V>
    Table& optional(std::string key, Member member, Rule<V> rule) {
        return add(std::move(key), false, std::move(member), std::move(rule));
    }
    /// A key whose value is a map with keys of its own that fill members of the same struct.
    Table& required_group(std::string key, Table group) {
        return add_group(std::move(key), true, std::move(group));
    }
    Table& optional_group(std::string key, Table group) {
        return add_group(std::move(key), false, std::move(group));
    }
    /// What has to hold between several keys; runs after all of them have been read, on whatever could be
    /// read.
    Table& check(Check function) {
        checks_.push_back(std::move(function));
        return *this;
    }

    /// Fill `target` from `node`, which must be a map. Returns whether it is one.
    bool read(Reader& reader, const YamlNode& node, T& target) const {
        if (!expect(reader, node, YamlNode::Kind::map, "a map of keys")) {
            return false;
        }
        std::vector<std::string> known;
        for (const Field& field : fields_) {
            known.push_back(field.key);
            if (const YamlNode* value = node.find(field.key)) {
                field.read(reader, *value, target);
            } else if (field.required) {
                reader.error(node, "yaml.missing-key", "the key '" + field.key + "' is missing");
            }
        }
        report_unknown_keys(reader, node, known);
        for (const Check& function : checks_) {
            function(reader, node, target);
        }
        return true;
    }

    [[nodiscard]] Shape shape() const {
        Shape result{.type = "object"};
        for (const Field& field : fields_) {
            result.keys.push_back({field.key, field.required, std::make_shared<const Shape>(field.shape)});
        }
        return result;
    }

private:
    struct Field {
        std::string key;
        bool required = false;
        std::function<void(Reader&, const YamlNode&, T&)> read;
        Shape shape;
    };

    template <typename Member, typename V>
    Table& add(std::string key, bool required, Member member, Rule<V> rule) {
        auto read = [member = std::move(member), read_value = std::move(rule.read)](
                        Reader& reader, const YamlNode& node, T& target) {
            if (auto value = read_value(reader, node)) {
                // NOLINTNEXTLINE(bugprone-optional-value-conversion): some members are optional too
                std::invoke(member, target) = std::move(*value);
            }
        };
        fields_.push_back({std::move(key), required, std::move(read), std::move(rule.shape)});
        return *this;
    }

    Table& add_group(std::string key, bool required, Table group) {
        Shape shape = group.shape();
        auto read = [group = std::move(group)](Reader& reader, const YamlNode& node, T& target) {
            group.read(reader, node, target);
        };
        fields_.push_back({std::move(key), required, std::move(read), std::move(shape)});
        return *this;
    }

    std::vector<Field> fields_;
    std::vector<Check> checks_;
};

/// A member of a member: `inside(&Bond::count, &Count::exactly)`.
template <typename Outer, typename Inner>
auto inside(Outer outer, Inner inner) {
    return [outer, inner](auto& target) -> decltype(auto) {
        return std::invoke(inner, std::invoke(outer, target));
    };
}

/// A struct of its own. It is returned even when some of its keys were wrong, so that checks between entries
/// of a list see as many of them as there are.
template <typename T>
Rule<T> object(Table<T> table) {
    Shape shape = table.shape();
    return {[table = std::move(table)](Reader& reader, const YamlNode& node) -> std::optional<T> {
                T value{};
                if (!table.read(reader, node, value)) {
                    return std::nullopt;
                }
                return value;
            },
            std::move(shape)};
}

template <typename V>
Rule<std::vector<V>> list_of(Rule<V> rule) {
    Shape shape{.type = "array", .element = std::make_shared<const Shape>(rule.shape)};
    return {[rule = std::move(rule)](Reader& reader, const YamlNode& node) -> std::optional<std::vector<V>> {
                if (!expect(reader, node, YamlNode::Kind::sequence, "a list")) {
                    return std::nullopt;
                }
                std::vector<V> values;
                for (const YamlNode* child : node.children) {
                    if (auto value = rule.read(reader, *child)) {
                        values.push_back(std::move(*value));
                    }
                }
                return values;
            },
            std::move(shape)};
}

/// `rule`, or nothing: an explicit null is the same as leaving the key out.
template <typename V>
Rule<std::optional<V>> nullable(Rule<V> rule) {
    Shape shape = rule.shape;
    shape.nullable = true;
    return {
        [rule = std::move(rule)](Reader& reader, const YamlNode& node) -> std::optional<std::optional<V>> {
            if (node.kind == YamlNode::Kind::null) {
                return std::optional<V>();
            }
            if (auto value = rule.read(reader, node)) {
                return value;
            }
            return std::nullopt;
        },
        std::move(shape)};
}

}  // namespace bedplate::fields
