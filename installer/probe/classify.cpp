// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/classify.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.hpp"

namespace bedplate {
namespace {

/// Vendors that a RAID controller's virtual disks show; drives behind it show their own.
constexpr std::array<std::string_view, 3> raid_vendors{"AVAGO", "LSI", "BROADCOM"};
constexpr std::array<std::string_view, 2> virtual_media_usb_ids{"0624:0251", "413c:0001"};
constexpr std::string_view idrac_nic_usb_id = "413c:a102";

bool is_raid_volume(const DiskClues& clues) {
    // A PERC 12 shows its volumes with the model "RAID", the older ones "PERC ..." cut to 16 characters.
    if (clues.vendor == "DELL" && (clues.model.starts_with("PERC") || clues.model == "RAID")) {
        return true;
    }
    if (std::ranges::find(raid_vendors, clues.vendor) != raid_vendors.end()) {
        return true;
    }
    const bool raid_driver = clues.driver == "megaraid_sas" || clues.driver == "mpi3mr";
    if (raid_driver && clues.vendor == "NVMe") {
        return true;
    }
    // megaraid_sas puts virtual disks on channel 2; newer firmware also puts drives without RAID there, which
    // a SATA drive gives away by its vendor.
    const auto parts = split(clues.hctl, ':');
    return clues.driver == "megaraid_sas" && parts.size() == 4 && parts[1] == "2" && clues.vendor != "ATA";
}

bool is_hex(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

/// "0000:18:00.0".
bool is_pci_address(std::string_view text) {
    return text.size() == 12 && text[4] == ':' && text[7] == ':' && text[10] == '.' &&
           is_hex(text.substr(0, 4)) && is_hex(text.substr(5, 2)) && is_hex(text.substr(8, 2)) &&
           is_hex(text.substr(11));
}

}  // namespace

Transport transport_of(const DiskClues& clues) {
    if (clues.name.starts_with("nvme")) {
        return Transport::nvme;
    }
    if (clues.name.starts_with("vd")) {
        return Transport::virtio;
    }
    if (clues.tran == "usb" || !clues.usb_id.empty()) {
        return Transport::usb;
    }
    if (is_raid_volume(clues)) {
        return Transport::raid;
    }
    // "ATA" is what Linux shows as the vendor of every SATA disk, also behind a SAS controller.
    if (clues.vendor == "ATA" || clues.tran == "sata" || clues.tran == "ata") {
        return Transport::sata;
    }
    if (clues.tran == "virtio") {
        return Transport::virtio;
    }
    const bool sas_driver =
        clues.driver == "megaraid_sas" || clues.driver == "mpt3sas" || clues.driver == "mpi3mr";
    return clues.tran == "sas" || sas_driver ? Transport::sas : Transport::unknown;
}

bool is_bmc_virtual(const DiskClues& clues) {
    const bool virtual_model = clues.model.starts_with("Virtual Floppy") ||
                               clues.model.starts_with("Virtual CD") || clues.model == "LCDRIVE";
    return clues.vendor == "iDRAC" ||
           std::ranges::find(virtual_media_usb_ids, clues.usb_id) != virtual_media_usb_ids.end() ||
           (virtual_model && transport_of(clues) == Transport::usb);
}

bool is_bmc_nic(std::string_view name, std::string_view driver, std::string_view usb_id) {
    return usb_id == idrac_nic_usb_id || (driver == "cdc_ether" && name.starts_with("idrac"));
}

bool is_pseudo_disk(std::string_view kernel_name) {
    constexpr std::array<std::string_view, 9> prefixes{"zram", "ram", "loop", "rbd",     "nbd",
                                                       "dm-",  "md",  "drbd", "mtdblock"};
    return std::ranges::any_of(prefixes, [&](std::string_view prefix) {
        return kernel_name.starts_with(prefix) &&
               (prefix == "dm-" ||
                (kernel_name.size() > prefix.size() &&
                 std::isdigit(static_cast<unsigned char>(kernel_name[prefix.size()])) != 0));
    });
}

std::string last_pci_address(std::string_view sysfs_path) {
    std::string last;
    for (const std::string& part : split(sysfs_path, '/')) {
        if (is_pci_address(part)) {
            last = part;
        }
    }
    return last;
}

}  // namespace bedplate
