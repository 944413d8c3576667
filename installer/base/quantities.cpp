// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/quantities.hpp"

#include <array>
#include <format>
#include <optional>
#include <ranges>
#include <span>

#include "base/text.hpp"

namespace bedplate {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t size;
};

constexpr std::array<Unit, 6> binary_units{{{"B", 1},
                                            {"KiB", 1ULL << 10U},
                                            {"MiB", 1ULL << 20U},
                                            {"GiB", 1ULL << 30U},
                                            {"TiB", 1ULL << 40U},
                                            {"PiB", 1ULL << 50U}}};
constexpr std::array<Unit, 6> decimal_units{{{"B", 1},
                                             {"KB", 1'000ULL},
                                             {"MB", 1'000'000ULL},
                                             {"GB", 1'000'000'000ULL},
                                             {"TB", 1'000'000'000'000ULL},
                                             {"PB", 1'000'000'000'000'000ULL}}};

/// A decimal number split at its end: "1.6TB" is 1, "6" and "TB".
struct Number {
    std::uint64_t whole = 0;
    std::string_view fraction;
    std::string_view unit;
};

enum class Flaw { syntax, range };

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::string_view take_digits(std::string_view& text) {
    std::size_t n = 0;
    while (n < text.size() && is_digit(text[n])) {
        ++n;
    }
    const auto digits = text.substr(0, n);
    text.remove_prefix(n);
    return digits;
}

std::expected<Number, Flaw> split_number(std::string_view text) {
    const auto digits = take_digits(text);
    if (digits.empty()) {
        return std::unexpected(Flaw::syntax);
    }
    Number number;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        number.fraction = take_digits(text);
        if (number.fraction.empty()) {
            return std::unexpected(Flaw::syntax);
        }
    }
    number.unit = text;
    const auto whole = parse_unsigned(digits);
    if (!whole) {
        return std::unexpected(Flaw::range);
    }
    number.whole = *whole;
    return number;
}

/// whole.fraction * unit, exactly. `unit` is at most 2^60, so that ten times it still fits.
std::expected<std::uint64_t, Flaw> scale(const Number& number, std::uint64_t unit) {
    // From the last digit to the first, what has been summed up so far is divided by ten each time. If the
    // result is a whole number, then each of these divisions leaves no remainder; so the first remainder is
    // the proof of a fraction.
    std::uint64_t part = 0;
    for (const char digit : std::views::reverse(number.fraction)) {
        part += static_cast<std::uint64_t>(digit - '0') * unit;
        if (part % 10 != 0) {
            return std::unexpected(Flaw::range);
        }
        part /= 10;
    }
    std::uint64_t total = 0;
    if (__builtin_mul_overflow(number.whole, unit, &total) || __builtin_add_overflow(total, part, &total)) {
        return std::unexpected(Flaw::range);
    }
    return total;
}

std::optional<std::uint64_t> size_of_unit(std::span<const Unit> units, std::string_view name) {
    for (const auto& unit : units) {
        if (unit.name == name) {
            return unit.size;
        }
    }
    return std::nullopt;
}

/// Three significant digits in the largest unit that is not larger than the value.
std::string rounded(std::uint64_t value, std::span<const Unit> units, std::uint64_t base) {
    std::size_t index = 0;
    while (index + 1 < units.size() && value >= units[index + 1].size) {
        ++index;
    }
    const std::uint64_t unit = units[index].size;
    std::uint64_t whole = value / unit;
    const std::uint64_t scale_of_rest = whole >= 100 ? 1 : whole >= 10 ? 10 : 100;
    std::uint64_t rest = (value % unit * scale_of_rest + unit / 2) / unit;
    if (rest == scale_of_rest) {
        rest = 0;
        ++whole;
        if (whole == base && index + 1 < units.size()) {
            whole = 1;
            ++index;
        }
    }
    std::string text = std::to_string(whole);
    if (rest > 0) {
        text += scale_of_rest == 100 ? std::format(".{:02}", rest) : std::format(".{}", rest);
        text.erase(text.find_last_not_of('0') + 1);
    }
    return std::format("{} {}", text, units[index].name);
}

}  // namespace

Result<Bytes> parse_bytes(std::string_view text) {
    const auto syntax = [&] {
        return fail("size.syntax", std::format("'{}' is not a size", elide(text, 40)), {},
                    "write a number and a unit: 512MiB, 60GiB (powers of 1024) or 1.6TB (powers of 1000)");
    };
    const auto range = [&] {
        return fail("size.range",
                    std::format("'{}' is not a whole number of bytes below 16 EiB", elide(text, 40)), {},
                    "use fewer decimals or a smaller unit");
    };
    if (text == "0") {
        return Bytes{0};
    }
    const auto number = split_number(text);
    if (!number) {
        return number.error() == Flaw::syntax ? syntax() : range();
    }
    auto unit = size_of_unit(binary_units, number->unit);
    if (!unit) {
        unit = size_of_unit(decimal_units, number->unit);
    }
    if (!unit) {
        return syntax();
    }
    const auto value = scale(*number, *unit);
    if (!value) {
        return range();
    }
    return Bytes{*value};
}

std::string to_exact_text(Bytes size) {
    const Unit* best = &binary_units.front();
    for (const auto& unit : binary_units) {
        if (size.value != 0 && size.value % unit.size == 0) {
            best = &unit;
        }
    }
    return std::format("{}{}", size.value / best->size, best->name);
}

std::string to_label_text(Bytes size) {
    return rounded(size.value, decimal_units, 1000);
}

std::string to_binary_text(Bytes size) {
    return rounded(size.value, binary_units, 1024);
}

Result<std::chrono::seconds> parse_duration(std::string_view text) {
    constexpr std::array<Unit, 4> units{{{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}}};
    // Ten thousand years: far beyond any use, and sums of a few stay far from overflow.
    constexpr std::uint64_t longest = 10'000ULL * 366 * 86400;
    const auto number = split_number(text);
    const auto unit = number ? size_of_unit(units, number->unit) : std::nullopt;
    if (unit && number->fraction.empty()) {
        const auto value = scale(*number, *unit);
        if (value && *value <= longest) {
            return std::chrono::seconds{static_cast<std::chrono::seconds::rep>(*value)};
        }
    }
    return fail("duration.syntax", std::format("'{}' is not a duration", elide(text, 40)), {},
                "write a whole number and a unit: 30s, 10min, 2h, 30d");
}

Result<std::uint64_t> parse_speed_mbps(std::string_view text) {
    constexpr std::array<Unit, 2> units{{{"M", 1}, {"G", 1000}}};
    const auto number = split_number(text);
    const auto unit = number ? size_of_unit(units, number->unit) : std::nullopt;
    if (unit) {
        const auto value = scale(*number, *unit);
        if (value && *value > 0) {
            return *value;
        }
    }
    return fail("speed.syntax", std::format("'{}' is not a network speed", elide(text, 40)), {},
                "write a number and a unit: 100M, 1G, 2.5G, 25G");
}

}  // namespace bedplate
