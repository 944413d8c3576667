// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <format>
#include <functional>
#include <sstream>
#include <unordered_map>

#include "base/text.hpp"
#include "profile/yaml_text.hpp"

namespace bedplate {

const YamlNode* YamlNode::find(std::string_view wanted) const {
    if (kind != Kind::map) {
        return nullptr;
    }
    for (const YamlNode* child : children) {
        if (child->key == wanted) {
            return child;
        }
    }
    return nullptr;
}

std::string YamlNode::path() const {
    if (parent == nullptr) {
        return {};
    }
    if (parent->kind == Kind::sequence) {
        return std::format("{}[{}]", parent->path(), index);
    }
    const std::string before = parent->path();
    return before + (before.empty() ? "" : ".") + shown_key(key);
}

std::string shown_key(std::string_view key) {
    return elide(key.substr(0, key.find_first_of(":$")), 60);
}

namespace {

/// Thrown through yaml-cpp when going on would cost too much; the finding has been made already.
class Stop : public std::exception {};

/// Builds the tree from yaml-cpp's events. yaml-cpp's own node graph is never used: it follows aliases (a
/// cyclic one makes every naive walk overflow the stack), lets the first of two equal keys win, and does not
/// know where a key stands.
class TreeBuilder final : public YAML::EventHandler {
public:
    TreeBuilder(const LineIndex& lines, const std::string& origin, Report& report)
        : lines_(lines), origin_(origin), report_(report) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1) {
            add("yaml.second-document", place(mark),
                "a second document begins here, or text stands after the end of the first",
                "one file holds exactly one document");
            throw Stop();
        }
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
        attach({.kind = YamlNode::Kind::null, .place = place(mark)});
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        reject_alias(place(mark));
        attach({.kind = YamlNode::Kind::rejected, .place = place(mark)});
    }

