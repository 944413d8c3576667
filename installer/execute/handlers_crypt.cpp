// SPDX-License-Identifier: GPL-3.0-or-later
// LUKS2, by cryptsetup and clevis. Keys go through standard input: never as an argument, never into a log.
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <format>

#include "base/foreign_text.hpp"
#include "base/json.hpp"
#include "execute/handlers.hpp"
#include "execute/storage_state.hpp"

namespace bedplate {
namespace {

constexpr std::chrono::minutes key_derivation{2};

// Of the device in this run; for a passphrase what somebody gave. Errors: crypt.no-key.
Result<Secret> key_of(Run& run, const Guid& uuid) {
    if (const auto known = run.crypt_keys.find(uuid.to_text()); known != run.crypt_keys.end()) {
        return known->second;
    }
    if (run.context.disk_passphrase && !run.context.disk_passphrase->empty()) {
        return *run.context.disk_passphrase;
    }
    return fail("crypt.no-key", "there is no key to open the encrypted system with", uuid.to_text(),
                "give disk_passphrase in the secrets file");
}

Result<Secret> draw_key() {
    std::array<unsigned char, 32> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        return fail("crypt.random", "the kernel gives no random bytes");
    }
    std::string text;
    for (const unsigned char byte : bytes) {
        text += std::format("{:02x}", byte);
    }
    return Secret(text);
}

// The commands of the plan; the one that reads a key from its standard input gets it.
Result<void> run_with_key(Run& run, const Action& action, const Secret& key) {
    BEDPLATE_ASSIGN(const auto locks, run.lock_disks(action));
    BEDPLATE_ASSIGN(const std::string disk, run.disk_path(action));
    for (const auto& argv : commands(action, {.target = run.context.target.string(), .disk = disk})) {
        Command command{.argv = argv, .timeout = key_derivation};
        if (std::ranges::find(argv, "-") != argv.end()) {
            command.secret_input = key;
        }
        BEDPLATE_TRY(run_checked(run.context.commands, command));
    }
    return {};
}

// Bound to this machine: the header has a token of clevis.
Result<bool> is_bound(Run& run, const std::string& device) {
    BEDPLATE_ASSIGN(const std::string text,
                    run_checked(run.context.commands,
                                {.argv = {"cryptsetup", "luksDump", "--dump-json-metadata", device}}));
    BEDPLATE_ASSIGN(const Json json, parse_tool_json(text, "luksDump"));
    const Json tokens = json.is_object() ? json.value("tokens", Json::object()) : Json::object();
    return std::ranges::any_of(
        tokens, [](const Json& token) { return token.is_object() && token.value("type", "") == "clevis"; });
}

Result<bool> opens(Run& run, const std::string& device, const Secret& key) {
    BEDPLATE_ASSIGN(const CommandResult result,
                    run.context.commands.run(
                        {.argv = {"cryptsetup", "open", "--test-passphrase", "--key-file", "-", device},
                         .secret_input = key,
                         .timeout = key_derivation}));
    return result.exit_status == 0;
}

Result<bool> has_header(Run& run, const std::string& device, const Guid& uuid) {
    BEDPLATE_ASSIGN(const auto signature, signature_of(run.context.commands, device));
    return signature && signature->type == "crypto_LUKS" && signature->uuid == uuid.to_text();
}

// A header that nothing at hand opens is worth nothing: it is made anew.
Result<Observation> observe_create(Run& run, const action::CreateCrypt& kind, const Action& action) {
    BEDPLATE_TRY(run.disks.prove(action, kind.device));
    BEDPLATE_ASSIGN(const bool header, has_header(run, kind.device, kind.uuid));
    if (!header || run.is_touched(action)) {
        return needed();
    }
    if (kind.unlock == Encryption::tpm2) {
        BEDPLATE_ASSIGN(const bool bound, is_bound(run, kind.device));
        return bound ? satisfied() : needed();
    }
    BEDPLATE_ASSIGN(const Secret key, key_of(run, kind.uuid));
    BEDPLATE_ASSIGN(const bool fits, opens(run, kind.device, key));
    return fits ? satisfied() : needed();
}

// A map that an earlier try left open is on the header that goes.
Result<void> close_map(Run& run, const Guid& uuid) {
    for (const Action& action : run.plan.actions) {
        const auto* const open = std::get_if<action::OpenCrypt>(&action.kind);
        if (open != nullptr && open->uuid == uuid && run.context.files.exists("/dev/mapper/" + open->name)) {
            BEDPLATE_TRY(run.disks.prove(action, "/dev/mapper/" + open->name));
            BEDPLATE_TRY(run_checked(run.context.commands, {.argv = {"cryptsetup", "close", open->name}}));
        }
    }
    return {};
}

Result<void> apply_create(Run& run, const action::CreateCrypt& kind, const Action& action) {
    Secret key;
    if (kind.unlock == Encryption::tpm2) {
        BEDPLATE_ASSIGN(key, draw_key());
        run.crypt_keys[kind.uuid.to_text()] = key;
    } else {
        BEDPLATE_ASSIGN(key, key_of(run, kind.uuid));
    }
    run.touch(action);
    BEDPLATE_TRY(close_map(run, kind.uuid));
    return run_with_key(run, action, key);
}

// The kernel's name for the map says of which header it is: "CRYPT-LUKS2-<uuid without dashes>-<name>".
Result<Observation> observe_open(Run& run, const action::OpenCrypt& kind, const Action& action) {
    const std::string node = "/dev/mapper/" + kind.name;
    if (!run.context.files.exists(node)) {
        return needed();
    }
    BEDPLATE_TRY(run.disks.prove(action, node));
    BEDPLATE_ASSIGN(const std::string name, run.disks.kernel_name(node));
    BEDPLATE_ASSIGN(const std::string map,
                    run.context.files.read(std::filesystem::path("/sys/class/block") / name / "dm/uuid"));
    std::string uuid = kind.uuid.to_text();
    std::erase(uuid, '-');
    return map.starts_with("CRYPT-LUKS2-" + uuid)
               ? satisfied()
               : conflict(std::format("{} is open already, and it is something else", node));
}

// Without a key in memory it was bound by an earlier run: then the TPM has it.
Result<void> apply_open(Run& run, const action::OpenCrypt& kind, const Action& action) {
    const auto key = key_of(run, kind.uuid);
    if (key) {
        return run_with_key(run, action, *key);
    }
    BEDPLATE_ASSIGN(const bool bound, is_bound(run, kind.device));
    if (!bound) {
        return std::unexpected(key.error());
    }
    BEDPLATE_TRY(run_checked(run.context.commands,
                             {.argv = {"clevis", "luks", "unlock", "-d", kind.device, "-n", kind.name},
                              .timeout = key_derivation}));
    return {};
}

}  // namespace

