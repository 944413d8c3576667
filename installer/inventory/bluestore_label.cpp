// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/bluestore_label.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace bedplate {
namespace {

constexpr std::string_view magic = "bluestore block device\n";
constexpr std::size_t uuid_length = 36;

/// Reads Ceph's encoding: little-endian numbers, texts behind a 32-bit length. After the first thing that
/// does not fit everything reads as empty.
class Decoder {
public:
    explicit Decoder(std::string_view data) : data_(data) {}

    std::uint64_t number(std::size_t size) {
        if (size > data_.size()) {
            data_ = {};
            return 0;
        }
        std::uint64_t value = 0;
        for (std::size_t i = size; i-- > 0;) {
            value = value << 8U | static_cast<unsigned char>(data_[i]);
        }
        data_.remove_prefix(size);
        return value;
    }

    std::string text() {
        const auto size = static_cast<std::size_t>(number(4));
        if (size > data_.size()) {
            data_ = {};
            return {};
        }
        std::string value(data_.substr(0, size));
        data_.remove_prefix(size);
        return value;
    }

    void skip(std::size_t size) { data_.remove_prefix(std::min(size, data_.size())); }
    [[nodiscard]] bool empty() const { return data_.empty(); }

private:
    std::string_view data_;
};

}  // namespace

std::optional<BluestoreLabel> bluestore_label_in(std::string_view block, Bytes offset) {
    if (!block.starts_with(magic)) {
        return std::nullopt;
    }
    BluestoreLabel label{.offset = offset,
                         .osd_uuid = std::string(block.substr(magic.size(), uuid_length)),
                         .description = {},
                         .meta = {}};
    Decoder decoder(block.substr(magic.size() + uuid_length + 1));
    constexpr std::size_t version_and_length = 2 + 4, uuid = 16, size = 8, time = 8;
    decoder.skip(version_and_length + uuid + size + time);
    label.description = decoder.text();
    const std::uint64_t count = decoder.number(4);
    for (std::uint64_t i = 0; i < count && !decoder.empty(); ++i) {
        std::string name = decoder.text();
        label.meta[std::move(name)] = decoder.text();
    }
    return label;
}

std::string BluestoreLabel::meta_value(const std::string& name) const {
    const auto found = meta.find(name);
    return found == meta.end() ? std::string() : std::string(trim(found->second));
}

}  // namespace bedplate
