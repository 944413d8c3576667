// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/disks.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "probe/classify.hpp"

namespace bedplate {
namespace {

std::filesystem::path sysfs_folder(const BlockNode& node) {
    return std::filesystem::path("/sys/class/block") / node.kname;
}

std::string property(const UdevDevice* udev, const char* name) {
    return udev == nullptr ? std::string() : udev->property(name);
}

/// The first text that is not empty.
std::string first_of(std::initializer_list<std::string> texts) {
    const auto found = std::ranges::find_if(texts, [](const std::string& text) { return !text.empty(); });
    return found == texts.end() ? std::string() : *found;
}

/// A namespace under native NVMe multipath hangs below a virtual subsystem without a place in the machine;
/// the controllers of the subsystem know theirs.
std::string nvme_pci_address(const Sources& sources, const BlockNode& node) {
    const std::filesystem::path device = sysfs_folder(node) / "device";
    if (const std::string address = sources.file_or_empty(device / "address"); !address.empty()) {
        return last_pci_address(address);
    }
    for (const std::string& name : sources.list(device)) {
        if (name.starts_with("nvme") && name.find_first_not_of("0123456789", 4) == std::string::npos) {
            const std::string address =
                sources.file_or_empty(std::filesystem::path("/sys/class/nvme") / name / "address");
            if (!last_pci_address(address).empty()) {
                return last_pci_address(address);
            }
        }
    }
    return {};
}

std::string pci_of(const Sources& sources, const BlockNode& node) {
    const std::string address = last_pci_address(sources.resolve(sysfs_folder(node)));
    return address.empty() && node.kname.starts_with("nvme") ? nvme_pci_address(sources, node) : address;
}

std::optional<std::uint32_t> numa_node_of(const Sources& sources, const std::string& pci) {
    if (pci.empty()) {
        return std::nullopt;
    }
    // The kernel writes -1 where the firmware does not tell.
    const auto number = parse_unsigned(sources.file_or_empty("/sys/bus/pci/devices/" + pci + "/numa_node"));
    return number ? std::optional(static_cast<std::uint32_t>(*number)) : std::nullopt;
}

/// Without udev the kernel's own WWID: "naa.5000..." or "eui.36...".
std::string wwn_of(const Sources& sources, const BlockNode& node, const UdevDevice* udev) {
    std::string wwn = first_of({property(udev, "ID_WWN_WITH_EXTENSION"), property(udev, "ID_WWN"), node.wwn});
    if (!wwn.empty()) {
        return wwn;
    }
    const std::string wwid = first_of({sources.file_or_empty(sysfs_folder(node) / "wwid"),
                                       sources.file_or_empty(sysfs_folder(node) / "device/wwid")});
    if (wwid.starts_with("naa.")) {
        return "0x" + wwid.substr(4);
    }
    return wwid.starts_with("eui.") ? wwid : std::string();
}

/// udev's short serial of a SCSI disk is its WWN again. For a virtual disk that is all there is; a drive has
/// its own serial number besides, the one that is printed on it.
std::string serial_of(const Sources& sources, const BlockNode& node, const UdevDevice* udev,
                      const Disk& disk) {
    const std::string shortened = property(udev, "ID_SERIAL_SHORT");
    const std::string printed = property(udev, "ID_SCSI_SERIAL");
    if (disk.transport != Transport::raid && !printed.empty() && !shortened.empty() &&
        disk.wwn.starts_with("0x" + shortened)) {
        return printed;
    }
    return first_of({shortened, node.serial, sources.file_or_empty(sysfs_folder(node) / "serial")});
}

std::string by_path_of(const UdevDevice* udev) {
    if (udev == nullptr) {
        return {};
    }
    const auto links = udev->links_in("disk/by-path");
    const std::string path = udev->property("ID_PATH");
    if (links.empty() || std::ranges::find(links, path) != links.end()) {
        return links.empty() ? std::string() : path;
    }
    return links.front();
}

std::string usb_id_of(const UdevDevice* udev) {
    if (property(udev, "ID_BUS") != "usb" && property(udev, "ID_USB_DRIVER").empty()) {
        return {};
    }
    const std::string vendor = first_of({property(udev, "ID_USB_VENDOR_ID"), property(udev, "ID_VENDOR_ID")});
    const std::string model = first_of({property(udev, "ID_USB_MODEL_ID"), property(udev, "ID_MODEL_ID")});
    return vendor.empty() ? std::string() : vendor + ":" + model;
}

/// virtio-blk shows the PCI number of its vendor where others show a name.
std::string vendor_of(const BlockNode& node) {
    return node.vendor.starts_with("0x") ? std::string() : node.vendor;
}

DiskClues clues_of(const Sources& sources, const BlockNode& node, const UdevDevice* udev) {
    const std::string host = node.hctl.substr(0, node.hctl.find(':'));
    return {.name = node.kname,
            .tran = node.tran,
            .vendor = vendor_of(node),
            .model = node.model,
            .hctl = node.hctl,
            .driver = host.empty() ? std::string()
                                   : sources.file_or_empty("/sys/class/scsi_host/host" + host + "/proc_name"),
            .usb_id = usb_id_of(udev)};
}

/// util-linux before 2.40 does not tell the number, but it always ends the name: sda3, nvme0n1p3.
std::uint32_t partition_number(const BlockNode& part) {
    const auto digits = part.kname.find_last_not_of("0123456789") + 1;
    return part.partn.value_or(
        static_cast<std::uint32_t>(parse_unsigned(std::string_view(part.kname).substr(digits)).value_or(0)));
}

std::vector<PartitionFacts> partitions_of(const BlockNode& node, const std::optional<Gpt>& gpt) {
    std::vector<PartitionFacts> partitions;
    for (const BlockNode& child : node.children) {
        if (child.type == "part") {
            partitions.push_back({.number = partition_number(child),
                                  .start = child.start.value_or(Bytes{}),
                                  .size = child.size,
                                  .type = child.parttype,
                                  .label = child.partlabel.empty() ? child.label : child.partlabel,
                                  .fstype = child.fstype,
                                  .uuid = child.uuid});
        }
    }
    // A table that the kernel has not read yet is a table all the same.
    if (partitions.empty() && gpt) {
        for (const GptEntry& entry : gpt->entries) {
            partitions.push_back({.number = entry.number,
                                  .start = entry.start,
                                  .size = entry.size,
                                  .type = entry.type.to_text(),
                                  .label = entry.name});
        }
    }
    std::ranges::sort(partitions, {}, &PartitionFacts::number);
    return partitions;
}

std::string partition_table_of(const BlockNode& node, const DiskContent& content) {
    if (content.gpt) {
        return "gpt";
    }
    if (!node.pttype.empty()) {
        return node.pttype;
    }
    // A table is one that stands at the start; what is left of one at the end is a mere signature.
    const auto table = std::ranges::find_if(content.signatures, [](const Signature& signature) {
        return (signature.type == "gpt" && signature.offset <= kib(4)) || signature.type == "dos";
    });
    return table == content.signatures.end() ? std::string() : table->type;
}

std::vector<std::string> signatures_of(const BlockNode& node, const DiskContent& content,
                                       const std::string& table) {
    constexpr std::array<std::string_view, 3> tables{"gpt", "dos", "PMBR"};
    std::vector<std::string> found;
    const auto add_once = [&](const std::string& type) {
        const bool known = std::ranges::find(found, type) != found.end();
        const bool of_table = !table.empty() && std::ranges::find(tables, type) != tables.end();
        if (!type.empty() && !known && !of_table) {
            found.push_back(type);
        }
    };
    for (const Signature& signature : content.signatures) {
        add_once(signature.type);
    }
    add_once(node.fstype);
    if (!content.osd_labels.empty()) {
        add_once("ceph_bluestore");
    }
    return found;
}

/// The medium shows itself as one file system over the whole disk, or in one of the partitions of the hybrid
/// image.
bool is_installation_medium(const BlockNode& node, const DiskContent& content) {
    const auto is_ours = [](std::string_view fstype, std::string_view label) {
        return fstype == "iso9660" && label.starts_with(medium_label_prefix);
    };
    return content.iso_label.starts_with(medium_label_prefix) || is_ours(node.fstype, node.label) ||
           std::ranges::any_of(node.children,
                               [&](const BlockNode& child) { return is_ours(child.fstype, child.label); });
}

}  // namespace

bool is_disk(const BlockNode& node) {
    return node.type == "disk" && !is_pseudo_disk(node.kname);
}

Disk disk_of(const Sources& sources, const BlockNode& node, const UdevDevice* udev,
             const DiskContent& content, const VolumeFacts& volumes) {
    const DiskClues clues = clues_of(sources, node, udev);
    Disk disk;
    disk.name = node.kname;
    disk.path = node.path;
    disk.by_id = udev == nullptr ? std::vector<std::string>{} : udev->links_in("disk/by-id");
    disk.by_path = by_path_of(udev);
    disk.wwn = wwn_of(sources, node, udev);
    disk.model = node.model;
    disk.vendor = vendor_of(node);
    disk.transport = transport_of(clues);
    disk.serial = serial_of(sources, node, udev, disk);
    disk.rotational = node.rota;
    disk.removable = node.rm;
    disk.read_only = node.ro;
    disk.size = node.size;
    disk.logical_block_size = node.log_sec;
    disk.physical_block_size = node.phy_sec;
    disk.hctl = node.hctl;
    disk.pci = pci_of(sources, node);
    disk.numa_node = numa_node_of(sources, disk.pci);
    disk.bmc_virtual = is_bmc_virtual(clues);
    disk.installation_medium = is_installation_medium(node, content);
    disk.partition_table = partition_table_of(node, content);
    disk.partition_table_uuid = content.gpt ? content.gpt->disk_guid.to_text() : std::string();
    disk.partitions = partitions_of(node, content.gpt);
    disk.signatures = signatures_of(node, content, disk.partition_table);
    disk.holders = holders_of(node, volumes, content);
    disk.installation = content.mark;
    // On the disk of a finished node it says how that went, which nobody needs to know.
    const bool finished = content.mark && content.mark->state == InstallationMark::State::finished;
    disk.interrupted = finished ? std::nullopt : content.interrupted;
    return disk;
}

void mark_multipath(std::vector<Disk>& disks) {
    const auto mpath_of = [](const Disk& disk) {
        const auto found = std::ranges::find(disk.holders, Holder::Kind::mpath, &Holder::kind);
        return found == disk.holders.end() ? std::string() : found->name;
    };
    const auto same = [&](const Disk& one, const Disk& other) {
        const bool same_names = !one.wwn.empty() && one.wwn == other.wwn && !one.serial.empty() &&
                                one.serial == other.serial && one.size == other.size;
        return same_names || (!mpath_of(one).empty() && mpath_of(one) == mpath_of(other));
    };
    for (std::size_t later = 1; later < disks.size(); ++later) {
        for (std::size_t earlier = 0; earlier < later; ++earlier) {
            if (disks[earlier].multipath_of.empty() && same(disks[earlier], disks[later])) {
                disks[later].multipath_of = disks[earlier].name;
                break;
            }
        }
    }
}

}  // namespace bedplate
