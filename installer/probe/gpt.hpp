// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/identifiers.hpp"
#include "platform/block_devices.hpp"

namespace bedplate {

struct GptEntry {
    std::uint32_t number = 0;  ///< from 1
    std::string name;          ///< characters beyond ASCII are '?'
    Guid type, guid;
    Bytes start, size;
};

/// A GUID partition table (UEFI specification 2.11, section 5.3).
struct Gpt {
    Guid disk_guid;
    std::vector<GptEntry> entries;  ///< used ones only, by number

    [[nodiscard]] const GptEntry* find(std::string_view name) const;
};

/// The table at the start of the disk, or the copy at its end where the first is damaged; nullopt where
/// neither has correct check sums. Works in the device's own logical blocks. Errors: those of reading.
[[nodiscard]] Result<std::optional<Gpt>> read_gpt(BlockDevice& device);

}  // namespace bedplate
