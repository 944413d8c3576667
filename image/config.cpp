// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/config.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <sstream>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace bedplate::image {

namespace {

/// One configuration file: a map with known keys only.
class Document {
public:
    static Result<Document> load(const std::filesystem::path& path,
                                 std::initializer_list<std::string_view> keys) {
        try {
            Document document(path, YAML::LoadFile(path.string()));
            return document.check_keys(keys).transform([&] { return document; });
        } catch (const YAML::Exception& error) {
            return std::unexpected(finding(path, error.mark, error.msg));
        }
    }

    [[nodiscard]] Result<std::string> text(const std::string& key) const {
        return guarded([&] { return root_[key].as<std::string>(); }, key);
    }
    [[nodiscard]] Result<std::vector<std::string>> list(const std::string& key) const {
        if (!root_[key]) {
            return std::vector<std::string>{};
        }
        return guarded([&] { return root_[key].as<std::vector<std::string>>(); }, key);
    }
    [[nodiscard]] Result<int> level(const std::string& map, const std::string& key) const {
        BEDPLATE_ASSIGN(const int value, guarded([&] { return root_[map][key].as<int>(); }, map + "." + key));
        if (value < 1 || value > 19) {
            return std::unexpected(finding(path_, root_[map].Mark(), map + "." + key + " is not in 1..19"));
        }
        return value;
    }

private:
    Document(std::filesystem::path path, const YAML::Node& root) : path_(std::move(path)), root_(root) {}

    static Error finding(const std::filesystem::path& path, const YAML::Mark& mark, const std::string& text) {
        return {.kind = ErrorKind::findings,
                .code = "image.config",
                .message = text,
                .where = mark.is_null()
                             ? path.string()
                             : std::format("{}:{}:{}", path.string(), mark.line + 1, mark.column + 1),
                .hint = {},
                .context = {}};
    }

    template <typename Read>
    auto guarded(Read read, const std::string& key) const -> Result<decltype(read())> {
        try {
            return read();
        } catch (const YAML::Exception& error) {
            return std::unexpected(
                finding(path_, root_.Mark(), "'" + key + "' is missing or of the wrong kind"));
        }
    }

    [[nodiscard]] Result<void> check_keys(std::initializer_list<std::string_view> keys) const {
        for (const auto& item : root_) {
            const auto key = item.first.as<std::string>();
            if (std::ranges::find(keys, key) == keys.end()) {
                return std::unexpected(finding(path_, item.first.Mark(), "unknown key '" + key + "'"));
            }
        }
        return {};
    }

    std::filesystem::path path_;
    YAML::Node root_;
};

/// "2026-11-22" as seconds since 1970, at midnight UTC.
Result<std::uint64_t> parse_date(const std::string& text, const std::filesystem::path& path) {
    std::istringstream stream(text);
    std::chrono::sys_days day;
    stream >> std::chrono::parse("%F", day);
    if (stream.fail() || day.time_since_epoch().count() <= 0) {
        return fail("image.config", "source_date '" + text + "' is not a date", path.string(),
                    "write it as 2026-11-22");
    }
    return static_cast<std::uint64_t>(std::chrono::sys_seconds(day).time_since_epoch().count());
}

std::string digest_of(std::initializer_list<const std::vector<std::string>*> lists) {
    std::string text;
    for (const auto* list : lists) {
        text += join(*list, "\n") + "\n\n";
    }
    return sha256_hex(text);
}

Result<RootConfig> load_root(const Document& document) {
    RootConfig root;
    BEDPLATE_ASSIGN(root.suite, document.text("suite"));
    BEDPLATE_ASSIGN(root.packages, document.list("packages"));
    BEDPLATE_ASSIGN(root.exclude, document.list("exclude"));
    const std::vector<std::string> suite{root.suite};
    root.digest = digest_of({&suite, &root.packages, &root.exclude});
    return root;
}

}  // namespace

Result<ImageConfig> load_image_config(const std::filesystem::path& path, std::string_view epoch_override) {
    ImageConfig config;
    config.directory = path.parent_path();
    BEDPLATE_ASSIGN(const auto image, Document::load(path, {"source_date", "compression"}));
    BEDPLATE_ASSIGN(const auto date, image.text("source_date"));
    BEDPLATE_ASSIGN(config.source_date_epoch, parse_date(date, path));
    if (const auto epoch = parse_unsigned(epoch_override); epoch) {
        config.source_date_epoch = *epoch;
    }
    BEDPLATE_ASSIGN(config.node_level, image.level("compression", "node"));
    BEDPLATE_ASSIGN(config.installer_level, image.level("compression", "installer"));
    BEDPLATE_ASSIGN(config.overlay_level, image.level("compression", "overlay"));

    BEDPLATE_ASSIGN(const auto node,
                    Document::load(config.directory / "node.yaml", {"suite", "packages", "exclude"}));
    BEDPLATE_ASSIGN(config.node, load_root(node));
    BEDPLATE_ASSIGN(const auto installer,
                    Document::load(config.directory / "installer.yaml",
                                   {"suite", "packages", "exclude", "modules", "firmware", "drop"}));
    BEDPLATE_ASSIGN(config.installer.root, load_root(installer));
    BEDPLATE_ASSIGN(config.installer.modules, installer.list("modules"));
    BEDPLATE_ASSIGN(config.installer.firmware, installer.list("firmware"));
    BEDPLATE_ASSIGN(config.installer.drop, installer.list("drop"));
    config.installer.digest =
        digest_of({&config.installer.modules, &config.installer.firmware, &config.installer.drop});
    return config;
}

bool matches_any(const std::vector<std::string>& globs, std::string_view path) {
    return std::ranges::any_of(globs, [&](const std::string& glob) { return glob_match(glob, path); });
}

}  // namespace bedplate::image
