// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/bluestore.hpp"

#include <span>

namespace bedplate {

Result<std::vector<BluestoreLabel>> read_bluestore_labels(BlockDevice& device, Bytes start, Bytes size) {
    std::vector<BluestoreLabel> labels;
    for (const Bytes offset : bluestore_label_offsets) {
        if (offset + bluestore_label_size > size || start + offset + bluestore_label_size > device.size()) {
            break;
        }
        std::string block(bluestore_label_size.value, '\0');
        BEDPLATE_TRY(device.read(start + offset, std::as_writable_bytes(std::span(block))));
        if (auto label = bluestore_label_in(block, offset)) {
            labels.push_back(std::move(*label));
        }
    }
    return labels;
}

Result<std::vector<BluestoreLabel>> read_bluestore_labels(BlockDevice& device) {
    return read_bluestore_labels(device, Bytes{0}, device.size());
}

}  // namespace bedplate
