// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "harness/audits.hpp"
#include "harness/guest_ssh.hpp"
#include "harness/vm.hpp"
#include "harness/workspace.hpp"

namespace bedplate::vm {

/// What the site document of a test says; see site_text().
struct SiteOptions {
    std::string ssh_key;
    std::string password_hash = {};  ///< empty: root stays without a password
    std::uint64_t generation = 1;
    std::string service_tag = "BPVM001";
    std::string hostname = "vmnode1";
    std::string cluster = "join";  ///< without a ticket the node waits; "create" makes it a cluster of one
    std::string extra = {};        ///< lines added at the end, for documents that are wrong on purpose
};
[[nodiscard]] std::string site_text(const SiteOptions& options);

/// A virtual PowerEdge R750 as the profile vm-r750 knows it: a BOSS card's virtual disk for the system and
/// two disks that nobody may write to. The disks outlive the machines that are started with them.
class TestMachine {
public:
    TestMachine(const Workspace& workspace, Firmware firmware, Bytes memory);

    /// With the installation medium in the drive (it boots first); returns when `pattern` is on the serial
    /// console.
    [[nodiscard]] std::unique_ptr<Vm> boot_medium(const std::filesystem::path& medium,
                                                  std::string_view pattern) const;
    /// From its own disk, without a medium; returns when it lets us in.
    [[nodiscard]] std::unique_ptr<Vm> boot_node() const;
    [[nodiscard]] VmSpec spec(const std::filesystem::path& medium = {}) const;

    /// Record what machines that are started with a medium write to the system disk; an empty name ends that.
    void record_writes(const std::filesystem::path& log) { write_log_ = log; }

    [[nodiscard]] const std::filesystem::path& system_disk() const { return system_disk_; }
    [[nodiscard]] const ProtectedDisks& protected_disks() const { return protected_; }
    [[nodiscard]] const SshKey& ssh_key() const { return key_; }
    [[nodiscard]] GuestSsh ssh() const { return {port_, key_}; }

private:
    [[nodiscard]] std::unique_ptr<Vm> power_on(const std::filesystem::path& medium) const;

    const Workspace& workspace_;
    Firmware firmware_;
    Bytes memory_;
    std::filesystem::path system_disk_, nvme_disk_, virtio_disk_, write_log_;
    ProtectedDisks protected_;
    SshKey key_;
    std::uint16_t port_ = 0;
};

/// Whether this firmware would find a loader on the disk. BIOS: code in the boot sector; UEFI: a first block
/// on the EFI system partition, without which there is no file system (docs/decisions/0001-commit-block.md).
[[nodiscard]] bool is_bootable(const std::filesystem::path& image, Firmware firmware);

}  // namespace bedplate::vm
