// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm_spec.hpp"

#include <algorithm>
#include <format>
#include <set>
#include <string_view>
#include <utility>

namespace bedplate::vm {
namespace {

/// QEMU splits option values at commas; a doubled comma is one comma.
std::string escaped(std::string_view value) {
    std::string out;
    for (const char c : value) {
        out += c;
        if (c == ',') {
            out += c;
        }
    }
    return out;
}

class Arguments {
public:
    void add(std::string option, std::string value) {
        list_.push_back(std::move(option));
        list_.push_back(std::move(value));
    }
    void flag(std::string option) { list_.push_back(std::move(option)); }
    [[nodiscard]] std::vector<std::string> take() { return std::move(list_); }

private:
    std::vector<std::string> list_;
};

bool enforces_secure_boot(Firmware firmware) {
    return firmware == Firmware::uefi_secure_boot || firmware == Firmware::uefi_snakeoil;
}

void add_machine(Arguments& args, const VmSpec& spec, Accelerator accelerator) {
    if (accelerator == Accelerator::kvm) {
        args.add("-accel", "kvm");
        args.add("-cpu", "host");
    } else {
        args.add("-accel", "tcg,thread=multi");
        // With ERMS/FSRM the guest clears pages by "rep stosb", which TCG runs byte by byte; five-level page
        // tables only cost time. An emulated KVM hangs, which a node finds out in a minute's trial.
        args.add("-cpu", "max,erms=off,fsrm=off,la57=off,svm=off");
    }
    args.add("-machine", enforces_secure_boot(spec.firmware) ? "q35,smm=on" : "q35");
    args.add("-m", std::format("{}K", spec.memory.value / 1024));
    args.add("-smp", std::to_string(spec.cpus));
    args.flag("-nodefaults");
    args.add("-display", "none");
    args.add("-device", "VGA");
    args.add("-device", "virtio-rng-pci");
    if (spec.balloon) {
        args.add("-device", "virtio-balloon-pci,id=balloon");
    }
    if (!spec.restart_on_reboot) {
        args.flag("-no-reboot");
    }
}

void add_firmware(Arguments& args, const VmSpec& spec) {
    if (spec.firmware == Firmware::bios) {
        return;
    }
    if (enforces_secure_boot(spec.firmware)) {
        args.add("-global", "driver=cfi.pflash01,property=secure,value=on");
        args.add("-global", "ICH9-LPC.disable_s3=1");
    }
    if (spec.http_boot) {
        args.add("-fw_cfg", "name=opt/org.tianocore/IPv4PXESupport,string=no");
        args.add("-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=no");
    }
    args.add("-drive", std::format("if=pflash,unit=0,format=raw,readonly=on,file={}",
                                   escaped(firmware_files(spec.firmware).code.string())));
    args.add("-drive",
             std::format("if=pflash,unit=1,format=raw,file={}", escaped(spec.efi_variables.string())));
}

void add_identity(Arguments& args, const SystemIdentity& identity) {
    args.add("-smbios", std::format("type=0,vendor={},version={}", escaped(identity.manufacturer),
                                    escaped(identity.bios_version)));
    args.add("-smbios",
             std::format("type=1,manufacturer={},product={},serial={},sku={}{}",
                         escaped(identity.manufacturer), escaped(identity.product), escaped(identity.serial),
                         escaped(identity.sku), identity.uuid.empty() ? "" : ",uuid=" + identity.uuid));
    args.add("-smbios", std::format("type=2,manufacturer={},product={}", escaped(identity.manufacturer),
                                    escaped(identity.board)));
    args.add("-smbios", std::format("type=3,manufacturer={},asset={}", escaped(identity.manufacturer),
                                    escaped(identity.asset)));
    for (const auto& text : identity.oem_strings) {
        args.add("-smbios", "type=11,value=" + escaped(text));
    }
}

std::string_view cache_options(DiskCache cache) {
    switch (cache) {
        case DiskCache::writeback:
            return "cache.direct=off,cache.no-flush=off";
        case DiskCache::none:
            return "cache.direct=on,cache.no-flush=off";
        case DiskCache::unsafe:
            return "cache.direct=off,cache.no-flush=on";
    }
    return "";
}

std::string controller_of(const DiskSpec& disk) {
    return disk.bus == DiskBus::megasas ? std::string("perc0") : std::format("scsi{}", disk.controller);
}

std::string disk_device(const DiskSpec& disk, unsigned ahci_port) {
    std::string options = std::format(
        "drive=node-{0},id={0},serial={1},logical_block_size={2},physical_block_size={3}", disk.id,
        escaped(disk.serial), disk.logical_block_size.value, disk.physical_block_size.value);
    if (disk.boot_index) {
        options += std::format(",bootindex={}", *disk.boot_index);
    }
    options += disk.shared ? ",share-rw=on" : "";
    if (disk.bus != DiskBus::nvme && disk.bus != DiskBus::usb) {
        // Errors are the guest's to handle; by default QEMU stops the machine where the host's disk is full.
        options += ",werror=report,rerror=report";
    }
    switch (disk.bus) {
        case DiskBus::virtio:
            return "virtio-blk-pci," + options;
        case DiskBus::nvme:
            return "nvme," + options;
        case DiskBus::ahci:
            return std::format("ide-hd,bus=ide.{},{}", ahci_port, options);
        case DiskBus::usb:
            return "usb-storage,bus=usb.0,removable=off," + options;
        case DiskBus::scsi:
        case DiskBus::megasas:
            options += disk.vendor.empty() ? "" : ",vendor=" + escaped(disk.vendor);
            options += disk.model.empty() ? "" : ",product=" + escaped(disk.model);
            options += disk.wwn == 0 ? "" : std::format(",wwn={:#x}", disk.wwn);
            return std::format("scsi-hd,bus={}.0,{}", controller_of(disk), options);
    }
    return {};
}

/// The chain of nodes below the device: "file-ID" is the image, "node-ID" what the guest sees. Both stay
/// where they are when a test puts a fault in between (see Vm::inject).
void add_blocks(Arguments& args, const DiskSpec& disk) {
    const auto read_only = disk.read_only ? "on" : "off";
    // Zeros take no room on the host: the first copy of a mirror's halves would fill it.
    args.add("-blockdev", std::format("driver=file,node-name=file-{},filename={},read-only={},discard=unmap,"
                                      "detect-zeroes=unmap,{}{}",
                                      disk.id, escaped(disk.image.string()), read_only,
                                      cache_options(disk.cache), disk.shared ? ",locking=off" : ""));
    if (disk.write_log.empty()) {
        args.add("-blockdev", std::format("driver=raw,node-name=node-{0},file=file-{0},read-only={1},{2}",
                                          disk.id, read_only, cache_options(disk.cache)));
        return;
    }
    // The host does not lose its power: what is recorded is what matters, not what reaches the host's disk.
    args.add("-blockdev", std::format("driver=file,node-name=log-{},filename={},cache.no-flush=on", disk.id,
                                      escaped(disk.write_log.string())));
    args.add(
        "-blockdev",
        std::format("driver=blklogwrites,node-name=node-{0},file=file-{0},log=log-{0},log-sector-size={1},"
                    "discard=unmap,cache.no-flush=off",
                    disk.id, disk.logical_block_size.value));
}

void add_disks(Arguments& args, const VmSpec& spec) {
    std::set<std::string> controllers;
    // Port 0 of the chip set's AHCI controller stays free for the CD.
    unsigned ahci_port = 1;
    for (const auto& disk : spec.disks) {
        add_blocks(args, disk);
        const bool scsi = disk.bus == DiskBus::scsi || disk.bus == DiskBus::megasas;
        if (scsi && controllers.insert(controller_of(disk)).second) {
            args.add("-device",
                     std::format("{},id={}", disk.bus == DiskBus::scsi ? "virtio-scsi-pci" : "megasas-gen2",
                                 controller_of(disk)));
        }
        args.add("-device", disk_device(disk, ahci_port));
        ahci_port += disk.bus == DiskBus::ahci ? 1 : 0;
    }
}

bool needs_usb(const VmSpec& spec) {
    return (spec.medium && spec.medium->kind != MediumSpec::Kind::cdrom) ||
           std::ranges::any_of(spec.disks, [](const DiskSpec& disk) { return disk.bus == DiskBus::usb; });
}

/// The drive's own node is called "medium", whatever stands below it.
void add_medium_node(Arguments& args, const MediumSpec& medium) {
    const auto file =
        std::format("read-only=on,file.driver=file,file.filename={}", escaped(medium.iso.string()));
    if (!medium.throttle) {
        args.add("-blockdev", "driver=raw,node-name=medium," + file);
        return;
    }
    std::string limits = "throttle-group,id=slow";
    if (medium.throttle->bytes_per_second.value > 0) {
        limits += std::format(",x-bps-read={}", medium.throttle->bytes_per_second.value);
    }
    if (medium.throttle->requests_per_second > 0) {
        limits += std::format(",x-iops-read={}", medium.throttle->requests_per_second);
    }
    args.add("-object", limits);
    args.add("-blockdev", "driver=raw,node-name=medium-file," + file);
    args.add("-blockdev",
             "driver=throttle,throttle-group=slow,node-name=medium,read-only=on,file=medium-file");
}

void add_medium(Arguments& args, const MediumSpec& medium) {
    add_medium_node(args, medium);
    if (medium.kind == MediumSpec::Kind::cdrom) {
        args.add("-device",
                 std::format("ide-cd,bus=ide.0,drive=medium,id=cd0,bootindex={}", medium.boot_index));
        return;
    }
    if (medium.kind == MediumSpec::Kind::usb_stick) {
        args.add("-device",
                 std::format("usb-storage,bus=usb.0,drive=medium,id=stick0,removable=on,bootindex={}",
                             medium.boot_index));
        return;
    }
    args.add("-device", "usb-bot,bus=usb.0,id=bridge");
    args.add("-device",
             std::format("scsi-cd,bus=bridge.0,drive=medium,id=cd0,bootindex={}", medium.boot_index));
}

/// No option ROM unless asked for: a machine of these tests never boots from the network by accident.
std::string boot_option(const NicSpec& nic) {
    return nic.boot_index ? std::format("bootindex={}", *nic.boot_index) : std::string("romfile=");
}

/// 802.3ad wants to know speed and duplex; virtio has none of its own.
void add_rack_nic(Arguments& args, const NicSpec& nic) {
    args.add("-netdev", std::format("dgram,id=net-{0},local.type=unix,local.path={1}.guest,"
                                    "remote.type=unix,remote.path={1}.switch",
                                    nic.id, escaped(nic.rack_port)));
    const std::string slot = nic.pci_slot == 0 ? "" : std::format(",addr={:#x}", nic.pci_slot);
    args.add("-device", std::format("virtio-net-pci,netdev=net-{0},id={0},mac={1},{2},speed=25000,"
                                    "duplex=full,host_mtu=9216{3}",
                                    nic.id, nic.mac, boot_option(nic), slot));
}

void add_tpm(Arguments& args, const VmSpec& spec) {
    if (spec.tpm.empty()) {
        return;
    }
    args.add("-chardev", std::format("socket,id=tpm-socket,path={}", escaped(tpm_socket(spec.tpm).string())));
    args.add("-tpmdev", "emulator,id=tpm0,chardev=tpm-socket");
    args.add("-device", "tpm-crb,tpmdev=tpm0");
}

void add_nic(Arguments& args, const NicSpec& nic) {
    if (!nic.rack_port.empty()) {
        add_rack_nic(args, nic);
        return;
    }
    auto network = std::format("user,id=net-{},net={},host={},dhcpstart={},restrict=off", nic.id, nic.network,
                               nic.host_address, nic.guest_address);
    if (nic.ssh_port) {
        network += std::format(",hostfwd=tcp:127.0.0.1:{}-{}:22", *nic.ssh_port, nic.guest_address);
    }
    if (!nic.tftp.empty()) {
        network += ",tftp=" + escaped(nic.tftp.string());
    }
    if (!nic.boot_file.empty()) {
        network += ",bootfile=" + escaped(nic.boot_file);
    }
    args.add("-netdev", network);
    args.add("-device", std::format("virtio-net-pci,netdev=net-{0},id={0},mac={1},{2}", nic.id, nic.mac,
                                    boot_option(nic)));
}

}  // namespace

std::filesystem::path tpm_socket(const std::filesystem::path& folder) {
    return folder / "socket";
}

FirmwareFiles firmware_files(Firmware firmware) {
    const std::filesystem::path directory = "/usr/share/OVMF";
    if (firmware == Firmware::uefi_snakeoil) {
        return {directory / "OVMF_CODE_4M.snakeoil.fd", directory / "OVMF_VARS_4M.snakeoil.fd"};
    }
    if (firmware == Firmware::uefi_secure_boot) {
        return {directory / "OVMF_CODE_4M.secboot.fd", directory / "OVMF_VARS_4M.ms.fd"};
    }
    return {directory / "OVMF_CODE_4M.fd", directory / "OVMF_VARS_4M.fd"};
}

std::vector<std::string> qemu_arguments(const VmSpec& spec, Accelerator accelerator, int serial_fd,
                                        int qmp_fd, const std::filesystem::path& serial_log) {
    Arguments args;
    args.flag("qemu-system-x86_64");
    add_machine(args, spec, accelerator);
    add_firmware(args, spec);
    if (spec.identity) {
        add_identity(args, *spec.identity);
    }
    if (needs_usb(spec)) {
        args.add("-device", "qemu-xhci,id=usb");
    }
    add_disks(args, spec);
    add_tpm(args, spec);
    if (spec.medium) {
        add_medium(args, *spec.medium);
    }
    if (spec.direct_boot) {
        args.add("-kernel", spec.direct_boot->kernel.string());
        args.add("-initrd", spec.direct_boot->initrd.string());
        args.add("-append", spec.direct_boot->command_line);
    }
    if (spec.nics.empty()) {
        args.add("-nic", "none");
    }
    for (const auto& nic : spec.nics) {
        add_nic(args, nic);
    }
    args.add("-chardev", std::format("socket,id=serial0,fd={},logfile={},logappend=off", serial_fd,
                                     escaped(serial_log.string())));
    if (spec.serial == SerialPort::com2) {
        args.add("-serial", "none");
    }
    if (spec.serial != SerialPort::none) {
        args.add("-serial", "chardev:serial0");
    }
    args.add("-chardev", std::format("socket,id=qmp0,fd={}", qmp_fd));
    args.add("-mon", "chardev=qmp0,mode=control");
    return args.take();
}

}  // namespace bedplate::vm
