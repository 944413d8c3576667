// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace bedplate::tui {

/// The texts of one language: a compiled gettext catalogue (.mo). Read here and not by libc, which translates
/// only for locales that are installed: the installer environment has none but C.UTF-8.
class Catalogue {
public:
    Catalogue() = default;
    /// `bytes` of a .mo file (GNU gettext manual, "The Format of GNU MO Files"). Errors: catalogue.damaged.
    [[nodiscard]] static Result<Catalogue> parse(std::string_view bytes, const std::string& origin);

    /// The translation, or `text` itself.
    [[nodiscard]] std::string_view find(std::string_view text) const;
    [[nodiscard]] std::size_t size() const { return texts_.size(); }

private:
    std::map<std::string, std::string, std::less<>> texts_;
};

struct Language {
    std::string code;  ///< "zh_CN"
    std::string name;  ///< as its speakers write it
};

/// English first.
[[nodiscard]] const std::vector<Language>& languages();

/// From now on tr() speaks this language; English needs no file. Errors: file.*, catalogue.damaged; the
/// language stays what it was.
[[nodiscard]] Result<void> choose_language(const std::string& code, const std::filesystem::path& directory);
[[nodiscard]] const std::string& current_language();

/// The text in the language of the person at the screen.
[[nodiscard]] std::string tr(std::string_view text);

/// `text` with each "{}" replaced by the next value. Never fails: a translation may have one too many.
[[nodiscard]] std::string fill(std::string text, const std::vector<std::string>& values);

}  // namespace bedplate::tui
