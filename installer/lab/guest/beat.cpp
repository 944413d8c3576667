// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/guest/beat.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace bedplate::pulse {

namespace {

constexpr std::string_view mark = "BPPULSE1";
constexpr std::size_t word = sizeof(std::uint64_t);
constexpr std::string_view hex_digits = "0123456789abcdef";

static_assert(std::endian::native == std::endian::little, "beats are written as this machine has them");

/// FNV-1a of 64 bits: against torn writes and strangers' datagrams, not against an enemy.
std::uint64_t checksum(std::span<const std::byte> data) {
    std::uint64_t sum = 0xcbf29ce484222325U;
    for (const auto byte : data) {
        sum = (sum ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3U;
    }
    return sum;
}

/// Calls `visit` with each part of a beat as bytes, in the order in which they are written.
template <typename Some, typename Visit>
void each_part(Some& beat, const Visit& visit) {
    const auto numbers = [&](auto&... values) {
        (visit(std::as_writable_bytes(std::span(&values, 1))), ...);
    };
    numbers(beat.sequence, beat.monotonic_ns, beat.wall_ns);
    visit(std::as_writable_bytes(std::span(beat.boot)));
    visit(std::as_writable_bytes(std::span(beat.machine)));
    numbers(beat.resumed, beat.buffered, beat.holes, beat.foreign, beat.write_us);
}

std::uint64_t word_at(std::span<const std::byte> data, std::size_t at) {
    std::uint64_t value = 0;
    std::memcpy(&value, data.data() + at, word);
    return value;
}

}  // namespace

std::optional<Id> parse_id(std::string_view text) {
    Id id{};
    std::size_t digits = 0;
    for (const char c : text) {
        if (c == '-') {
            continue;
        }
        const auto value = hex_digits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
        if (value == std::string_view::npos || digits == 2 * id.size()) {
            return std::nullopt;
        }
        auto& byte = id[digits++ / 2];
        byte = static_cast<std::uint8_t>((byte << 4U) | value);
    }
    return digits == 2 * id.size() ? std::optional(id) : std::nullopt;
}

std::string to_text(const Id& id) {
    std::string text;
    for (std::size_t i = 0; i < id.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text += '-';
        }
        text += hex_digits[id[i] >> 4U];
        text += hex_digits[id[i] & 0xfU];
    }
    return text;
}

Datagram to_datagram(const Beat& beat) {
    Datagram data{};
    std::memcpy(data.data(), mark.data(), mark.size());
    std::size_t at = mark.size();
    Beat copy = beat;
    each_part(copy, [&](std::span<std::byte> part) {
        std::ranges::copy(part, data.begin() + static_cast<std::ptrdiff_t>(at));
        at += part.size();
    });
    const auto sum = checksum(std::span(data).first(at));
    std::memcpy(data.data() + at, &sum, word);
    return data;
}

std::optional<Beat> from_datagram(std::span<const std::byte> data) {
    if (data.size() != beat_size || std::memcmp(data.data(), mark.data(), mark.size()) != 0 ||
        word_at(data, beat_size - word) != checksum(data.first(beat_size - word))) {
        return std::nullopt;
    }
    Beat beat;
    std::size_t at = mark.size();
    each_part(beat, [&](std::span<std::byte> part) {
        std::ranges::copy(data.subspan(at, part.size()), part.begin());
        at += part.size();
    });
    return beat;
}

Block to_block(const Beat& beat) {
    Block block{};
    const auto data = to_datagram(beat);
    std::ranges::copy(data, block.begin());
    for (std::size_t at = beat_size; at < block_size; at += word) {
        std::memcpy(block.data() + at, data.data() + beat_size - word, word);
    }
    return block;
}

std::optional<Beat> from_block(std::span<const std::byte> data) {
    if (data.size() != block_size) {
        return std::nullopt;
    }
    for (std::size_t at = beat_size; at < block_size; at += word) {
        if (word_at(data, at) != word_at(data, beat_size - word)) {
            return std::nullopt;
        }
    }
    return from_datagram(data.first(beat_size));
}

}  // namespace bedplate::pulse
