// SPDX-License-Identifier: GPL-3.0-or-later
#include "node_ready.hpp"

#include <format>

#include "platform/time_scale.hpp"
#include "require.hpp"

namespace bedplate::vm {

using std::chrono::minutes;

std::string not_ready(const GuestSsh& ssh, minutes limit) {
    const auto said = must(ssh.run(std::format("bedplate node status --wait-ready {}s",
                                               scaled(std::chrono::seconds(limit)).count() / 1000),
                                   scaled(limit + minutes(1))));
    if (said.exit_status == 0) {
        return {};
    }
    return said.out +
           must(ssh.output(
               "journalctl --no-pager --unit bedplate-firstboot --lines 60; ceph -s 2>&1 || true"));
}

}  // namespace bedplate::vm