Steps steps(const action::CreateCrypt& kind, const Action& action, Run& run) {
    return {.observe = [&] { return observe_create(run, kind, action); },
            .apply = [&] { return apply_create(run, kind, action); },
            .verify = [&]() -> Result<void> {
                BEDPLATE_ASSIGN(const bool there, has_header(run, kind.device, kind.uuid));
                return there ? Result<void>{}
                             : fail("crypt.verify", "there is no LUKS header after it was made", kind.device);
            }};
}

Steps steps(const action::OpenCrypt& kind, const Action& action, Run& run) {
    return {.observe = [&] { return observe_open(run, kind, action); },
            .apply = [&] { return apply_open(run, kind, action); },
            .verify = [&]() -> Result<void> {
                BEDPLATE_TRY(run.context.blocks.wait_for("/dev/mapper/" + kind.name));
                BEDPLATE_ASSIGN(const Observation now, observe_open(run, kind, action));
                return now.state == Observation::State::satisfied
                           ? Result<void>{}
                           : fail("crypt.verify", "the encrypted device is not open after it was opened",
                                  kind.device);
            }};
}

Steps steps(const action::BindTpm2& kind, const Action& action, Run& run) {
    return {.observe = [&]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const bool bound, is_bound(run, kind.device));
                return bound ? satisfied() : needed();
            },
            .apply = [&]() -> Result<void> {
                BEDPLATE_ASSIGN(const Secret key, key_of(run, kind.uuid));
                return run_with_key(run, action, key);
            }};
}

}  // namespace bedplate
