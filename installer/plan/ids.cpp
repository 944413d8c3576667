// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/ids.hpp"

#include <format>

namespace bedplate {

PlanIds::PlanIds(const NodeSpec& node, const DiskIdentity& system_disk)
    : seed_(std::format("bedplate/v1\ncluster {}\nhost {}\ndisk {}", node.cluster_name, node.hostname,
                        system_disk.to_text())),
      generation_seed_(std::format("{}\ngeneration {}", seed_, node.install.generation)) {}

Guid PlanIds::disk() const {
    return Guid::derive(seed_, "disk");
}

Guid PlanIds::partition(std::string_view role) const {
    return Guid::derive(generation_seed_, std::format("partition {}", role));
}

Guid PlanIds::file_system(std::string_view role) const {
    return Guid::derive(generation_seed_, std::format("file system {}", role));
}

Guid PlanIds::crypt() const {
    return Guid::derive(generation_seed_, "crypt");
}

Guid PlanIds::array(std::string_view role) const {
    return Guid::derive(generation_seed_, std::format("array {}", role));
}

std::uint32_t PlanIds::esp_volume_id() const {
    const auto bytes = file_system("esp").bytes();
    std::uint32_t id = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        id = (id << 8U) | bytes[i];
    }
    return id == 0 ? 1 : id;
}

Guid fast_array_id(const NodeSpec& node) {
    return Guid::derive(std::format("bedplate/v1\ncluster {}\nhost {}", node.cluster_name, node.hostname),
                        "array fast");
}

Guid osd_id(const NodeSpec& node, const DiskIdentity& data) {
    return Guid::derive(PlanIds(node, data).partition("osd").to_text(), "osd");
}

std::string volume_id_text(std::uint32_t volume_id) {
    return std::format("{:04X}-{:04X}", volume_id >> 16U, volume_id & 0xFFFFU);
}

}  // namespace bedplate
