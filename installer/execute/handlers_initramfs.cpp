// SPDX-License-Identifier: GPL-3.0-or-later
// The node's initramfs, made anew by the node's own tools.
#include "base/digest.hpp"
#include "base/json.hpp"
#include "execute/handlers.hpp"

namespace bedplate {
namespace {

/// Says on the node for which plan the initramfs was made, and what it is: it cannot be told from the file.
constexpr std::string_view initramfs_stamp = "/var/lib/bedplate/initramfs.json";
constexpr Bytes most_initramfs = gib(1);

std::string image_path(const Run& run) {
    return run.filled_in("/boot/initrd.img-" + std::string(kernel_release_mark));
}

// What the payload said about the file does not hold any more.
Result<Observation> observe_initramfs(Run& run) {
    const auto text = run.context.files.read(run.on_target(std::string(initramfs_stamp)));
    if (!text || run.tree_changed || run.system_is_touched()) {
        return needed();
    }
    const auto stamp = parse_json(*text, initramfs_stamp);
    if (!stamp || !stamp->is_object() || stamp->value("plan_digest", "") != run.digest) {
        return needed();
    }
    run.digests[image_path(run)] = stamp->value("sha256", "");
    return satisfied();
}

Result<void> make_initramfs(Run& run, const Action& action) {
    BEDPLATE_TRY(run.context.files.remove(run.on_target(std::string(initramfs_stamp))));
    BEDPLATE_TRY(run.run_commands(action));
    BEDPLATE_ASSIGN(const std::string image,
                    run.context.files.read(run.on_target(image_path(run)), most_initramfs));
    const std::string digest = sha256_hex(image);
    run.digests[image_path(run)] = digest;
    const Json stamp{{"plan_digest", run.digest}, {"sha256", digest}};
    return run.context.files.write(run.on_target(std::string(initramfs_stamp)), stamp.dump() + "\n");
}

}  // namespace

Steps steps(const action::UpdateInitramfs& /*kind*/, const Action& action, Run& run) {
    return {.observe = [&] { return observe_initramfs(run); },
            .apply = [&] { return make_initramfs(run, action); },
            .verify = [] { return Result<void>(); }};
}

}  // namespace bedplate
