// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/quantities.hpp"
#include "base/result.hpp"

namespace bedplate::vm {

/// `uefi_snakeoil`: Secure Boot enforced with the key pair that the package ovmf publishes for tests.
enum class Firmware { bios, uefi, uefi_secure_boot, uefi_snakeoil };

/// How a disk hangs on the machine. `scsi` is a scsi-hd on a virtio-scsi controller, `megasas` one on a RAID
/// controller that Linux drives as a PERC.
enum class DiskBus { virtio, scsi, ahci, nvme, megasas, usb };

/// What the disk's page cache may hide. `writeback` keeps what the guest did not flush in the host's page
/// cache, which survives a killed QEMU; `unsafe` ignores flushes and is only for scratch disks of benchmarks.
enum class DiskCache { writeback, none, unsafe };

struct DiskSpec {
    std::string id;               ///< QEMU's name of the device: letters, digits, '-'
    std::filesystem::path image;  ///< raw
    DiskBus bus = DiskBus::virtio;
    std::string serial;
    std::string model = {};             ///< scsi: product; ahci, nvme and virtio have a fixed one
    std::string vendor = {};            ///< scsi only
    Bytes logical_block_size = {512};   ///< 512 or 4096
    Bytes physical_block_size = {512};  ///< 512 or 4096
    bool read_only = false;
    std::optional<unsigned> boot_index = {};  ///< lower boots first; none: not offered to the firmware
    DiskCache cache = DiskCache::writeback;
    std::uint64_t wwn = 0;    ///< scsi and megasas; 0: none
    unsigned controller = 0;  ///< scsi: disks with the same number share a controller
    bool shared = false;      ///< another disk of this machine has the same image: a second path
    std::filesystem::path write_log =
        {};  ///< record every request here (see WriteLog); the guest's flushes count
};

/// How slowly a medium answers; zero: as fast as it can.
struct Throttle {
    Bytes bytes_per_second;
    unsigned requests_per_second = 0;
};

/// An ISO image in a virtual drive: a CD on AHCI, the same file as a USB stick, or a USB CD drive as BMCs
/// show their virtual media (bulk-only transport).
struct MediumSpec {
    enum class Kind { cdrom, usb_stick, usb_cd } kind = Kind::cdrom;
    std::filesystem::path iso;
    unsigned boot_index = 10;
    std::optional<Throttle> throttle = {};
};

/// Which of the serial ports a machine has; the one that is there is the test's console.
enum class SerialPort { com1, com2, none };

/// A kernel that QEMU loads by itself, past the disks (the firmware still runs).
struct DirectBoot {
    std::filesystem::path kernel, initrd;
    std::string command_line;
};

/// SMBIOS types 0 to 3, as a Dell server fills them.
struct SystemIdentity {
    std::string manufacturer = "Dell Inc.";
    std::string product = "PowerEdge R750";
    std::string serial = "BPVM001";
    std::string sku = "SKU=090E;ModelName=PowerEdge R750";
    std::string board = "0PJ80M";
    std::string bios_version = "1.15.2";
    std::string asset = "RACK12-U07";
    std::string uuid = {};  ///< empty: the machine has none
    /// Type 11, in which systemd looks for credentials (systemd.system-credentials(7)).
    std::vector<std::string> oem_strings = {};
};

/// A virtio port on QEMU's user-mode network, which reaches nothing but the host, or on the virtual rack.
struct NicSpec {
    std::string id = "nic0";
    std::string mac = "52:54:00:00:00:01";
    std::string network = "10.0.2.0/24";
    std::string host_address = "10.0.2.2";
    std::string guest_address = "10.0.2.15";
    std::optional<std::uint16_t> ssh_port = {};  ///< on 127.0.0.1, forwarded to port 22 of the guest
    /// Folder of the rack and port of it ("/.../rack/n0"): then nothing of the above but id and mac counts,
    /// and of what is below neither folder nor boot file: the rack's own server says what is booted.
    std::string rack_port = {};
    unsigned pci_slot = 0;  ///< on the root bus; 0: QEMU's choice
    /// Offered to the firmware for network boot: TFTP from this folder (absolute), and what DHCP names as the
    /// boot file there, or by URL.
    std::filesystem::path tftp = {};
    std::string boot_file = {};
    std::optional<unsigned> boot_index = {};
};

struct VmSpec {
    Firmware firmware = Firmware::uefi;
    Bytes memory = mib(2048);
    unsigned cpus = 1;  ///< more only for a machine that has this one for itself
    /// UEFI firmware boots over the network by HTTP only; else it tries PXE first.
    bool http_boot = false;
    std::optional<SystemIdentity> identity = SystemIdentity{};
    std::vector<DiskSpec> disks = {};
    std::optional<MediumSpec> medium = {};
    std::optional<DirectBoot> direct_boot = {};
    std::vector<NicSpec> nics = {};
    bool balloon = false;  ///< a virtio balloon, by which the guest says how much memory it has left
    SerialPort serial = SerialPort::com1;
    /// UEFI variables; made from the firmware's template where it does not exist yet, and kept.
    std::filesystem::path efi_variables = {};
    /// State of a TPM 2.0 (swtpm), a folder that is made where there is none, and kept; empty: no TPM.
    std::filesystem::path tpm = {};
    bool restart_on_reboot = false;  ///< false: a reboot of the guest ends QEMU
};

/// What carries the guest's instructions out.
enum class Accelerator { kvm, tcg };

/// QEMU's argument vector. Descriptors `serial_fd` and `qmp_fd` are connected sockets that QEMU inherits; the
/// first serial port is also written to `serial_log`. Relative paths are the caller's business.
[[nodiscard]] std::vector<std::string> qemu_arguments(const VmSpec& spec, Accelerator accelerator,
                                                      int serial_fd, int qmp_fd,
                                                      const std::filesystem::path& serial_log);

/// Where QEMU finds the TPM of which the state is in `folder`.
[[nodiscard]] std::filesystem::path tpm_socket(const std::filesystem::path& folder);

/// Where OVMF's code and the template of its variables are (Debian package ovmf).
struct FirmwareFiles {
    std::filesystem::path code, variables;
};
[[nodiscard]] FirmwareFiles firmware_files(Firmware firmware);

}  // namespace bedplate::vm
