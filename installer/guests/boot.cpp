// SPDX-License-Identifier: GPL-3.0-or-later
// What a node does for its machines when it starts. All nodes of a cluster may start at once: then neither
// the registry nor the pool serves yet.
#include <algorithm>
#include <optional>

#include "guests/guests.hpp"

namespace bedplate::guests {

namespace {

/// A machine that is started before would fail at its disk, and failures count against the node.
Result<void> wait_for_pool(Guests& guests) {
    return wait_until(guests, "the pool of machines' disks", std::chrono::minutes{10},
                      [&guests]() -> Result<bool> {
                          BEDPLATE_TRY(pool_answers(guests.platform));
                          return true;
                      });
}

bool has_machines(const FileSystem& files) {
    const auto there = files.list(vm_folder);
    return there &&
           std::ranges::any_of(*there, [](const std::string& name) { return name.ends_with(".xml"); });
}

}  // namespace

Result<void> before_pacemaker(Guests& guests) {
    const auto written =
        wait_until(guests, "the registry", std::chrono::seconds{20}, [&guests]() -> Result<bool> {
            BEDPLATE_TRY(follow_vms(guests.platform, guests.registry, guests.settings.hostname));
            return true;
        });
    // Without a registry, what was written before holds.
    if (has_machines(guests.platform.files)) {
        BEDPLATE_TRY(wait_for_pool(guests));
    }
    return written;
}

Result<void> start_left_off(Guests& guests) {
    BEDPLATE_ASSIGN(const auto libvirt, guests.connect(std::string(own_libvirt)));
    // Once: a machine that somebody ends later stays off.
    BEDPLATE_ASSIGN(auto waiting, libvirt->left_off());
    if (waiting.empty()) {
        return {};
    }
    BEDPLATE_TRY(wait_for_pool(guests));
    return wait_until(guests, "this node's own machines to start", std::chrono::minutes{5},
                      [&]() -> Result<bool> {
                          std::optional<Error> trouble;
                          std::erase_if(waiting, [&](const std::string& name) {
                              const auto started = libvirt->start(name);
                              if (started) {
                                  guests.say("started " + name);
                              } else {
                                  trouble = started.error();
                              }
                              return started.has_value();
                          });
                          return trouble ? Result<bool>(std::unexpected(*trouble)) : Result<bool>(true);
                      });
}

}  // namespace bedplate::guests
