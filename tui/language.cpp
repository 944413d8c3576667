// SPDX-License-Identifier: GPL-3.0-or-later
#include "tui/language.hpp"

#include <bit>
#include <cstring>
#include <fstream>
#include <sstream>

namespace bedplate::tui {

namespace {

struct Current {
    std::string code = "en";
    Catalogue catalogue;
};

/// One person sits at one screen: the language is the process's, as with gettext.
Current& current() {
    static Current value;
    return value;
}

class MoReader {
public:
    explicit MoReader(std::string_view bytes) : bytes_(bytes) {}

    bool begin() {
        constexpr std::uint32_t magic = 0x950412de;
        const auto first = word(0);
        swapped_ = first == std::byteswap(magic);
        return bytes_.size() >= 28 && (first == magic || swapped_);
    }
    [[nodiscard]] std::uint32_t number(std::size_t offset) const {
        const auto value = word(offset);
        return swapped_ ? std::byteswap(value) : value;
    }
    /// The text that an entry of a table (length, offset) names; empty where it lies outside of the file.
    [[nodiscard]] std::string_view text(std::size_t entry) const {
        const std::size_t length = number(entry);
        const std::size_t offset = number(entry + 4);
        return offset <= bytes_.size() && length <= bytes_.size() - offset ? bytes_.substr(offset, length)
                                                                           : std::string_view();
    }

private:
    [[nodiscard]] std::uint32_t word(std::size_t offset) const {
        std::uint32_t value = 0;
        if (offset + sizeof value <= bytes_.size()) {
            std::memcpy(&value, bytes_.data() + offset, sizeof value);
        }
        return value;
    }
    std::string_view bytes_;
    bool swapped_ = false;
};

}  // namespace

Result<Catalogue> Catalogue::parse(std::string_view bytes, const std::string& origin) {
    MoReader reader(bytes);
    if (!reader.begin()) {
        return fail("catalogue.damaged", "this is no compiled message catalogue", origin);
    }
    Catalogue catalogue;
    const std::size_t count = reader.number(8);
    const std::size_t originals = reader.number(12);
    const std::size_t translations = reader.number(16);
    if (count > bytes.size() / 16) {
        return fail("catalogue.damaged", "the message catalogue is cut short", origin);
    }
    for (std::size_t i = 0; i < count; ++i) {
        const auto original = reader.text(originals + i * 8);
        const auto translation = reader.text(translations + i * 8);
        if (!original.empty() && !translation.empty()) {
            catalogue.texts_.emplace(original, translation);
        }
    }
    return catalogue;
}

std::string_view Catalogue::find(std::string_view text) const {
    const auto found = texts_.find(text);
    return found != texts_.end() ? std::string_view(found->second) : text;
}

const std::vector<Language>& languages() {
    static const std::vector<Language> list{{"en", "English"}, {"zh_CN", "简体中文"}};
    return list;
}

Result<void> choose_language(const std::string& code, const std::filesystem::path& directory) {
    if (code == "en") {
        current() = Current{};
        return {};
    }
    const auto path = directory / code / "LC_MESSAGES" / "bedplate.mo";
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        return fail("file.not-found", "there are no texts in this language", path.string());
    }
    std::ostringstream bytes;
    bytes << in.rdbuf();
    BEDPLATE_ASSIGN(auto catalogue, Catalogue::parse(bytes.str(), path.string()));
    current() = {.code = code, .catalogue = std::move(catalogue)};
    return {};
}

const std::string& current_language() {
    return current().code;
}

std::string tr(std::string_view text) {
    return std::string(current().catalogue.find(text));
}

std::string fill(std::string text, const std::vector<std::string>& values) {
    std::size_t from = 0;
    for (const auto& value : values) {
        const auto at = text.find("{}", from);
        if (at == std::string::npos) {
            break;
        }
        text.replace(at, 2, value);
        from = at + value.size();
    }
    return text;
}

}  // namespace bedplate::tui
