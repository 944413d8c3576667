// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/bar.hpp"

#include <algorithm>
#include <format>

namespace bedplate {
namespace {

/// Nothing smaller than this, unless the cells would not fit: names of three letters stay readable.
constexpr std::size_t comfortable_cell = 4;

std::string cell_text(const Segment& segment, std::size_t width) {
    std::string text = segment.label;
    if (!segment.content.empty() && text.size() + 1 + segment.content.size() <= width) {
        text += " " + segment.content;
    }
    std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
    text.resize(width, ' ');
    return text;
}

/// Every segment gets the smallest width; what is left is shared out by size, the rest of the division to the
/// largest.
std::vector<std::size_t> cell_widths(const std::vector<Segment>& segments, std::size_t room) {
    const std::size_t smallest = std::clamp<std::size_t>(room / segments.size(), 1, comfortable_cell);
    const std::size_t shared = room - smallest * segments.size();
    std::uint64_t total_mib = 0;
    for (const Segment& segment : segments) {
        total_mib += segment.size.value >> 20U;
    }
    std::vector<std::size_t> widths;
    std::size_t used = 0;
    for (const Segment& segment : segments) {
        const std::uint64_t part = total_mib == 0 ? 0 : (segment.size.value >> 20U) * shared / total_mib;
        widths.push_back(smallest + static_cast<std::size_t>(part));
        used += widths.back();
    }
    const auto largest = std::ranges::max_element(widths);
    *largest += room - used;
    return widths;
}

}  // namespace

std::string bar(const std::vector<Segment>& segments, std::size_t width) {
    std::vector<Segment> shown = segments;
    const std::size_t most = (width - 1) / 2;
    if (shown.size() > most) {
        shown.resize(most);
        shown.back().label = "+";
        shown.back().content.clear();
    }
    if (shown.empty()) {
        shown.push_back({.label = "no medium", .start = {}, .size = mib(1), .content = ""});
    }
    // Brackets and separators take one character more than there are cells.
    const std::vector<std::size_t> widths = cell_widths(shown, width - shown.size() - 1);
    std::string text = "[";
    for (std::size_t i = 0; i < shown.size(); ++i) {
        text += (i == 0 ? "" : "|") + cell_text(shown[i], widths[i]);
    }
    return text + "]";
}

}  // namespace bedplate
