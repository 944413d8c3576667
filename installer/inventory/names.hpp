// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "inventory/inventory.hpp"

namespace bedplate {

/// One table per enumeration: the spelling in files, used for writing and for reading.
template <typename Enum, std::size_t Size>
using NameTable = std::array<std::pair<Enum, std::string_view>, Size>;

inline constexpr NameTable<Transport, 7> transport_names{{
    {Transport::nvme, "nvme"},
    {Transport::sas, "sas"},
    {Transport::sata, "sata"},
    {Transport::usb, "usb"},
    {Transport::virtio, "virtio"},
    {Transport::raid, "raid"},
    {Transport::unknown, "unknown"},
}};

inline constexpr NameTable<FirmwareMode, 2> firmware_mode_names{{
    {FirmwareMode::uefi, "uefi"},
    {FirmwareMode::bios, "bios"},
}};

inline constexpr NameTable<Holder::Kind, 9> holder_kind_names{{
    {Holder::Kind::lvm, "lvm"},
    {Holder::Kind::md, "md"},
    {Holder::Kind::crypt, "crypt"},
    {Holder::Kind::mpath, "mpath"},
    {Holder::Kind::ceph_osd, "ceph-osd"},
    {Holder::Kind::raid, "raid"},
    {Holder::Kind::bcache, "bcache"},
    {Holder::Kind::zfs, "zfs"},
    {Holder::Kind::vmfs, "vmfs"},
}};

inline constexpr NameTable<InstallationMark::State, 2> installation_state_names{{
    {InstallationMark::State::incomplete, "incomplete"},
    {InstallationMark::State::finished, "finished"},
}};

/// The spelling of `value`; empty for a value outside the enumeration.
template <typename Enum, std::size_t Size>
[[nodiscard]] constexpr std::string_view name_of(const NameTable<Enum, Size>& table, Enum value) {
    for (const auto& [candidate, name] : table) {
        if (candidate == value) {
            return name;
        }
    }
    return {};
}

/// The value spelled `name`, if there is one.
template <typename Enum, std::size_t Size>
[[nodiscard]] constexpr std::optional<Enum> value_of(const NameTable<Enum, Size>& table,
                                                     std::string_view name) {
    for (const auto& [value, candidate] : table) {
        if (candidate == name) {
            return value;
        }
    }
    return std::nullopt;
}

}  // namespace bedplate
