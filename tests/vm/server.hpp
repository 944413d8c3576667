// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/guest_ssh.hpp"
#include "harness/vm.hpp"
#include "harness/workspace.hpp"
#include "rescue.hpp"

namespace bedplate::vm {

/// A machine and its disks, of which a profile says what they are for. The disks and what the firmware
/// remembers outlive the machines that are started with them.
class Server {
public:
    /// `cluster`: "create", or "join", which waits for a ticket.
    Server(const Workspace& workspace, std::filesystem::path profile, std::string cluster = "join");

    /// A blank disk.
    void add(const std::string& id, const std::string& serial, DiskBus bus, Bytes size,
             const std::string& model = "");
    /// A disk that is there already.
    void add(DiskSpec disk) { disks_.push_back(std::move(disk)); }
    /// Fewer than two for a machine that runs beside others.
    void set_cpus(unsigned cpus) { cpus_ = cpus; }
    void add_tpm() { tpm_ = workspace_ / "tpm"; }
    /// Another machine than the tests' usual one, with this port instead of QEMU's own network; `ssh` reaches
    /// it and `site` is the document on its medium.
    void place(SystemIdentity identity, NicSpec nic, GuestSsh ssh, std::string site);
    /// Another document on the medium of the next installation.
    void set_site(std::string site) { site_ = std::move(site); }
    /// What the firmware tells besides who the machine is, from the next start on.
    void set_oem_strings(std::vector<std::string> texts) { identity_.oem_strings = std::move(texts); }

    /// The installation medium, unattended: from firmware, shim and GRUB to power-off.
    void install_unattended() const;
    /// The same in two halves, for machines that are installed side by side.
    [[nodiscard]] std::unique_ptr<Vm> begin_installation() const;
    static void end_installation(Vm& vm);

    /// The installer's shell, with the profile and a site document of this generation.
    [[nodiscard]] RescueShell installer(std::uint64_t generation) const;

    /// From its own disks; the first `lost` of them are not in the machine any more.
    [[nodiscard]] std::unique_ptr<Vm> start(std::size_t lost = 0) const;

    /// The same, and it lets us in.
    [[nodiscard]] std::unique_ptr<Vm> node(std::size_t lost = 0) const;
    void wait_for_login(Vm& vm) const;

    [[nodiscard]] const GuestSsh& ssh() const { return ssh_; }
    [[nodiscard]] const std::filesystem::path& image(std::size_t disk) const { return disks_.at(disk).image; }

private:
    [[nodiscard]] VmSpec machine() const;

    const Workspace& workspace_;
    std::filesystem::path profile_, tpm_;
    std::string cluster_;
    SshKey key_;
    SystemIdentity identity_;
    NicSpec nic_;
    GuestSsh ssh_;
    std::string site_;  ///< empty: that of the usual machine
    std::vector<DiskSpec> disks_;
    unsigned cpus_ = 2;
};

/// A script on the node, as bash reads it from its standard input; the test fails where it does. Returns what
/// it said.
[[nodiscard]] std::string run_script(const GuestSsh& ssh, const std::filesystem::path& script,
                                     const std::string& arguments = "",
                                     std::chrono::minutes limit = std::chrono::minutes(5));

}  // namespace bedplate::vm
