// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/identifiers.hpp"

#include <algorithm>
#include <format>
#include <optional>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace bedplate {

namespace {

std::optional<std::uint8_t> hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return static_cast<std::uint8_t>(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return static_cast<std::uint8_t>(c - 'a' + 10);
    }
    if (c >= 'A' && c <= 'F') {
        return static_cast<std::uint8_t>(c - 'A' + 10);
    }
    return std::nullopt;
}

/// The byte of two hex digits at `at`, which must lie inside the text.
std::optional<std::uint8_t> hex_byte(std::string_view text, std::size_t at) {
    const auto high = hex_digit(text[at]);
    const auto low = hex_digit(text[at + 1]);
    if (!high || !low) {
        return std::nullopt;
    }
    return static_cast<std::uint8_t>(*high << 4U | *low);
}

std::string shown(std::string_view text) {
    return elide(text, 60);
}

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// The bits of an IPv4 address that a prefix leaves to the hosts.
std::uint32_t host_mask(std::uint8_t prefix) {
    return prefix >= 32 ? 0 : 0xFFFF'FFFFU >> prefix;
}

}  // namespace

Result<Guid> Guid::parse(std::string_view text) {
    const auto bad = [&] {
        return fail("guid.syntax", std::format("'{}' is not a GUID", shown(text)), {},
                    "a GUID is 32 hex digits with dashes: c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
    };
    constexpr std::size_t length = 36;
    if (text.size() != length) {
        return bad();
    }
    std::array<std::uint8_t, 16> bytes{};
    std::size_t at = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            if (text[at++] != '-') {
                return bad();
            }
        }
        const auto byte = hex_byte(text, at);
        if (!byte) {
            return bad();
        }
        bytes[i] = *byte;
        at += 2;
    }
    return Guid(bytes);
}

Guid Guid::derive(std::string_view seed, std::string_view name) {
    Sha256 sha;
    sha.update(seed);
    // The zero byte keeps ("ab", "c") and ("a", "bc") apart.
    sha.update(std::string_view("\0", 1));
    sha.update(name);
    const std::string hex = sha.finish();
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = hex_byte(hex, 2 * i).value_or(0);
    }
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0FU) | 0x80U);  // version 8 (RFC 9562 5.8)
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3FU) | 0x80U);  // variant 10 (RFC 9562 4.1)
    return Guid(bytes);
}

std::string Guid::to_text() const {
    std::string text;
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text += '-';
        }
        text += std::format("{:02x}", bytes_[i]);
    }
    return text;
}

Result<MacAddress> MacAddress::parse(std::string_view text) {
    const auto bad = [&] {
        return fail("mac.syntax", std::format("'{}' is not a MAC address", shown(text)), {},
                    "a MAC address is six hex pairs: 52:54:00:12:34:56");
    };
    constexpr std::size_t length = 17;
    if (text.size() != length) {
        return bad();
    }
    const char separator = text[2];
    if (separator != ':' && separator != '-') {
        return bad();
    }
    MacAddress mac;
    for (std::size_t i = 0; i < mac.bytes_.size(); ++i) {
        const auto byte = hex_byte(text, 3 * i);
        if (!byte || (i > 0 && text[3 * i - 1] != separator)) {
            return bad();
        }
        mac.bytes_[i] = *byte;
    }
    return mac;
}

std::string MacAddress::to_text() const {
    return std::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bytes_[0], bytes_[1], bytes_[2],
                       bytes_[3], bytes_[4], bytes_[5]);
}

Result<VlanId> VlanId::from(std::uint64_t value) {
    if (value < 1 || value > 4094) {
        return fail("vlan.range", std::format("{} is not a VLAN id", value), {},
                    "VLAN ids are 1 to 4094 (IEEE 802.1Q; 0 and 4095 are reserved)");
    }
    return VlanId(static_cast<std::uint16_t>(value));
}

