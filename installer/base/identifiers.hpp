// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace bedplate {

/// A GUID/UUID in RFC 9562 byte order.
class Guid {
public:
    constexpr Guid() = default;
    explicit constexpr Guid(std::array<std::uint8_t, 16> bytes) : bytes_(bytes) {}

    /// "c12a7328-f81f-11d2-ba4b-00a0c93ec93b", either case. Errors: guid.syntax.
    [[nodiscard]] static Result<Guid> parse(std::string_view text);

    /// The same (seed, name) always gives the same GUID: the first 128 bits of SHA-256 over both, version 8
    /// (RFC 9562 5.8).
    [[nodiscard]] static Guid derive(std::string_view seed, std::string_view name);

    /// Lower case with dashes, as blkid and sgdisk print it.
    [[nodiscard]] std::string to_text() const;
    [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
    constexpr auto operator<=>(const Guid&) const = default;

private:
    std::array<std::uint8_t, 16> bytes_{};
};

/// Partition type GUIDs (UEFI specification 5.3.3, Discoverable Partitions Specification).
namespace partition_type {
inline constexpr std::string_view bios_boot = "21686148-6449-6e6f-744e-656564454649";
inline constexpr std::string_view esp = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
inline constexpr std::string_view linux_data = "0fc63daf-8483-4772-8e79-3d69d8477de4";
inline constexpr std::string_view linux_boot = "bc13c2ff-59e6-4262-a352-b275fd6f7172";
inline constexpr std::string_view lvm = "e6d6d379-f507-44c2-a23c-238f2a3df928";
}  // namespace partition_type

/// A 48-bit MAC address.
class MacAddress {
public:
    constexpr MacAddress() = default;
    /// Six hex pairs with ':' or '-', either case. Errors: mac.syntax.
    [[nodiscard]] static Result<MacAddress> parse(std::string_view text);
    /// Lower case with colons.
    [[nodiscard]] std::string to_text() const;
    constexpr auto operator<=>(const MacAddress&) const = default;

private:
    std::array<std::uint8_t, 6> bytes_{};
};

/// An IEEE 802.1Q VLAN id, 1..4094.
class VlanId {
public:
    /// Errors: vlan.range.
    [[nodiscard]] static Result<VlanId> from(std::uint64_t value);
    [[nodiscard]] std::uint16_t value() const { return value_; }
    auto operator<=>(const VlanId&) const = default;

private:
    explicit VlanId(std::uint16_t value) : value_(value) {}
    std::uint16_t value_ = 1;
};

/// An IPv4 address.
class Ipv4 {
public:
    constexpr Ipv4() = default;
    explicit constexpr Ipv4(std::uint32_t host_order) : value_(host_order) {}
    /// Dotted quad, no leading zeros. Errors: ip.syntax.
    [[nodiscard]] static Result<Ipv4> parse(std::string_view text);
    [[nodiscard]] std::string to_text() const;
    [[nodiscard]] std::uint32_t value() const { return value_; }
    auto operator<=>(const Ipv4&) const = default;

private:
    std::uint32_t value_ = 0;
};

/// An IPv4 subnet; the address has no host bits.
struct Cidr {
    Ipv4 network;
    std::uint8_t prefix = 0;  ///< 0..32

    /// "10.0.100.0/24". Errors: cidr.syntax, cidr.host-bits (the hint names the network that was meant).
    [[nodiscard]] static Result<Cidr> parse(std::string_view text);
    [[nodiscard]] std::string to_text() const;
    [[nodiscard]] bool contains(Ipv4 address) const;
    /// The n-th address of the subnet (0 = the network itself). Errors: cidr.host-range: n is not a usable
    /// host part.
    [[nodiscard]] Result<Ipv4> host(std::uint64_t n) const;
    auto operator<=>(const Cidr&) const = default;
};

/// RFC 1123 host name label, 1..63 characters. Errors: hostname.syntax.
[[nodiscard]] Result<std::string> parse_hostname(std::string_view text);

}  // namespace bedplate
