// SPDX-License-Identifier: GPL-3.0-or-later
// What the pulse writes to its disk and says on the network. Shared by the guest, which is linked by itself
// and knows nothing of the other modules, and by the drills that listen to it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bedplate::pulse {

using Id = std::array<std::uint8_t, 16>;

/// "e3b0c442-98fc-1c14-9afb-f4c8996fb924", as Linux prints it, or nullopt.
[[nodiscard]] std::optional<Id> parse_id(std::string_view text);
[[nodiscard]] std::string to_text(const Id& id);

/// One write that has reached the disk.
struct Beat {
    std::uint64_t sequence = 0;      ///< from 1, without a gap over all boots of the machine
    std::uint64_t monotonic_ns = 0;  ///< since this boot
    std::uint64_t wall_ns = 0;       ///< since 1970
    Id boot{};                   ///< of the kernel that runs: one for each start, the same after a migration
    Id machine{};                ///< of the machine, whichever host it runs on (SMBIOS)
    std::uint64_t resumed = 0;   ///< the highest sequence that was on the disk when this boot began
    std::uint64_t buffered = 0;  ///< the same in the region that is written through the page cache
    std::uint64_t holes = 0;     ///< sequences up to `resumed` that had to be on the disk and were not
    std::uint64_t foreign = 0;   ///< blocks of another boot that appeared while this one ran
    std::uint64_t write_us = 0;  ///< how long the write before this one took
    bool operator==(const Beat&) const = default;
};

inline constexpr std::size_t beat_size = 112;  ///< bytes of a beat in a datagram
inline constexpr std::size_t block_size = 4096;
using Datagram = std::array<std::byte, beat_size>;
using Block = std::array<std::byte, block_size>;

/// Little-endian, with a mark in front and a checksum at the end.
[[nodiscard]] Datagram to_datagram(const Beat& beat);
/// Nullopt where it is not a beat, whole and unchanged.
[[nodiscard]] std::optional<Beat> from_datagram(std::span<const std::byte> data);

/// The beat, and its checksum over and over up to the end: a block that was written in part is none.
[[nodiscard]] Block to_block(const Beat& beat);
[[nodiscard]] std::optional<Beat> from_block(std::span<const std::byte> data);

}  // namespace bedplate::pulse
