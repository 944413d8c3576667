// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/lsblk.hpp"

#include "base/foreign_text.hpp"
#include "inventory/json_fields.hpp"

namespace bedplate {
namespace {

/// lsblk counts a partition's start in units of 512 bytes, whatever the disk's block size is.
constexpr std::uint64_t start_unit = 512;

/// A device that says 0 has no medium; the size of its blocks does not matter then.
Bytes block_size(const Json& node, const char* name) {
    const std::uint64_t size = number_field(node, name).value_or(512);
    return Bytes{size == 0 ? 512 : size};
}

BlockNode node_of(const Json& json) {
    BlockNode node;
    node.kname = text_field(json, "kname");
    node.path = text_field(json, "path");
    node.type = text_field(json, "type");
    node.name = text_field(json, "name");
    node.tran = text_field(json, "tran");
    node.hctl = text_field(json, "hctl");
    node.wwn = text_field(json, "wwn");
    node.serial = text_field(json, "serial");
    node.model = text_field(json, "model");
    node.vendor = text_field(json, "vendor");
    node.rev = text_field(json, "rev");
    node.fstype = text_field(json, "fstype");
    node.label = text_field(json, "label");
    node.uuid = text_field(json, "uuid");
    node.pttype = text_field(json, "pttype");
    node.ptuuid = text_field(json, "ptuuid");
    node.parttype = text_field(json, "parttype");
    node.partlabel = text_field(json, "partlabel");
    if (const auto number = number_field(json, "partn")) {
        node.partn = static_cast<std::uint32_t>(*number);
    }
    if (const auto start = number_field(json, "start")) {
        node.start = Bytes{*start * start_unit};
    }
    node.rota = flag_field(json, "rota");
    node.rm = flag_field(json, "rm").value_or(false);
    node.ro = flag_field(json, "ro").value_or(false);
    node.size = Bytes{number_field(json, "size").value_or(0)};
    node.log_sec = block_size(json, "log-sec");
    node.phy_sec = block_size(json, "phy-sec");
    for (const Json& mount : array_field(json, "mountpoints")) {
        if (mount.is_string()) {
            node.mountpoints.push_back(mount.get<std::string>());
        }
    }
    for (const Json& child : array_field(json, "children")) {
        node.children.push_back(node_of(child));
    }
    return node;
}

}  // namespace

Result<std::vector<BlockNode>> parse_lsblk(std::string_view text) {
    BEDPLATE_ASSIGN(const Json json, parse_tool_json(text, "lsblk"));
    if (!json.is_object() || !json.contains("blockdevices")) {
        return fail("lsblk.syntax", "lsblk's output has no 'blockdevices'", "lsblk -J -b -O",
                    "util-linux 2.38 or newer is needed");
    }
    std::vector<BlockNode> nodes;
    for (const Json& each : array_field(json, "blockdevices")) {
        nodes.push_back(node_of(each));
    }
    return nodes;
}

}  // namespace bedplate
