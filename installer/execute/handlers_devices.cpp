// SPDX-License-Identifier: GPL-3.0-or-later
// Taking apart what stands on a disk, leaf to root: maps, arrays, caches, labels of OSDs.
#include <algorithm>
#include <format>
#include <span>

#include "base/text.hpp"
#include "execute/handlers.hpp"
#include "execute/storage_state.hpp"
#include "inventory/bluestore_label.hpp"

namespace bedplate {
namespace {

constexpr std::chrono::seconds gone_limit{30};

/// Something with a node of its own that has to go: satisfied when the node is not there, a conflict when it
/// also lies on a disk that the action may not touch.
Result<Observation> observe_node(Run& run, const Action& action, const std::string& node) {
    BEDPLATE_ASSIGN(const bool own, is_own_unfinished(run, action));
    if (own || !run.context.files.exists(node)) {
        return satisfied();
    }
    BEDPLATE_ASSIGN(const auto foreign, run.disks.foreign_below(action, node));
    if (!foreign.empty()) {
        return conflict(
            std::format("{} also lies on {}, which is not part of the plan", node, join(foreign, ", ")));
    }
    return needed();
}

/// The node goes when udev has heard of it.
Steps remove_node(const std::string& node, const Action& action, Run& run) {
    return {.observe = [&run, &action, node] { return observe_node(run, action, node); },
            .apply = [&run, &action] { return run.run_commands(action); },
            .verify = [&run, node]() -> Result<void> {
                return wait_until(
                    run.context.clock, gone_limit,
                    [&] { return Result<bool>(!run.context.files.exists(node)); }, "teardown.verify",
                    std::format("{} is still there after it was stopped", node));
            }};
}

// The path of what an OSD's labels are on; empty where it is a volume that is not there any more.
Result<std::string> zap_device(Run& run, const action::ZapBluestore& kind, const Action& action) {
    BEDPLATE_ASSIGN(const std::string disk, run.disk_path(action));
    if (kind.volume.empty()) {
        return kind.partition ? partition_path(disk, *kind.partition) : disk;
    }
    BEDPLATE_ASSIGN(const auto volumes, logical_volumes(run.context.commands));
    const bool there = std::ranges::any_of(volumes, [&](const LvState& volume) {
        return volume.volume_group + "/" + volume.name == kind.volume;
    });
    return there ? "/dev/" + kind.volume : std::string();
}

Result<std::unique_ptr<BlockDevice>> open_zapped(Run& run, const action::ZapBluestore& kind,
                                                 const Action& action, const std::string& path,
                                                 BlockAccess access) {
    const bool whole_disk = kind.volume.empty() && !kind.partition;
    return whole_disk ? run.disks.open(*action.device, access) : run.disks.open_part(action, path, access);
}

Result<bool> has_labels(BlockDevice& device, const std::vector<Bytes>& offsets) {
    for (const Bytes offset : offsets) {
        if (offset + bluestore_label_size > device.size()) {
            continue;
        }
        std::string block(bluestore_label_size.value, '\0');
        BEDPLATE_TRY(device.read(offset, std::as_writable_bytes(std::span(block))));
        if (bluestore_label_in(block, offset)) {
            return true;
        }
    }
    return false;
}

Result<Observation> observe_zap(Run& run, const action::ZapBluestore& kind, const Action& action) {
    BEDPLATE_ASSIGN(const bool own, is_own_unfinished(run, action));
    BEDPLATE_ASSIGN(const std::string path, zap_device(run, kind, action));
    if (own || path.empty()) {
        return satisfied();
    }
    if (!run.context.files.exists(path)) {
        // A volume that is switched off can be looked at only after it is on; a partition may have gone with
        // the disk's table in an earlier run.
        return kind.volume.empty() ? satisfied() : needed();
    }
    BEDPLATE_ASSIGN(const auto device, open_zapped(run, kind, action, path, BlockAccess::read));
    BEDPLATE_ASSIGN(const bool there, has_labels(*device, kind.offsets));
    return there ? needed() : satisfied();
}

Result<void> apply_zap(Run& run, const action::ZapBluestore& kind, const Action& action) {
    run.touch(action);
    BEDPLATE_TRY(run.run_commands(action));
    BEDPLATE_ASSIGN(const std::string path, zap_device(run, kind, action));
    BEDPLATE_ASSIGN(const auto device, open_zapped(run, kind, action, path, BlockAccess::write));
    const std::vector<std::byte> zeros(bluestore_label_size.value);
    for (const Bytes offset : kind.offsets) {
        if (offset + bluestore_label_size <= device->size()) {
            BEDPLATE_TRY(device->write(offset, zeros));
        }
    }
    return device->flush();
}

// The files by which the kernel stops a bcache device and its cache set
// (Documentation/admin-guide/bcache.rst).
std::vector<std::string> bcache_switches(Run& run, const action::StopBcache& kind) {
    std::vector<std::string> switches;
    if (!kind.name.empty()) {
        switches.push_back(std::format("/sys/block/{}/bcache/stop", kind.name));
    }
    if (!kind.uuid.empty()) {
        switches.push_back(std::format("/sys/fs/bcache/{}/stop", kind.uuid));
    }
    std::erase_if(switches, [&](const std::string& path) { return !run.context.files.exists(path); });
    return switches;
}

Result<Observation> observe_bcache(Run& run, const action::StopBcache& kind, const Action& action) {
    if (bcache_switches(run, kind).empty()) {
        return satisfied();
    }
    return kind.name.empty() ? Result<Observation>(needed()) : observe_node(run, action, "/dev/" + kind.name);
}

Result<void> apply_bcache(Run& run, const action::StopBcache& kind) {
    for (const std::string& path : bcache_switches(run, kind)) {
        // Files of sysfs cannot be replaced or synced like others.
        BEDPLATE_TRY(run_checked(run.context.commands, {.argv = {"tee", path}, .input = "1\n"}));
    }
    return {};
}

}  // namespace

Steps steps(const action::ZapBluestore& kind, const Action& action, Run& run) {
    return {.observe = [&] { return observe_zap(run, kind, action); },
            .apply = [&] { return apply_zap(run, kind, action); }};
}

Steps steps(const action::CloseCrypt& kind, const Action& action, Run& run) {
    return remove_node("/dev/mapper/" + kind.name, action, run);
}

Steps steps(const action::StopArray& kind, const Action& action, Run& run) {
    return remove_node(kind.device, action, run);
}

Steps steps(const action::RemoveMultipathMap& kind, const Action& action, Run& run) {
    return remove_node("/dev/mapper/" + kind.name, action, run);
}

Steps steps(const action::StopBcache& kind, const Action& action, Run& run) {
    return {.observe = [&] { return observe_bcache(run, kind, action); },
            .apply = [&] { return apply_bcache(run, kind); },
            .verify = [&]() -> Result<void> {
                return wait_until(
                    run.context.clock, gone_limit,
                    [&] { return Result<bool>(bcache_switches(run, kind).empty()); }, "teardown.verify",
                    std::format("bcache {} {} is still there after it was stopped", kind.name, kind.uuid));
            }};
}

}  // namespace bedplate
