// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/udev.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace bedplate {

std::string UdevDevice::property(const std::string& name) const {
    const auto found = properties.find(name);
    return found == properties.end() ? std::string() : found->second;
}

std::vector<std::string> UdevDevice::links_in(std::string_view folder) const {
    std::vector<std::string> names;
    for (const std::string& link : links) {
        if (link.starts_with(folder) && link.size() > folder.size() + 1 && link[folder.size()] == '/') {
            names.push_back(link.substr(folder.size() + 1));
        }
    }
    return names;
}

Result<std::vector<UdevDevice>> parse_udevadm(std::string_view text) {
    std::vector<UdevDevice> devices;
    for (const std::string& line : split(text, '\n')) {
        if (line.size() < 3 || line[1] != ':') {
            continue;
        }
        const std::string value(trim(std::string_view(line).substr(2)));
        if (line[0] == 'P') {
            devices.push_back({.devpath = value, .sysname = value.substr(value.rfind('/') + 1)});
            continue;
        }
        if (devices.empty()) {
            return fail("udev.syntax", std::format("line '{}' before the first device", elide(line, 60)),
                        "udevadm info");
        }
        UdevDevice& device = devices.back();
        if (line[0] == 'S') {
            device.links.push_back(value);
        } else if (const auto equals = value.find('='); line[0] == 'E' && equals != std::string::npos) {
            device.properties[value.substr(0, equals)] = value.substr(equals + 1);
        }
    }
    for (UdevDevice& device : devices) {
        std::ranges::sort(device.links);
    }
    return devices;
}

std::string unescape_udev(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned code = 0;
        if (text.substr(i).starts_with("\\x") && i + 4 <= text.size() &&
            std::from_chars(text.data() + i + 2, text.data() + i + 4, code, 16).ptr == text.data() + i + 4) {
            plain += static_cast<char>(code);
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return std::string(trim(plain));
}

}  // namespace bedplate
