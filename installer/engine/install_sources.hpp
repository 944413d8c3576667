// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "engine/documents.hpp"
#include "engine/fetch.hpp"
#include "inventory/inventory.hpp"
#include "profile/profile.hpp"

namespace bedplate {

/// Where this installation takes its documents and its payload from, and whom it tells.
struct InstallSources {
    std::optional<std::string> site;      ///< file or URL; none: the medium, a stick
    std::optional<std::string> payload;   ///< base URL of a tree that `bedplate image pxe` wrote
    std::optional<std::string> report;    ///< URL that gets a POST at every turn
    std::optional<std::string> boot_mac;  ///< of the port that the machine was started over, "aa:bb:..."
    ServerTrust trust;

    /// One of them is on a server.
    [[nodiscard]] bool needs_network() const;
};

/// bedplate.site=, .payload=, .report=, .fingerprint=, .token= and BOOTIF= of the kernel's command line; the
/// token also from the medium's site area, which is not shown to everybody. `given` wins over bedplate.site=.
/// Errors (usage): source.url, source.fingerprint.
[[nodiscard]] Result<InstallSources> install_sources(const FileSystem& files, const DocumentPlaces& places,
                                                     const std::optional<std::string>& given);

/// What a machine says of itself to a server that chooses its site document (schema
/// bedplate/node-request/v1): service tag, UUID, product and the permanent addresses of all ports.
[[nodiscard]] Json node_request(const Inventory& machine);

/// The site document of a server. An address that ends in .yaml or .yml is fetched as it is. Any other is a
/// base: POST {base}/node with the machine's identity, and GET {base}/site.yaml where the server has no
/// such thing (404, 405, 501). Errors: site.boot-local (refused: the server has nothing for this machine,
/// 204), site.not-yaml, findings, those of fetch.
[[nodiscard]] Result<Site> site_from_server(Platform& platform, const ServerTrust& trust,
                                            const std::string& url, const Inventory& machine);

}  // namespace bedplate
