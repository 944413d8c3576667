// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/identifiers.hpp"
#include "base/json.hpp"
#include "base/quantities.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "profile/profile.hpp"

namespace bedplate::lab {

/// User of every BMC of a lab; the password is the lab's own, in its folder.
inline constexpr std::string_view bmc_user = "bedplate";

/// What somebody asks for.
struct Wish {
    std::string name = "lab";       ///< of the lab: a host name label of 8 characters at most
    unsigned nodes = 3;             ///< 1..16
    Bytes memory = mib(3072);       ///< of each node
    unsigned cpus = 0;              ///< of each node; 0: two, or one where they are emulated
    unsigned osds = 1;              ///< disks for OSDs on each node, if the profile has a role for them
    std::string emulator = "auto";  ///< "kvm" or "qemu", libvirt's types of domains; "auto": what works
    std::string alerts;             ///< address that alerts are posted to; empty: nowhere
};

struct LabDisk {
    std::string serial, model;
    Bytes size;
    std::filesystem::path image;
};

struct LabNode {
    std::string hostname, service_tag;
    Guid uuid;
    std::vector<std::string> macs;
    std::string address;  ///< in the management network
    bool creates = false;
    std::vector<LabDisk> disks;
    std::uint16_t bmc_port = 0;  ///< UDP, on the lab's own address in the management network
    std::filesystem::path console;
};

/// Everything that makes a lab, and all that is needed to find and remove its parts again.
struct Lab {
    static constexpr std::string_view schema = "bedplate/lab/v1";
    std::string name;
    std::filesystem::path folder;
    std::string bridge;   ///< of Open vSwitch, and libvirt's network
    std::string address;  ///< this machine's in the management network, with its prefix: "10.77.0.1/24"
    std::uint32_t mtu = 1500;
    std::optional<VlanId> management_vlan;
    std::vector<VlanId> vlans;  ///< tagged on the ports of the nodes
    std::string emulator;
    Bytes memory;
    unsigned cpus = 2;
    std::string manufacturer, product;  ///< as the SMBIOS says it
    std::vector<LabNode> nodes;

    /// This machine's address in the management network: of the gateway and of every BMC.
    [[nodiscard]] std::string host_address() const { return address.substr(0, address.find('/')); }
    [[nodiscard]] std::string domain(const LabNode& node) const { return bridge + "-" + node.hostname; }
    /// The private key that opens the nodes; its public half stands beside it.
    [[nodiscard]] std::filesystem::path key() const { return folder / "ssh-key"; }
    [[nodiscard]] std::filesystem::path medium() const { return folder / "medium.iso"; }
};

/// A site's text with this machine's BMCs in it: `bmc` of the nodes that are in the lab, whatever it said of
/// them before. Errors: those of DocumentEdit::parse.
[[nodiscard]] Result<std::string> with_bmcs(const Lab& lab, std::string_view site, const std::string& origin);

/// The secrets document of a lab: what opens its BMCs.
[[nodiscard]] Secret secrets_document(const Secret& bmc_password);

/// The site document of a lab that was given none: one management network and two for storage, one node
/// that creates the cluster, the others join it.
[[nodiscard]] std::string default_site(const Wish& wish, const std::string& public_key,
                                       const std::optional<std::string>& profile);

/// Lay the lab out: the first `wish.nodes` of the site's nodes as virtual machines that the profile fits.
/// Pure. Errors: lab.name, lab.nodes, lab.site (no management network with a gateway, which is this
/// machine's; a node without an address or whose name is not its own), lab.profile (disks or a vendor that no
/// virtual machine has).
[[nodiscard]] Result<Lab> plan_lab(const Wish& wish, const Site& site, const Profile& profile,
                                   const std::filesystem::path& folder);

[[nodiscard]] Json to_json(const Lab& lab);
/// Errors: lab.schema, lab.field.
[[nodiscard]] Result<Lab> lab_from_json(const Json& json, const std::string& origin);

/// The domain of one node, and the network that all are in, as libvirt reads them.
[[nodiscard]] std::string domain_xml(const Lab& lab, const LabNode& node);
[[nodiscard]] std::string network_xml(const Lab& lab);

}  // namespace bedplate::lab
