// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <map>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "inventory/ip_link.hpp"
#include "inventory/lsblk.hpp"
#include "inventory/udev.hpp"
#include "probe/recording.hpp"

namespace bedplate {
namespace {

/// An identifier, and how many of its first characters say only who made the thing.
struct Identifier {
    std::string text;
    std::size_t kept = 0;
};

/// Too short to be anybody's name, and too likely to stand in other texts.
constexpr std::size_t shortest = 6;

/// Maker's part of a name: "0x6d09466" (NAA type and OUI), "eui." and OUI, of anything else two characters.
Identifier world_wide_name(std::string_view wwn) {
    if (wwn.starts_with("0x")) {
        return {.text = std::string(wwn.substr(2)), .kept = 7};
    }
    const auto dot = wwn.find('.');
    return {.text = std::string(wwn.substr(dot == std::string_view::npos ? 0 : dot + 1)), .kept = 8};
}

class Collector {
public:
    void add(const Identifier& identifier) {
        if (identifier.text.size() >= shortest && identifier.text.size() > identifier.kept) {
            // A serial number may be a WWN as well; the maker's part is then the longer one.
            std::size_t& kept = found_[identifier.text];
            kept = std::max(kept, identifier.kept);
        }
    }
    void serial(std::string_view text) { add({.text = std::string(text), .kept = 2}); }
    void mac(std::string_view text) {
        add({.text = std::string(text), .kept = 8});
        std::string plain(text);
        std::erase(plain, ':');
        add({.text = plain, .kept = 6});
    }

    /// Longest first: a short name may be the beginning of a long one.
    [[nodiscard]] std::vector<Identifier> take() const {
        std::vector<Identifier> sorted;
        for (const auto& [text, kept] : found_) {
            sorted.push_back({.text = text, .kept = kept});
        }
        std::ranges::stable_sort(sorted, std::greater{},
                                 [](const Identifier& identifier) { return identifier.text.size(); });
        return sorted;
    }

private:
    std::map<std::string, std::size_t> found_;
};

void collect_disk(Collector& collector, const BlockNode& node) {
    collector.serial(node.serial);
    collector.add(world_wide_name(node.wwn));
}

void collect_udev(Collector& collector, const std::string& text) {
    constexpr std::array<const char*, 4> serials{"ID_SERIAL_SHORT", "ID_SCSI_SERIAL", "ID_USB_SERIAL_SHORT",
                                                 "SCSI_IDENT_SERIAL"};
    const auto devices = parse_udevadm(text);
    for (const UdevDevice& device : devices.value_or(std::vector<UdevDevice>{})) {
        for (const char* name : serials) {
            collector.serial(device.property(name));
        }
        collector.add(world_wide_name(device.property("ID_WWN")));
        collector.add(world_wide_name(device.property("ID_WWN_WITH_EXTENSION")));
    }
}

void collect_commands(Collector& collector, const Recording& recording) {
    for (const auto& [line, command] : recording.commands) {
        if (line.starts_with("lsblk ")) {
            const auto nodes = parse_lsblk(command.out);
            for (const BlockNode& node : nodes.value_or(std::vector<BlockNode>{})) {
                collect_disk(collector, node);
            }
        } else if (line.starts_with("udevadm ")) {
            collect_udev(collector, command.out);
        } else if (line.starts_with("ip ")) {
            const auto links = parse_ip_link(command.out);
            for (const IpLink& link : links.value_or(std::vector<IpLink>{})) {
                collector.mac(link.address);
                collector.mac(link.permanent_address);
            }
        } else if (line.starts_with("ethtool -P ")) {
            collector.mac(trim(std::string_view(command.out).substr(command.out.rfind(' ') + 1)));
        }
    }
}

std::vector<Identifier> identifiers_of(const Recording& recording) {
    Collector collector;
    collect_commands(collector, recording);
    for (const auto& [path, text] : recording.files) {
        const std::string name = path.substr(path.rfind('/') + 1);
        if (text && (name == "product_serial" || name == "serial")) {
            collector.serial(trim(*text));
        } else if (text && name == "product_uuid") {
            collector.add({.text = std::string(trim(*text)), .kept = 8});
        } else if (text && name == "wwid") {
            collector.add(world_wide_name(trim(*text)));
        }
    }
    return collector.take();
}

/// The n-th substitute depends on the salt and on the text up to there, so that a name and its beginning keep
/// fitting together. Each character stays of its kind.
std::string substitute(const Identifier& identifier, const std::string& salt) {
    std::string result = identifier.text.substr(0, identifier.kept);
    for (std::size_t i = identifier.kept; i < identifier.text.size(); ++i) {
        const char c = identifier.text[i];
        const std::string digest = sha256_hex(salt + identifier.text.substr(0, i + 1));
        const std::string hex = digest.substr(0, 1);
        const auto value = static_cast<unsigned>(std::string_view("0123456789abcdef").find(hex[0]));
        if (c >= '0' && c <= '9') {
            result += static_cast<char>('0' + value % 10);
        } else if (c >= 'a' && c <= 'z') {
            result += static_cast<char>('a' + value % 6);
        } else {
            result += c >= 'A' && c <= 'Z' ? static_cast<char>('A' + value % 6) : c;
        }
    }
    return result;
}

using Substitutes = std::vector<std::pair<std::string, std::string>>;

/// One pass: what was put in is not looked at again.
void replace_all(std::string& text, const Substitutes& substitutes) {
    std::string result;
    std::size_t at = 0;
    while (at < text.size()) {
        const auto match = std::ranges::find_if(substitutes, [&](const auto& pair) {
            return text.compare(at, pair.first.size(), pair.first) == 0;
        });
        if (match == substitutes.end()) {
            result += text[at++];
        } else {
            result += match->second;
            at += match->first.size();
        }
    }
    text = std::move(result);
}

}  // namespace

void scramble_identifiers(Recording& recording, const std::string& salt) {
    Substitutes substitutes;
    for (const Identifier& identifier : identifiers_of(recording)) {
        substitutes.emplace_back(identifier.text, substitute(identifier, salt));
    }
    for (auto& [line, command] : recording.commands) {
        replace_all(command.out, substitutes);
        replace_all(command.err, substitutes);
    }
    for (auto& [path, text] : recording.files) {
        if (text) {
            replace_all(*text, substitutes);
        }
    }
}

}  // namespace bedplate
