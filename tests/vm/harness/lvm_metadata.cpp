// SPDX-License-Identifier: GPL-3.0-or-later
#include "lvm_metadata.hpp"

#include <unistd.h>

#include <cctype>
#include <cstring>
#include <format>

namespace bedplate::vm {
namespace {

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    Result<Json> section(bool top) {
        Json object = Json::object();
        while (true) {
            skip_blanks();
            if (at_ == text_.size() || text_[at_] == '}') {
                if (top != (at_ == text_.size())) {
                    return wrong();
                }
                at_ += top ? 0 : 1;
                return object;
            }
            const auto name = word();
            skip_blanks();
            if (name.empty() || at_ == text_.size()) {
                return wrong();
            }
            const char sign = text_[at_++];
            if (sign != '{' && sign != '=') {
                return wrong();
            }
            BEDPLATE_ASSIGN(object[name], sign == '{' ? section(false) : value());
        }
    }

private:
    std::unexpected<Error> wrong() const {
        return fail("lvm.syntax", std::format("LVM's metadata cannot be read from byte {} on", at_));
    }
    void skip_blanks() {
        while (at_ < text_.size()) {
            if (text_[at_] == '#') {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else if (std::isspace(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '\0') {
                ++at_;
            } else {
                return;
            }
        }
    }
    std::string word() {
        const auto begin = at_;
        while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
                                      std::string_view("_-+.@").contains(text_[at_]))) {
            ++at_;
        }
        return std::string(text_.substr(begin, at_ - begin));
    }
    Result<Json> value() {
        skip_blanks();
        if (at_ == text_.size()) {
            return wrong();
        }
        if (text_[at_] == '"') {
            std::string out;
            for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
                at_ += text_[at_] == '\\' && at_ + 1 < text_.size() ? 1 : 0;
                out += text_[at_];
            }
            if (at_ == text_.size()) {
                return wrong();
            }
            ++at_;
            return Json(out);
        }
        if (text_[at_] == '[') {
            return list();
        }
        const auto number = word();
        if (number.empty()) {
            return wrong();
        }
        return number.find_first_not_of("0123456789") == std::string::npos ? Json(std::stoull(number))
                                                                           : Json(number);
    }
    Result<Json> list() {
        Json out = Json::array();
        for (++at_;;) {
            skip_blanks();
            if (at_ == text_.size()) {
                return wrong();
            }
            if (text_[at_] == ']') {
                ++at_;
                return out;
            }
            if (text_[at_] == ',') {
                ++at_;
                continue;
            }
            BEDPLATE_ASSIGN(auto item, value());
            out.push_back(std::move(item));
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

constexpr Bytes sector{512};

std::uint64_t u64(std::string_view data, std::size_t offset) {
    std::uint64_t value = 0;
    std::memcpy(&value, data.data() + offset, sizeof value);
    return value;
}

Result<std::string> bytes_of(int file, Bytes offset, std::size_t size) {
    std::string data(size, '\0');
    if (::pread(file, data.data(), size, static_cast<off_t>(offset.value)) != static_cast<ssize_t>(size)) {
        return fail("lvm.label", std::format("cannot read at byte {}", offset.value));
    }
    return data;
}

/// Behind the header's UUID and size stand the list of data areas and the list of metadata areas, each of
/// pairs (offset, size) and ended by a pair of zeroes.
std::optional<Bytes> metadata_area(std::string_view label) {
    std::uint32_t header = 0;
    std::memcpy(&header, label.data() + 20, sizeof header);
    int lists = 0;
    for (std::size_t at = header + 40; at + 16 <= label.size(); at += 16) {
        if (u64(label, at) == 0 && u64(label, at + 8) == 0) {
            if (++lists == 2) {
                return std::nullopt;
            }
        } else if (lists == 1) {
            return Bytes{u64(label, at)};
        }
    }
    return std::nullopt;
}

}  // namespace

Result<Json> parse_lvm_text(std::string_view text) {
    return Parser(text).section(true);
}

Result<std::map<std::string, VolumePlace>> linear_volumes(const Json& metadata) {
    std::map<std::string, VolumePlace> places;
    for (const auto& [group_name, group] : metadata.items()) {
        if (!group.is_object() || !group.contains("logical_volumes")) {
            continue;
        }
        const Bytes extent = sector * group.at("extent_size").get<std::uint64_t>();
        for (const auto& [name, volume] : group.at("logical_volumes").items()) {
            const auto& segment = volume.at("segment1");
            if (volume.at("segment_count") != 1 || segment.at("type") != "striped" ||
                segment.at("stripe_count") != 1) {
                return fail("lvm.layout", std::format("volume {} is not one linear segment", name));
            }
            const auto device = segment.at("stripes").at(0).get<std::string>();
            const auto data =
                sector * group.at("physical_volumes").at(device).at("pe_start").get<std::uint64_t>();
            places[name] = {.offset = data + extent * segment.at("stripes").at(1).get<std::uint64_t>(),
                            .size = extent * segment.at("extent_count").get<std::uint64_t>()};
        }
    }
    return places;
}

Result<std::string> read_lvm_text(int file, Bytes offset) {
    for (std::uint64_t i = 0; i < 4; ++i) {
        BEDPLATE_ASSIGN(const auto label, bytes_of(file, offset + sector * i, sector.value));
        const auto area = label.starts_with("LABELONE") ? metadata_area(label) : std::nullopt;
        if (!area) {
            continue;
        }
        BEDPLATE_ASSIGN(const auto header, bytes_of(file, offset + *area, sector.value));
        const auto start = u64(header, 24);
        const auto size = u64(header, 32);
        const auto text_offset = u64(header, 40);
        const auto text_size = u64(header, 48);
        if (text_size == 0 || text_size > size || text_offset >= size) {
            break;
        }
        // The area is a ring behind its header.
        const auto first = std::min(text_size, size - text_offset);
        BEDPLATE_ASSIGN(auto text, bytes_of(file, offset + Bytes{start + text_offset}, first));
        BEDPLATE_ASSIGN(const auto rest,
                        bytes_of(file, offset + Bytes{start + sector.value}, text_size - first));
        return text + rest;
    }
    return fail("lvm.label", "there is no LVM physical volume with metadata");
}

}  // namespace bedplate::vm
