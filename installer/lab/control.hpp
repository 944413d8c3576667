// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <iosfwd>

#include "lab/follow.hpp"
#include "lab/lab.hpp"
#include "lab/libvirt.hpp"
#include "platform/platform.hpp"

namespace bedplate::lab {

/// What `bedplate lab up` was given.
struct UpOptions {
    Wish wish;
    std::filesystem::path folder, iso, program;
    std::filesystem::path site;          ///< empty: default_site
    std::optional<std::string> profile;  ///< only with default_site
    std::vector<std::filesystem::path> profile_places;
    std::chrono::minutes patience{
        90};  ///< from power-on until every node is ready, before BEDPLATE_TIME_SCALE
};

/// How a lab shows what its nodes do: called about once a second with one entry a node, in their order.
using View = std::function<void(const std::vector<Progress>&)>;

/// Where labs are kept: each in a folder of its name, below.
inline constexpr std::string_view lab_folder = "/var/tmp/bedplate-lab";

/// Make a lab, or take up one that was broken off: switch, network, medium, disks, virtual machines, BMCs;
/// start the nodes, give the joining ones a ticket of the first, and return when all are ready. Errors:
/// those of the parts, lab.other (a lab of this name and another shape is there), lab.failed (a node's
/// installation failed), lab.late.
[[nodiscard]] Result<Lab> up(Platform& platform, const UpOptions& options, const View& view);

/// Errors: lab.none.
[[nodiscard]] Result<Lab> read_lab(const FileSystem& files, const std::filesystem::path& folder);

struct NodeState {
    Libvirt::State machine;
    Progress progress;
    Json report;  ///< `bedplate node status --json` of the node; null where it does not answer
};
/// Every node, asked at once.
[[nodiscard]] Result<std::vector<NodeState>> status(Platform& platform, const Lab& lab);

/// Remove everything: BMCs, virtual machines, network, switch, files. What is gone already is fine, so that
/// it can be tried again.
[[nodiscard]] Result<void> down(Platform& platform, const Lab& lab);

/// The command that opens a node, to which a remote command may be added.
[[nodiscard]] std::vector<std::string> ssh_command(const Lab& lab, const LabNode& node);

/// What a BMC asks of a machine: "get power", "set power 0|1", "set reset 1"; returns what to answer. Errors:
/// lab.chassis (anything else), and those of libvirt.
[[nodiscard]] Result<std::string> chassis(const Lab& lab, const std::string& hostname,
                                          const std::vector<std::string>& words);

}  // namespace bedplate::lab
