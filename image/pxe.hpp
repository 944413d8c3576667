// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace bedplate::image {

/// How machines of an installation network are started and what they are told.
struct PxeOptions {
    /// "http://192.0.2.1:8080/bedplate", where the tree is served; empty: the server that the boot loader
    /// came from, at its root.
    std::string base_url;
    std::string site;  ///< text of the site document to serve; empty: none
    std::string site_origin = {};
    bool unattended = false;  ///< what a machine without a finished node on its disks does by itself
    std::uint64_t generation = 1;
    std::string console = "ttyS0";
    std::vector<std::string> kernel_arguments = {};
    // For the sample configurations:
    std::string interface = "eth0";
    std::string server_address = "192.0.2.1";
    std::string subnet = "192.0.2.0";
    std::string first_address = "192.0.2.100", last_address = "192.0.2.199";
    bool proxy_dhcp = false;                  ///< another server gives the addresses
    std::string directory = "/srv/bedplate";  ///< where the tree will be on the server
};

/// The small files of the tree by path: grub/grub.cfg, boot.ipxe, autoexec.ipxe, dnsmasq.conf, nginx.conf,
/// and site.yaml where there is a site.
[[nodiscard]] std::map<std::string, std::string> pxe_texts(const PxeOptions& options);

/// Write the whole tree out of an image into `directory`, which is made: kernel, initramfs, payload,
/// manifest, signed boot loaders and the texts; iPXE's programs too where the package ipxe is installed here.
/// Errors: findings of the site document, pxe.url, iso.*, file.*.
[[nodiscard]] Result<void> write_pxe_tree(const std::filesystem::path& iso, const PxeOptions& options,
                                          const std::filesystem::path& directory);

/// Of the medium: its network boot loader, which is not used when it starts from a drive.
inline constexpr const char* network_grub_path = "bedplate/netboot/grubx64.efi";

}  // namespace bedplate::image
