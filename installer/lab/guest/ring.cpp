// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/guest/ring.hpp"

#include <algorithm>
#include <charconv>
#include <format>
#include <vector>

namespace bedplate::pulse {

namespace {

/// A decimal number in a range, nothing else in the text.
std::optional<unsigned> number(std::string_view text, unsigned least, unsigned most) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    return whole && value >= least && value <= most ? std::optional(value) : std::nullopt;
}

/// "a/b" at its last separator.
std::optional<std::pair<std::string, std::string_view>> halves(std::string_view text, char separator) {
    const auto at = text.rfind(separator);
    if (at == std::string_view::npos || at == 0) {
        return std::nullopt;
    }
    return std::pair(std::string(text.substr(0, at)), text.substr(at + 1));
}

bool take(Settings& settings, std::string_view key, std::string_view value) {
    if (key == "pulse.period_ms") {
        const auto period = number(value, 10, 10000);
        settings.period_ms = period.value_or(0);
        return period.has_value();
    }
    const bool is_address = key == "pulse.address";
    if (!is_address && key != "pulse.collector") {
        return false;
    }
    const auto parts = halves(value, is_address ? '/' : ':');
    const auto rest = parts ? number(parts->second, 1, is_address ? 32 : 65535) : std::nullopt;
    if (!rest) {
        return false;
    }
    if (is_address) {
        settings.address = parts->first;
        settings.prefix = *rest;
    } else {
        settings.collector = parts->first;
        settings.port = static_cast<std::uint16_t>(*rest);
    }
    return true;
}

}  // namespace

Found examine(std::span<const std::byte> region) {
    std::vector<std::uint64_t> sequences;
    Found found;
    for (std::uint64_t slot = 0; slot < RingLayout::blocks; ++slot) {
        const auto beat = from_block(region.subspan(slot * block_size, block_size));
        // A block in a place that is not its own says nothing.
        const bool placed = beat && RingLayout::place(beat->sequence) == slot * block_size;
        sequences.push_back(placed ? beat->sequence : 0);
        found.last = std::max(found.last, sequences.back());
    }
    const auto kept = RingLayout::blocks - 1;
    for (auto sequence = found.last > kept ? found.last - kept + 1 : 1; sequence <= found.last; ++sequence) {
        found.holes += sequences[sequence % RingLayout::blocks] == sequence ? 0 : 1;
    }
    return found;
}

bool is_foreign(std::span<const std::byte> block, const Beat& own) {
    const auto there = from_block(block);
    return there && there->boot != own.boot && there->sequence > own.resumed;
}

std::optional<Settings> parse_settings(std::string_view command_line) {
    Settings settings;
    while (!command_line.empty()) {
        const auto end = std::min(command_line.find_first_of(" \n"), command_line.size());
        const auto word = command_line.substr(0, end);
        command_line.remove_prefix(std::min(end + 1, command_line.size()));
        const auto equals = word.find('=');
        if (word.starts_with("pulse.") && equals != std::string_view::npos &&
            !take(settings, word.substr(0, equals), word.substr(equals + 1))) {
            return std::nullopt;
        }
    }
    return settings.prefix != 0 && settings.port != 0 ? std::optional(settings) : std::nullopt;
}

std::string to_command_line(const Settings& settings) {
    return std::format("pulse.address={}/{} pulse.collector={}:{} pulse.period_ms={}", settings.address,
                       settings.prefix, settings.collector, settings.port, settings.period_ms);
}

}  // namespace bedplate::pulse
