// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "cluster/cluster.hpp"
#include "execute/carry_out.hpp"
#include "platform/platform.hpp"
#include "registry/registry.hpp"

namespace bedplate::firstboot {

/// What the steps of one node share. Everything else is looked up where it is.
struct Node {
    Platform& platform;
    NodeSettings settings;
    /// A line for whoever watches the console.
    std::function<void(const std::string&)> say = [](const std::string&) {};
};

/// A JSON document of this node. Errors: file.read, json.syntax with the path.
[[nodiscard]] Result<Json> read_json(const FileSystem& files, std::string_view path);

/// Errors: node.file.
[[nodiscard]] Result<NodeSettings> read_node_settings(const FileSystem& files);

/// A file that a step answers for, owner included.
struct ManagedFile {
    std::string path, text;
    std::uint32_t mode = 0644;
    std::string owner = "root:root";
};

/// Text, mode and owner are as they shall be.
[[nodiscard]] Result<bool> in_place(Platform& platform, const ManagedFile& file);
/// Write it, owner first restricted, then given.
[[nodiscard]] Result<void> put(Platform& platform, const ManagedFile& file);

/// Steps of files whose text is only known when it is their turn; `after` runs when one of them was changed.
[[nodiscard]] Steps file_steps(Platform& platform, std::function<Result<std::vector<ManagedFile>>()> files,
                               std::function<Result<void>()> after = {});

/// `systemctl VERB UNIT...`, of units alone: what packages bring for SysV's init is left as it is.
[[nodiscard]] Command systemctl(std::vector<std::string> verb, const std::vector<std::string>& units);

/// Steps of services: satisfied when every unit is active and enabled and `ready` says so; applied by
/// `systemctl enable` and `start`, then waiting for `ready` as long as `patience`.
[[nodiscard]] Steps unit_steps(Platform& platform, std::vector<std::string> units,
                               std::function<Result<bool>()> ready,
                               std::chrono::seconds patience = std::chrono::seconds{90});

/// Ask again and again until it says yes. The pauses grow to a quarter of the time that was waited, ten
/// seconds at most: each question takes processor time from what is waited for. Errors: firstboot.timeout
/// with the last reason.
[[nodiscard]] Result<void> wait_until(Platform& platform, const std::string& what,
                                      std::chrono::seconds patience,
                                      const std::function<Result<bool>()>& holds,
                                      std::chrono::seconds pause = std::chrono::seconds{1});

[[nodiscard]] Result<bool> units_active(Platform& platform, const std::vector<std::string>& units);
/// Run and say whether the status was 0.
[[nodiscard]] Result<bool> succeeds(Platform& platform, const Command& command);
/// Run commands one after the other; the first that fails ends it.
[[nodiscard]] Result<void> run_all(Platform& platform, const std::vector<std::vector<std::string>>& commands);

/// `systemctl daemon-reload`, which takes half a minute under emulation, if systemd knows an older form of
/// the unit than the one that its files have now; one that it has not read yet is read as it is.
[[nodiscard]] Result<void> reload_if_stale(Platform& platform, std::string_view unit);

/// How large the file system is that holds a path. Errors: command.*, node.file-system.
[[nodiscard]] Result<Bytes> file_system_size(Platform& platform, std::string_view path);

/// What the cluster agreed on, as this node keeps it.
inline constexpr std::string_view identity_path = "/var/lib/bedplate/cluster.json";
inline constexpr std::string_view members_path = "/var/lib/bedplate/members.json";

[[nodiscard]] Result<ClusterIdentity> read_identity(const FileSystem& files);
/// Errors: node.no-member: this node is not among them.
struct Membership {
    Member self;
    std::vector<Member> all;
    std::uint64_t corosync_version = 1;
};
[[nodiscard]] Result<Membership> read_membership(const FileSystem& files);
[[nodiscard]] std::string to_text(const Membership& membership);

/// The same steps, but only on a control node: elsewhere there is nothing to do. Which kind a node is, is
/// known when its turn comes.
[[nodiscard]] Steps on_control(Platform& platform, Steps steps);
/// The same for nodes that run corosync and Pacemaker themselves, and for those that run pacemaker_remote.
[[nodiscard]] Steps on_corosync_node(Platform& platform, Steps steps);
[[nodiscard]] Steps on_remote(Platform& platform, Steps steps);

/// SMBIOS: system serial number and UUID; a machine that has none is known by its machine id.
[[nodiscard]] Result<std::pair<std::string, std::string>> machine_identity(const FileSystem& files);

[[nodiscard]] Result<std::string> random_uuid(const FileSystem& files);

}  // namespace bedplate::firstboot
