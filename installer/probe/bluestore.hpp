// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "base/result.hpp"
#include "inventory/bluestore_label.hpp"
#include "platform/block_devices.hpp"

namespace bedplate {

/// The labels in a part of the device, in order; their offsets count from `start`. Errors: those of reading.
[[nodiscard]] Result<std::vector<BluestoreLabel>> read_bluestore_labels(BlockDevice& device, Bytes start,
                                                                        Bytes size);
/// The labels on the whole device.
[[nodiscard]] Result<std::vector<BluestoreLabel>> read_bluestore_labels(BlockDevice& device);

}  // namespace bedplate
