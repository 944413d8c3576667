// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/masking.hpp"

#include <algorithm>
#include <regex>

#include "base/manifest.hpp"
#include "base/site_area_secrets.hpp"
#include "base/text.hpp"

namespace bedplate::image {

namespace {

constexpr std::string_view mask = "********";

/// The keys stay, everything else does not: a line without a key may go on with a value of several lines.
std::string masked_secrets(std::string_view text) {
    static const std::regex key(R"(^(\s*(?:- )?[a-z][a-z0-9_]*:)(\s.*)?$)");
    std::string shown;
    for (const auto& line : split(text, '\n')) {
        std::smatch found;
        if (trim(line).empty() || trim(line).starts_with('#')) {
            continue;
        }
        if (line.starts_with("schema:")) {
            shown += line + "\n";
        } else if (std::regex_match(line, found, key)) {
            const bool has_value = !trim(found[2].str()).empty();
            shown += found[1].str() + (has_value ? " " + std::string(mask) : std::string()) + "\n";
        } else {
            shown += std::string(mask) + "\n";
        }
    }
    return shown;
}

/// Flow and block style, quoted or not.
std::string masked_document(std::string_view text) {
    static const std::regex secret(
        R"(([A-Za-z_]*(?:password|secret|token|passphrase|private)[A-Za-z_]*\s*:\s*)("[^"]*"|'[^']*'|[^\s,}#]+))",
        std::regex::icase);
    const std::string source(text);
    std::string shown;
    auto from = source.cbegin();
    for (std::sregex_iterator it(source.begin(), source.end(), secret), end; it != end; ++it) {
        const std::string value = (*it)[2];
        shown.append(from, (*it)[0].first);
        shown += (*it)[1].str() + (value == "null" || value == "~" ? value : std::string(mask));
        from = (*it)[0].second;
    }
    return shown.append(from, source.cend());
}

}  // namespace

bool is_secret_file(std::string_view path) {
    return path == site_area::secrets || path == site_area::token || path == site_area::ticket;
}

std::string masked(std::string_view path, std::string_view text) {
    if (path == site_area::secrets) {
        return masked_secrets(text);
    }
    return is_secret_file(path) ? std::string(mask) : masked_document(text);
}

std::string masked_arguments(std::string_view arguments) {
    constexpr std::string_view token = "bedplate.token=";
    std::string shown;
    for (const auto& word : split(arguments, ' ')) {
        shown += (shown.empty() ? "" : " ") +
                 (word.starts_with(token) ? std::string(token) + std::string(mask) : word);
    }
    return shown;
}

}  // namespace bedplate::image
