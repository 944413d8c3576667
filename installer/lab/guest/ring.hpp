// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lab/guest/beat.hpp"

namespace bedplate::pulse {

/// Where the pulse's disk image has what. The loader, the kernel and its initramfs lie before it.
struct RingLayout {
    static constexpr std::uint64_t image_size = std::uint64_t{64} << 20U;
    static constexpr std::uint64_t mark_offset = (std::uint64_t{48} << 20U) - block_size;
    static constexpr std::uint64_t ring_offset = std::uint64_t{48} << 20U;
    static constexpr std::uint64_t buffered_offset = std::uint64_t{56} << 20U;
    /// Of either ring: at ten beats a second it has come round within a minute.
    static constexpr std::uint64_t blocks = 512;
    /// Stands at `mark_offset`: a disk without it is not written to.
    static constexpr std::string_view mark = "bedplate pulse disk v1\n";

    /// Where in a ring the block of a sequence has its place, in bytes.
    [[nodiscard]] static constexpr std::uint64_t place(std::uint64_t sequence) {
        return sequence % blocks * block_size;
    }
};

/// What a ring holds when a machine starts.
struct Found {
    std::uint64_t last = 0;   ///< the highest sequence; 0: the ring is new
    std::uint64_t holes = 0;  ///< of those before it that had to be there, how many are not
};

/// `region` is a whole ring. The oldest block is allowed to be torn: its place is the next one's.
[[nodiscard]] Found examine(std::span<const std::byte> region);

/// Whether a block that is about to be overwritten in its turn was put there by somebody else while the boot
/// `own.boot` ran: the machine is active twice.
[[nodiscard]] bool is_foreign(std::span<const std::byte> block, const Beat& own);

/// What the kernel's command line tells the pulse.
struct Settings {
    std::string address;       ///< "10.77.0.200"
    unsigned prefix = 0;       ///< 1..32
    std::string collector;     ///< an address in the same subnet
    std::uint16_t port = 0;    ///< UDP
    unsigned period_ms = 100;  ///< 10..10000
};

/// "pulse.address=10.77.0.200/24 pulse.collector=10.77.0.1:9700", among other words, and pulse.period_ms=
/// where it is not 100. Nullopt where one is missing or makes no sense.
[[nodiscard]] std::optional<Settings> parse_settings(std::string_view command_line);
[[nodiscard]] std::string to_command_line(const Settings& settings);

}  // namespace bedplate::pulse
