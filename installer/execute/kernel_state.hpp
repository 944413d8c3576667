// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/quantities.hpp"
#include "base/result.hpp"
#include "platform/command_runner.hpp"

namespace bedplate {

// What the kernel and the tools say about the storage as it is now: each parser is pure, each query runs one
// tool.

/// One line of /proc/self/mountinfo (proc_pid_mountinfo(5)).
struct Mount {
    std::string point, type, source;
    bool read_only = false;
};
/// Lines that cannot be understood are left out: there are more kinds of mounts than anyone knows.
[[nodiscard]] std::vector<Mount> parse_mounts(std::string_view mountinfo);

/// What libblkid finds at the start of a device.
struct BlkidState {
    std::string type, uuid, label;
    std::string partition_table;  ///< "gpt"; empty for a file system
};
[[nodiscard]] BlkidState parse_blkid_export(std::string_view text);
/// Looks at the device itself, never into a cache. nullopt: nothing is there (blkid's exit status 2).
/// Errors: command.*, storage.ambivalent (several signatures that contradict each other).
[[nodiscard]] Result<std::optional<BlkidState>> signature_of(CommandRunner& commands,
                                                             const std::string& device);

struct PvState {
    std::string device, volume_group, group_uuid;
};
/// Output of pvs --reportformat json. Errors: json.syntax, lvm.report.
[[nodiscard]] Result<std::vector<PvState>> parse_pvs_state(std::string_view json);
/// Every physical volume of the machine; with `device` only what LVM finds there.
[[nodiscard]] Result<std::vector<PvState>> physical_volumes(CommandRunner& commands,
                                                            const std::string& device = {});

struct LvState {
    std::string volume_group, name;
    Bytes size;
    bool active = false;
    std::string group_uuid = {};
};
/// Output of lvs --reportformat json --units b --nosuffix. Errors: json.syntax, lvm.report.
[[nodiscard]] Result<std::vector<LvState>> parse_lvs_state(std::string_view json);
/// Logical volumes; with `device` only those that LVM finds there.
[[nodiscard]] Result<std::vector<LvState>> logical_volumes(CommandRunner& commands,
                                                           const std::string& device = {});

/// What LVM finds on all disks, in one scan.
struct LvmState {
    std::vector<PvState> physical;
    std::vector<LvState> logical;
};
[[nodiscard]] Result<LvmState> lvm_state(CommandRunner& commands);

}  // namespace bedplate
