// SPDX-License-Identifier: GPL-3.0-or-later
// Files on the node's tree.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <format>
#include <optional>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "execute/handlers.hpp"

namespace bedplate {
namespace {

namespace fs = std::filesystem;

// A directory of the node may be an absolute link ("/var/run"), which would lead into the installer.
Result<fs::path> checked_target(Run& run, const std::string& path) {
    const fs::path file = run.on_target(path);
    fs::path parent = file.parent_path();
    while (!run.context.files.exists(parent) && parent != parent.parent_path()) {
        parent = parent.parent_path();
    }
    BEDPLATE_ASSIGN(const fs::path real, run.context.files.resolve(parent));
    BEDPLATE_ASSIGN(const fs::path root, run.context.files.resolve(run.context.target));
    const auto relative = real.lexically_relative(root);
    if (relative.empty() || *relative.begin() == "..") {
        return fail("tree.outside",
                    std::format("{} leads out of the node's tree, to {}", path, real.string()),
                    file.string());
    }
    return file;
}

// The mode of the file itself; 0 where it cannot be told (a tree that exists in memory only).
std::uint32_t mode_of(const fs::path& path) {
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

Result<Observation> observe_file(Run& run, const action::WriteFile& kind) {
    BEDPLATE_ASSIGN(const fs::path file, checked_target(run, kind.path));
    if (!kind.link_target.empty()) {
        const auto target = run.context.files.read_link(file);
        return target && target->string() == kind.link_target ? satisfied() : needed();
    }
    if (run.context.files.read_link(file)) {
        return needed();  // a link where a file belongs is replaced
    }
    const auto text = run.context.files.read(file);
    const std::string wanted = run.filled_in(kind.text);
    const std::uint32_t mode = mode_of(file);
    if (text && *text == wanted && (mode == 0 || mode == kind.mode)) {
        run.digests[kind.path] = sha256_hex(wanted);
        return satisfied();
    }
    return needed();
}

Result<void> make_parents(Run& run, const std::string& path) {
    const fs::path parent = fs::path(path).parent_path();
    // sshd refuses keys in a folder that others may write to, and nobody else needs to read it.
    const std::uint32_t mode = parent.filename() == ".ssh" ? 0700 : 0755;
    BEDPLATE_TRY(run.context.files.make_directories(run.on_target(parent.parent_path())));
    return run.context.files.make_directories(run.on_target(parent), mode);
}

Result<void> apply_file(Run& run, const action::WriteFile& kind) {
    BEDPLATE_ASSIGN(const fs::path file, checked_target(run, kind.path));
    BEDPLATE_TRY(make_parents(run, kind.path));
    if (!kind.link_target.empty()) {
        BEDPLATE_TRY(run.context.files.remove(file));
        return run.context.files.symlink(kind.link_target, file);
    }
    const std::string text = run.filled_in(kind.text);
    BEDPLATE_TRY(run.context.files.write(file, text, kind.mode));
    run.digests[kind.path] = sha256_hex(text);
    return {};
}

constexpr std::string_view shadow_path = "/etc/shadow";

// The shadow file with root's second field replaced (shadow(5)). Errors: tree.shadow.
Result<Secret> with_root_hash(std::string_view shadow, std::string_view hash) {
    std::vector<std::string> lines = split(shadow, '\n');
    const auto root =
        std::ranges::find_if(lines, [](const std::string& line) { return line.starts_with("root:"); });
    if (root == lines.end()) {
        return fail("tree.shadow", "the node's /etc/shadow has no line for root");
    }
    std::vector<std::string> fields = split(*root, ':');
    if (fields.size() < 2) {
        return fail("tree.shadow", "root's line in the node's /etc/shadow has no password field");
    }
    fields[1] = hash;
    *root = join(fields, ":");
    return Secret(join(lines, "\n"));
}

Result<Secret> wanted_shadow(Run& run, const action::SetRootPassword& kind, const std::string& shadow) {
    // "*" is no password that anybody could type, while keys keep working ("!" would lock those out too where
    // PAM is off).
    if (kind.locked) {
        return with_root_hash(shadow, "*");
    }
    if (!run.context.root_password_hash || run.context.root_password_hash->empty()) {
        return fail("tree.shadow", "the plan sets root's password, but there is no hash to set", {},
                    "give root_password_hash in the site or the secrets file");
    }
    const std::string& hash = run.context.root_password_hash->reveal();
    if (hash.find_first_of(":\n") != std::string::npos) {
        return fail("tree.shadow", "root's password hash holds a character that /etc/shadow cannot");
    }
    return with_root_hash(shadow, hash);
}

Result<void> apply_password(Run& run, const action::SetRootPassword& kind) {
    BEDPLATE_ASSIGN(const fs::path file, checked_target(run, std::string(shadow_path)));
    BEDPLATE_ASSIGN(const std::string before, run.context.files.read(file));
    BEDPLATE_ASSIGN(const Secret after, wanted_shadow(run, kind, before));
    struct stat status{};
    const bool known = ::lstat(file.c_str(), &status) == 0;
    BEDPLATE_TRY(run.context.files.write(file, after.reveal(), known ? status.st_mode & 07777U : 0640));
    // The file was replaced: its group (shadow) is given back.
    if (known && ::geteuid() == 0 && ::lchown(file.c_str(), status.st_uid, status.st_gid) != 0) {
        const int error = errno;
        return fail("tree.shadow",
                    std::format("cannot set the owner of {}: {}", file.string(), std::strerror(error)),
                    file.string());
    }
    return {};
}

/// A secret of this installation as a file for root alone; nothing to do where there is none.
Steps hand_over(const std::string& path, Run& run, const std::optional<Secret>& secret) {
    return {.observe = [&path, &run, secret]() -> Result<Observation> {
                if (!secret) {
                    return satisfied();
                }
                BEDPLATE_ASSIGN(const fs::path file, checked_target(run, path));
                const auto text = run.context.files.read(file);
                const auto mode = mode_of(file);
                return text && *text == secret->reveal() && (mode == 0 || mode == 0600) ? satisfied()
                                                                                        : needed();
            },
            .apply = [&path, &run, secret]() -> Result<void> {
                BEDPLATE_ASSIGN(const fs::path file, checked_target(run, path));
                BEDPLATE_TRY(make_parents(run, path));
                return run.context.files.write(file, secret->reveal(), 0600);
            }};
}

}  // namespace

Steps steps(const action::WriteFile& kind, const Action& /*action*/, Run& run) {
    return {.observe = [&] { return observe_file(run, kind); },
            .apply = [&] { return apply_file(run, kind); }};
}

Steps steps(const action::SetRootPassword& kind, const Action& /*action*/, Run& run) {
    return {.observe = [&]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const fs::path file, checked_target(run, std::string(shadow_path)));
                BEDPLATE_ASSIGN(const std::string shadow, run.context.files.read(file));
                BEDPLATE_ASSIGN(const Secret wanted, wanted_shadow(run, kind, shadow));
                return wanted.reveal() == shadow ? satisfied() : needed();
            },
            .apply = [&] { return apply_password(run, kind); }};
}

Steps steps(const action::HandOverTicket& kind, const Action& /*action*/, Run& run) {
    // The ticket as first boot reads it: one line.
    const auto& ticket = run.context.join_ticket;
    return hand_over(
        kind.path, run,
        ticket ? std::optional<Secret>(std::string(trim(ticket->reveal())) + "\n") : std::nullopt);
}

Steps steps(const action::HandOverSecrets& kind, const Action& /*action*/, Run& run) {
    const auto& texts = run.context.node_secrets;
    const auto text = texts.find(kind.path);
    return hand_over(kind.path, run, text == texts.end() ? std::nullopt : std::optional(text->second));
}

}  // namespace bedplate