Result<Ipv4> Ipv4::parse(std::string_view text) {
    const auto bad = [&] {
        return fail("ip.syntax", std::format("'{}' is not an IPv4 address", shown(text)), {},
                    "an IPv4 address is four numbers of 0 to 255 without leading zeros: 10.0.100.1");
    };
    const auto parts = split(text, '.');
    if (parts.size() != 4) {
        return bad();
    }
    std::uint32_t value = 0;
    for (const auto& part : parts) {
        const auto octet = parse_unsigned(part);
        // Some programs read a leading zero as octal, so such an address has two meanings.
        if (!octet || *octet > 255 || (part.size() > 1 && part[0] == '0')) {
            return bad();
        }
        value = value << 8U | static_cast<std::uint32_t>(*octet);
    }
    return Ipv4(value);
}

std::string Ipv4::to_text() const {
    return std::format("{}.{}.{}.{}", value_ >> 24U, value_ >> 16U & 0xFFU, value_ >> 8U & 0xFFU,
                       value_ & 0xFFU);
}

Result<Cidr> Cidr::parse(std::string_view text) {
    const auto bad = [&] {
        return fail("cidr.syntax", std::format("'{}' is not an IPv4 subnet", shown(text)), {},
                    "a subnet is an address and a prefix length: 10.0.100.0/24");
    };
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) {
        return bad();
    }
    const auto address = Ipv4::parse(text.substr(0, slash));
    const auto digits = text.substr(slash + 1);
    const auto prefix = parse_unsigned(digits);
    if (!address || !prefix || *prefix > 32 || (digits.size() > 1 && digits[0] == '0')) {
        return bad();
    }
    Cidr cidr{.network = *address, .prefix = static_cast<std::uint8_t>(*prefix)};
    const std::uint32_t hosts = host_mask(cidr.prefix);
    if ((address->value() & hosts) != 0) {
        cidr.network = Ipv4(address->value() & ~hosts);
        return fail("cidr.host-bits", std::format("'{}' is an address inside a subnet", shown(text)), {},
                    std::format("the subnet is {}", cidr.to_text()));
    }
    return cidr;
}

std::string Cidr::to_text() const {
    return std::format("{}/{}", network.to_text(), prefix);
}

bool Cidr::contains(Ipv4 address) const {
    return (address.value() & ~host_mask(prefix)) == network.value();
}

Result<Ipv4> Cidr::host(std::uint64_t n) const {
    const std::uint64_t last = host_mask(prefix);
    // The first address names the network and the last is broadcast, except where there are only one or two
    // addresses (RFC 3021).
    const bool usable = prefix >= 31 ? n <= last : n >= 1 && n < last;
    if (!usable) {
        const std::uint64_t first_host = prefix >= 31 ? 0 : 1;
        const std::uint64_t last_host = prefix >= 31 ? last : last - 1;
        return fail("cidr.host-range", std::format("{} has no host {}", to_text(), n), {},
                    std::format("host parts of {} are {} to {}", to_text(), first_host, last_host));
    }
    return Ipv4(network.value() + static_cast<std::uint32_t>(n));
}

Result<std::string> parse_hostname(std::string_view text) {
    const auto bad = [&](std::string_view why) {
        return fail(
            "hostname.syntax", std::format("'{}' is not a host name: {}", shown(text), why), {},
            "use 1 to 63 letters, digits and dashes, not at the ends a dash, and at least one letter");
    };
    if (text.empty() || text.size() > 63) {
        return bad(std::format("it has {} characters", text.size()));
    }
    if (!std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-'; })) {
        return bad("only letters, digits and dashes may stand in it");
    }
    if (text.front() == '-' || text.back() == '-') {
        return bad("a dash stands at an end");
    }
    // inet_aton() and with it many tools take a name of digits only for an address.
    if (std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
        return bad("a name of digits only can be taken for an address");
    }
    std::string name(text);
    // Names are compared without case in DNS, but with case by Ceph and Pacemaker.
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return name;
}

}  // namespace bedplate
