// SPDX-License-Identifier: GPL-3.0-or-later
// Mounting the target, checking that it really is on the disk, and letting it go.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <format>
#include <optional>

#include "base/digest.hpp"
#include "execute/handlers.hpp"
#include "execute/storage_state.hpp"
#include "platform/descriptor.hpp"

namespace bedplate {
namespace {

// SHA-256 of a file of the target; with `from_disk` its pages are first dropped from memory, so that what is
// read has been on the disk. Errors: tree.read.
Result<std::string> digest_of(const std::filesystem::path& path, bool from_disk) {
    const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!descriptor.is_open()) {
        return fail_errno("tree.read", "open", path.string(), errno);
    }
    if (from_disk && (::fsync(descriptor.get()) != 0 ||
                      ::posix_fadvise(descriptor.get(), 0, 0, POSIX_FADV_DONTNEED) != 0)) {
        return fail_errno("tree.read", "write out", path.string(), errno);
    }
    Sha256 digest;
    std::vector<std::byte> buffer(std::size_t{1} << 20U);
    while (true) {
        const ssize_t got = ::read(descriptor.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_errno("tree.read", "read", path.string(), errno);
        }
        if (got == 0) {
            return digest.finish();
        }
        digest.update(std::span(buffer).first(static_cast<std::size_t>(got)));
    }
}

// What is mounted where the node will have `path`; nothing where nothing is.
Result<std::optional<Mount>> mount_at(Run& run, const std::string& path) {
    BEDPLATE_ASSIGN(const auto mounts, mounts_below_target(run));
    const auto wanted = run.on_target(path) / "";
    const auto found = std::ranges::find_if(
        mounts, [&](const Mount& mount) { return std::filesystem::path(mount.point) / "" == wanted; });
    return found == mounts.end() ? std::nullopt : std::optional(*found);
}

Result<Observation> observe_mount(Run& run, const action::MountVolume& kind, const Action& action) {
    BEDPLATE_TRY(run.disks.prove(action, kind.device));
    BEDPLATE_ASSIGN(const std::string wanted, run.disks.kernel_name(kind.device));
    BEDPLATE_ASSIGN(const auto mount, mount_at(run, kind.path));
    if (!mount) {
        return needed();
    }
    const auto name = run.disks.kernel_name(mount->source);
    if (!name || *name != wanted) {
        return conflict(std::format("{} is mounted at {} already", mount->source, mount->point));
    }
    // An earlier run came as far as protecting it, and was ended without its clean-up.
    return mount->read_only ? needed() : satisfied();
}

Result<void> apply_mount(Run& run, const action::MountVolume& kind, const Action& action) {
    BEDPLATE_ASSIGN(const auto protected_before, mount_at(run, kind.path));
    if (protected_before) {
        BEDPLATE_TRY(run_checked(run.context.commands,
                                 {.argv = {"mount", "--options", "remount,rw", protected_before->point}}));
        return {};
    }
    return run.run_commands(action);
}

/// Satisfied as well when nothing is mounted: a later action of an earlier run let it go.
Result<Observation> observe_protection(Run& run, const action::ProtectTarget& kind) {
    for (const std::string& path : kind.paths) {
        BEDPLATE_ASSIGN(const auto mount, mount_at(run, path));
        if (mount && !mount->read_only) {
            return needed();
        }
    }
    return satisfied();
}

// The deepest planned mount point that holds the node's journal.
std::string journal_mount(const Plan& plan) {
    std::string deepest;
    for (const Action& action : plan.actions) {
        const auto* const mount = std::get_if<action::MountVolume>(&action.kind);
        if (mount != nullptr && mount->path.size() > deepest.size() &&
            (mount->path == "/" || node_journal_path.starts_with(mount->path + "/"))) {
            deepest = mount->path;
        }
    }
    return deepest;
}

// The copy on the target is a convenience for later: an installation does not fail for it.
void start_mirror(Run& run, const std::string& mounted) {
    if (run.journal.mirrored() || mounted != journal_mount(run.plan)) {
        return;
    }
    if (auto mirrored = run.journal.mirror_to(run.on_target(std::string(node_journal_path))); !mirrored) {
        run.progress.note("the journal cannot be copied to the target: " + mirrored.error().message);
    }
}

Result<void> verify_target(Run& run, const action::VerifyTarget& kind) {
    std::map<std::string, std::string> expected;
    for (const std::string& name : kind.files) {
        const std::string path = run.filled_in(name);
        const auto known = run.digests.find(path);
        if (known != run.digests.end()) {
            expected[path] = known->second;
            continue;
        }
        // Made by a tool (grub-install) and not by us: what it wrote is what memory holds now.
        BEDPLATE_ASSIGN(expected[path], digest_of(run.on_target(path), /*from_disk=*/false));
    }
    BEDPLATE_TRY(sync_target(run));
    for (const auto& [path, digest] : expected) {
        BEDPLATE_ASSIGN(const std::string found, digest_of(run.on_target(path), /*from_disk=*/true));
        if (found != digest) {
            return fail("tree.verify",
                        std::format("{} reads back from the disk with SHA-256 {}, written was {}", path,
                                    found, digest),
                        path, "the disk or the way to it damages data: replace it");
        }
    }
    return {};
}

}  // namespace

Steps steps(const action::MountVolume& kind, const Action& action, Run& run) {
    return {.observe = [&]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const Observation found, observe_mount(run, kind, action));
                if (found.state == Observation::State::satisfied) {
                    start_mirror(run, kind.path);
                }
                return found;
            },
            .apply = [&] { return apply_mount(run, kind, action); }};
}

Steps steps(const action::VerifyTarget& kind, const Action& /*action*/, Run& run) {
    return {.observe = [] { return Result<Observation>(needed()); },
            .apply = [&] { return verify_target(run, kind); },
            .verify = [] { return Result<void>(); }};
}

Steps steps(const action::ProtectTarget& kind, const Action& action, Run& run) {
    return {.observe = [&] { return observe_protection(run, kind); },
            .apply = [&]() -> Result<void> {
                BEDPLATE_TRY(sync_target(run));
                run.journal.close_mirror();
                return run.run_commands(action);
            }};
}

Steps steps(const action::UnmountTarget& /*kind*/, const Action& action, Run& run) {
    return {.observe = [&]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto mounts, mounts_below_target(run));
                return mounts.empty() ? satisfied() : needed();
            },
            .apply = [&]() -> Result<void> {
                BEDPLATE_TRY(sync_target(run));
                run.journal.close_mirror();
                return run.run_commands(action);
            }};
}

}  // namespace bedplate
