// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace bedplate {

/// A number of bytes. Never a sector count, never a double.
struct Bytes {
    std::uint64_t value = 0;

    constexpr auto operator<=>(const Bytes&) const = default;
    constexpr Bytes operator+(Bytes other) const { return {value + other.value}; }
    /// Requires *this >= other.
    constexpr Bytes operator-(Bytes other) const { return {value - other.value}; }
    constexpr Bytes operator*(std::uint64_t factor) const { return {value * factor}; }
    constexpr Bytes operator/(std::uint64_t divisor) const { return {value / divisor}; }
    constexpr Bytes& operator+=(Bytes other) {
        value += other.value;
        return *this;
    }
    /// Rounded down / up to a multiple of `unit` (> 0).
    [[nodiscard]] constexpr Bytes floor_to(Bytes unit) const { return {value / unit.value * unit.value}; }
    [[nodiscard]] constexpr Bytes ceil_to(Bytes unit) const {
        return {(value + unit.value - 1) / unit.value * unit.value};
    }
};

constexpr Bytes kib(std::uint64_t n) {
    return {n << 10U};
}
constexpr Bytes mib(std::uint64_t n) {
    return {n << 20U};
}
constexpr Bytes gib(std::uint64_t n) {
    return {n << 30U};
}

/// A logical block address: a count of *logical* blocks of one disk from its start.
struct Lba {
    std::uint64_t value = 0;
    constexpr auto operator<=>(const Lba&) const = default;
};

/// "512MiB", "1.6TB", "4096B", "0": a decimal number and one of B, KiB..PiB (powers of 1024), KB..PB (powers
/// of 1000). Errors: size.syntax, size.range (does not fit 64 bits, or a fraction of a byte).
[[nodiscard]] Result<Bytes> parse_bytes(std::string_view text);

/// The exact size in the largest binary unit that divides it ("1GiB", "1536MiB"); parse_bytes gives it back.
[[nodiscard]] std::string to_exact_text(Bytes size);

/// For people: three significant digits, decimal units as on the disk's label ("1.92 TB", "240 GB", "512 B").
[[nodiscard]] std::string to_label_text(Bytes size);

/// For people: binary units ("60 GiB", "1.5 GiB").
[[nodiscard]] std::string to_binary_text(Bytes size);

/// "30s", "10min", "2h", "30d". Errors: duration.syntax.
[[nodiscard]] Result<std::chrono::seconds> parse_duration(std::string_view text);

/// A network speed: "1G", "25G", "100M" as megabits per second. Errors: speed.syntax.
[[nodiscard]] Result<std::uint64_t> parse_speed_mbps(std::string_view text);

}  // namespace bedplate
