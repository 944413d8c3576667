// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/command_runner.hpp"

namespace bedplate::image {

/// The key that signs manifests.
struct SigningKey {
    std::filesystem::path path;
    std::string public_key;    ///< "ssh-ed25519 AAAA..."
    bool development = false;  ///< made here: it proves nothing to anybody else
};

/// The given key, or a development key that is made in `keys` when it is needed first.
/// Errors: signature.key, those of ssh-keygen.
[[nodiscard]] Result<SigningKey> signing_key(CommandRunner& runner, const std::filesystem::path& given,
                                             const std::filesystem::path& keys);

/// The allowed-signers file for it (ssh-keygen(1), ALLOWED SIGNERS): good for manifests only.
[[nodiscard]] std::string allowed_signers(const SigningKey& key);

/// Sign `file`; the signature comes to `file`.sig.
[[nodiscard]] Result<void> sign(CommandRunner& runner, const SigningKey& key,
                                const std::filesystem::path& file);

/// Errors (refused): signature.bad.
[[nodiscard]] Result<void> verify_signature(CommandRunner& runner, std::string_view text,
                                            const std::filesystem::path& signature,
                                            const std::filesystem::path& allowed_signers);

}  // namespace bedplate::image
