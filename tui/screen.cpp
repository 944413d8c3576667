// SPDX-License-Identifier: GPL-3.0-or-later
#include "tui/screen.hpp"

#include <algorithm>
#include <array>
#include <format>

#include "tui/language.hpp"
#include "tui/utf8.hpp"

namespace bedplate::tui {

namespace {

constexpr std::array<std::string_view, step_count> step_names{"welcome", "profile", "disks",    "network",
                                                              "node",    "review",  "progress", "result"};

}  // namespace

std::string_view to_string(Step step) {
    return step_names.at(static_cast<std::size_t>(step));
}

std::optional<Step> parse_step(std::string_view name) {
    const auto* const found = std::ranges::find(step_names, name);
    return found == step_names.end() ? std::nullopt
                                     : std::optional(static_cast<Step>(found - step_names.begin()));
}

void Screen::on_reply(const Json&, const Json& reply) {
    if (reply.contains("error")) {
        say(error_from_json(reply.at("error")).message, true);
    }
}

int draw_error(Canvas& canvas, int x, int y, int columns, int bottom, const Error& error) {
    bool cut_off = false;
    const auto block = [&](std::string_view mark, const std::string& text, Style style) {
        bool first = true;
        for (const auto& line : wrap(text, columns - 8)) {
            if (y >= bottom) {
                cut_off = true;
                return;
            }
            if (first) {
                canvas.put(x, y, mark, style);
            }
            canvas.put(x + 8, y++, line, first ? style : Style::normal, columns - 8);
            first = false;
        }
    };
    block("!", error.message, Style::danger);
    if (!error.where.empty()) {
        block(tr("where"), error.where, Style::normal);
    }
    for (const auto& line : error.context) {
        block("", line, Style::normal);
    }
    if (!error.hint.empty()) {
        block(tr("do"), error.hint, Style::strong);
    }
    block(tr("code"), error.code, Style::faint);
    if (cut_off) {
        canvas.put(x, bottom - 1, "...", Style::strong);
    }
    return y;
}

}  // namespace bedplate::tui
