// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "inventory/inventory.hpp"

namespace bedplate {

/// What a disk's place in the machine says about it. Unknown texts are empty.
struct DiskClues {
    std::string name;  ///< kernel name
    std::string tran;  ///< lsblk's TRAN
    std::string vendor, model;
    std::string hctl;    ///< "0:2:1:0"
    std::string driver;  ///< of the SCSI host
    std::string usb_id;  ///< "0624:0251"
};

/// How the disk is attached. `raid` means that a RAID controller stands between: its virtual disks, and
/// NVMe drives that it shows as SCSI disks.
[[nodiscard]] Transport transport_of(const DiskClues& clues);

/// Virtual media of a Dell iDRAC: they identify as "iDRAC" up to 14G, as "Linux" from 15G on.
[[nodiscard]] bool is_bmc_virtual(const DiskClues& clues);

/// The BMC's own network card on the USB bus.
[[nodiscard]] bool is_bmc_nic(std::string_view name, std::string_view driver, std::string_view usb_id);

/// A kernel block device of type "disk" that is no disk: compressed memory, loops, mapped RBD images.
[[nodiscard]] bool is_pseudo_disk(std::string_view kernel_name);

/// Last PCI address in a sysfs path ("0000:18:00.0"); empty where there is none.
[[nodiscard]] std::string last_pci_address(std::string_view sysfs_path);

}  // namespace bedplate
