// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/signature.hpp"

#include "base/manifest.hpp"
#include "base/text.hpp"
#include "image/files.hpp"

namespace bedplate::image {

namespace fs = std::filesystem;

Result<SigningKey> signing_key(CommandRunner& runner, const fs::path& given, const fs::path& keys) {
    SigningKey key{.path = given, .public_key = {}, .development = given.empty()};
    std::error_code error;
    if (key.development) {
        key.path = keys / "development";
        if (!fs::exists(key.path, error)) {
            fs::create_directories(keys, error);
            fs::permissions(keys, fs::perms::owner_all, error);
            BEDPLATE_TRY(
                run_checked(runner, {.argv = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C",
                                              "bedplate development key", "-f", key.path.string()}}));
        }
    } else if (!fs::exists(key.path, error)) {
        return fail("signature.key", std::format("there is no signing key at {}", given.string()),
                    given.string(), "make one with: ssh-keygen -t ed25519 -f " + given.string());
    }
    // Where only the private key is there, its public half is derived (it must not have a passphrase then).
    const fs::path public_file = key.path.string() + ".pub";
    if (auto text = read_text(public_file); text) {
        key.public_key = std::string(trim(*text));
    } else {
        BEDPLATE_ASSIGN(const auto derived,
                        run_checked(runner, {.argv = {"ssh-keygen", "-y", "-f", key.path.string()}}));
        key.public_key = std::string(trim(derived));
    }
    return key;
}

std::string allowed_signers(const SigningKey& key) {
    return std::format("{} namespaces=\"{}\" {}\n", manifest_principal, manifest_namespace, key.public_key);
}

Result<void> sign(CommandRunner& runner, const SigningKey& key, const fs::path& file) {
    const fs::path signature = file.string() + ".sig";
    std::error_code ignored;
    // ssh-keygen asks before it overwrites.
    fs::remove(signature, ignored);
    BEDPLATE_TRY(
        run_checked(runner, {.argv = {"ssh-keygen", "-Y", "sign", "-q", "-n", std::string(manifest_namespace),
                                      "-f", key.path.string(), file.string()}}));
    return {};
}

Result<void> verify_signature(CommandRunner& runner, std::string_view text, const fs::path& signature,
                              const fs::path& allowed) {
    const Command command{
        .argv = {"ssh-keygen", "-Y", "verify", "-f", allowed.string(), "-I", std::string(manifest_principal),
                 "-n", std::string(manifest_namespace), "-s", signature.string()},
        .input = std::string(text)};
    BEDPLATE_ASSIGN(const auto result, runner.run(command));
    if (result.exit_status != 0) {
        return refuse("signature.bad",
                      std::format("the manifest's signature does not hold: {}",
                                  trim(result.err.empty() ? result.out : result.err)),
                      allowed.string(), "the image was changed, or was signed with another key");
    }
    return {};
}

}  // namespace bedplate::image
