// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "cluster/log_files.hpp"
#include "engine/node_report.hpp"
#include "firstboot/tools.hpp"

namespace bedplate::firstboot {

/// What this node was given of the secrets document; nothing where there is no file. Errors: node.file.
[[nodiscard]] Result<NodeSecrets> read_node_secrets(const FileSystem& files);

/// Somebody listens on that TCP port of this node.
[[nodiscard]] Result<bool> listens_on(Platform& platform, std::uint16_t port);

/// What has to be done now and then: compress and remove what a control node keeps, throw queues away that
/// nobody reads any more, tell the node exporter how much waits, and start rsyslog again where it gave a
/// receiver up. Errors: command.*, file.write.
[[nodiscard]] Result<void> tend_logs(Platform& platform, const NodeSettings& settings);

/// For `bedplate node status`: what waits for its receivers, who was heard of, and the kernel's audit rules.
[[nodiscard]] Result<NodeCheck> check_log_sending(Platform& platform, const NodeSettings& settings);
[[nodiscard]] Result<NodeCheck> check_log_receiving(Platform& platform);
[[nodiscard]] Result<NodeCheck> check_audit(Platform& platform);

}  // namespace bedplate::firstboot