    void OnAnchor(const YAML::Mark& mark, const std::string&) override {
        add("yaml.anchor", place(mark), "anchors ('&name') are not allowed", "write the value out");
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  const std::string& value) override {
        // yaml-cpp gives quoted scalars the tag "!", just as it does for a '!' that somebody wrote: only the
        // source text tells them apart.
        const std::string_view source = rest_of_line(mark);
        const bool quoted = tag == "!" && !source.starts_with('!');
        if (tag != "?" && !quoted) {
            reject_tag(place(mark));
        }
        // yaml-cpp 0.8 takes a line that is indented less for the end of a quoted text: `a: "b` is no error.
        if ((source.starts_with('"') || source.starts_with('\'')) && !closes_its_quote(source)) {
            add("yaml.syntax", place(mark), "the quotation mark is not closed on its line");
        }
        if (const auto bad = find_bad_character(value)) {
            add("yaml.control-character", place(mark), std::format("the value holds {}", bad->description));
        }
        attach({.kind = YamlNode::Kind::scalar, .text = value, .quoted = quoted, .place = place(mark)});
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {
        enter(YamlNode::Kind::sequence, mark, tag);
    }
    void OnSequenceEnd() override { open_.pop_back(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {
        enter(YamlNode::Kind::map, mark, tag);
    }
    void OnMapEnd() override { open_.pop_back(); }

    /// Runs `step` of the parser; false where it ended early, for a reason that has been reported.
    bool run(const std::function<void()>& step) {
        try {
            step();
            return true;
        } catch (const Stop&) {  // NOLINT(bugprone-empty-catch): whoever threw it has reported why
        } catch (const YAML::Exception& error) {
            add_syntax_error(error);
        } catch (const std::exception& error) {
            add("yaml.syntax", {}, std::format("this is not YAML: {}", error.what()));
        }
        return false;
    }

    void add(std::string code, YamlPlace where, std::string message, std::string hint = {}) {
        report_.add({.severity = Severity::error,
                     .code = std::move(code),
                     .path = open_.empty() ? std::string() : open_.back().node->path(),
                     .where = {origin_, where.line, where.column},
                     .message = std::move(message),
                     .hint = std::move(hint)});
    }

    [[nodiscard]] std::optional<YamlDocument> take() {
        if (root_ == nullptr) {
            return std::nullopt;
        }
        return YamlDocument(std::move(nodes_), root_);
    }

private:
    /// A collection whose end has not come yet.
    struct Open {
        YamlNode* node = nullptr;
        bool has_key = false;   ///< maps: the next event is a value
        bool key_good = false;  ///< maps: the value is to be kept
        std::string key = {};
        YamlPlace key_place = {};
        std::unordered_map<std::string, YamlPlace> seen = {};
    };

    [[nodiscard]] YamlPlace place(const YAML::Mark& mark) const {
        return lines_.at(static_cast<std::size_t>(mark.line), static_cast<std::size_t>(mark.column));
    }
    [[nodiscard]] std::string_view rest_of_line(const YAML::Mark& mark) const {
        return lines_.rest_of_line(static_cast<std::size_t>(mark.line),
                                   static_cast<std::size_t>(mark.column));
    }
    void add_syntax_error(const YAML::Exception& error) {
        const YAML::Mark& mark = error.mark;
        if (mark.is_null()) {
            add("yaml.syntax", {}, error.msg);
        } else if (rest_of_line(mark).starts_with('*')) {
            // An alias to a name that was never defined. The name is not repeated: a password hash written
            // without quotes may look like one.
            reject_alias(place(mark));
        } else {
            add("yaml.syntax", place(mark), std::format("this is not YAML: {}", error.msg));
        }
    }
    void reject_alias(YamlPlace where) {
        add("yaml.alias", where, "aliases ('*name') are not allowed",
            "write the value out; a text that begins with '*' needs quotes");
    }
    void reject_tag(YamlPlace where) {
        add("yaml.tag", where, "tags ('!name') are not allowed",
            "leave it out; a text that begins with '!' needs quotes");
    }

    void enter(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag) {
        if (!tag.empty() && tag != "?") {
            reject_tag(place(mark));
        }
        if (open_.size() >= yaml_limit::depth) {
            add("yaml.too-deep", place(mark), std::format("nested deeper than {} levels", yaml_limit::depth));
            throw Stop();
        }
        YamlNode& node = attach({.kind = kind, .place = place(mark)});
        open_.push_back({.node = &node});
    }

    YamlNode& attach(YamlNode value) {
        if (nodes_.size() >= yaml_limit::nodes) {
            add("yaml.too-many-nodes", value.place,
                std::format("more than {} values in one document", yaml_limit::nodes));
            throw Stop();
        }
        YamlNode& node = nodes_.emplace_back(std::move(value));
        if (open_.empty()) {
            root_ = &node;
            return node;
        }
        Open& open = open_.back();
        node.parent = open.node;
        if (open.node->kind == YamlNode::Kind::sequence) {
            node.index = open.node->children.size();
            open.node->children.push_back(&node);
        } else if (!open.has_key) {
            take_key(open, node);
        } else {
            take_value(open, node);
        }
        return node;
    }

    void take_key(Open& open, const YamlNode& node) {
        open.has_key = true;
        open.key_good = node.kind == YamlNode::Kind::scalar;
        if (!open.key_good) {
            if (node.kind != YamlNode::Kind::rejected) {
                add("yaml.key", node.place, "a key must be a plain word");
            }
            return;
        }
        open.key = node.text;
        open.key_place = node.place;
        const auto [first, is_new] = open.seen.emplace(node.text, node.place);
        if (!is_new) {
            open.key_good = false;
            add("yaml.duplicate-key", node.place,
                std::format("key '{}' stands here a second time; the first is in line {}",
                            shown_key(node.text), first->second.line));
        }
    }

    static void take_value(Open& open, YamlNode& node) {
        open.has_key = false;
        node.key = open.key;
        node.key_place = open.key_place;
        if (open.key_good) {
            open.node->children.push_back(&node);
        }
    }

    const LineIndex& lines_;
    const std::string& origin_;
    Report& report_;
    std::deque<YamlNode> nodes_;
    YamlNode* root_ = nullptr;
    std::vector<Open> open_;
    int documents_ = 0;
};

/// False where the text must not even be shown to the parser.
bool text_is_acceptable(std::string_view text, const LineIndex& lines, TreeBuilder& builder) {
    if (text.size() > yaml_limit::bytes) {
        builder.add("yaml.too-large", {},
                    std::format("the file has {} bytes; {} are the limit", text.size(), yaml_limit::bytes));
        return false;
    }
    const auto bad = find_bad_character(text);
    if (bad) {
        builder.add(bad->encoding ? "yaml.encoding" : "yaml.control-character", lines.at_offset(bad->offset),
                    std::format("the file holds {}", bad->description), "save it as UTF-8 text");
    }
    return !bad;
}

}  // namespace

std::optional<YamlDocument> parse_yaml(std::string_view text, const std::string& origin, Report& report) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (text.starts_with(byte_order_mark)) {
        text.remove_prefix(byte_order_mark.size());
    }
    const LineIndex lines(text.substr(0, yaml_limit::bytes));
    TreeBuilder builder(lines, origin, report);
    if (!text_is_acceptable(text, lines, builder)) {
        return std::nullopt;
    }
    std::istringstream stream{std::string(text)};
    YAML::Parser parser;
    const bool whole = builder.run([&] {
        parser.Load(stream);
        if (!parser.HandleNextDocument(builder)) {
            builder.add("yaml.empty", {1, 1}, "the document is empty");
        }
    });
    if (!whole) {
        return std::nullopt;
    }
    // Whatever is wrong behind the document, the document itself can be read.
    (void)builder.run([&] { parser.HandleNextDocument(builder); });
    return builder.take();
}

}  // namespace bedplate
