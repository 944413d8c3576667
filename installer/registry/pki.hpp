// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "platform/platform.hpp"

namespace bedplate {

/// A key and what goes with it: PEM.
struct KeyPair {
    Secret key;
    std::string certificate;
};

/// The cluster's own certificate authority: P-256, ten years. Signs nothing but nodes. Errors: command.*.
[[nodiscard]] Result<KeyPair> make_ca(Platform& platform, const std::string& cluster);

/// A new P-256 key and the request for its certificate; what the request says of names counts for nothing.
struct KeyRequest {
    Secret key;
    std::string csr;
};
[[nodiscard]] Result<KeyRequest> make_key_request(Platform& platform, const std::string& hostname);

/// A certificate for `csr`'s key over five years, for the names and addresses given here and no others; valid
/// from a day ago, since clocks differ. `work` is a folder in RAM for the extension file. Errors:
/// pki.request, command.*.
[[nodiscard]] Result<std::string> sign(Platform& platform, const std::filesystem::path& ca_certificate,
                                       const std::filesystem::path& ca_key, const std::string& csr,
                                       const std::string& hostname, const std::vector<std::string>& names,
                                       const std::vector<std::string>& addresses,
                                       const std::filesystem::path& work);

}  // namespace bedplate
