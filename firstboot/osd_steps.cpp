// SPDX-License-Identifier: GPL-3.0-or-later
// The OSDs that the plan gave this node, as a step of its first boot.
#include <algorithm>

#include "firstboot/ceph.hpp"
#include "firstboot/osd_prepare.hpp"
#include "firstboot/steps.hpp"

namespace bedplate::firstboot {

namespace {

/// As the monitors see it.
Result<bool> all_up(Node& node) {
    BEDPLATE_ASSIGN(const Json tree, mon_query(node.platform, "osd tree"));
    std::size_t up = 0;
    std::vector<int> own;
    for (const Json& item : tree.value("nodes", Json::array())) {
        if (item.value("type", "") == "host" && item.value("name", "") == node.settings.hostname) {
            own = item.value("children", std::vector<int>{});
        }
    }
    for (const Json& item : tree.value("nodes", Json::array())) {
        const bool mine = std::ranges::find(own, item.value("id", -1)) != own.end();
        up += mine && item.value("status", "") == "up" ? 1 : 0;
    }
    return up >= node.settings.osds.size();
}

Result<bool> there(Node& node) {
    BEDPLATE_ASSIGN(const bool run, osds_run(node.platform));
    return run && !node.settings.osds.empty() ? all_up(node) : Result<bool>(run);
}

/// The fsid of every OSD in the monitors' map.
Result<std::vector<std::string>> known_osds(Platform& platform) {
    BEDPLATE_ASSIGN(const Json map, mon_query(platform, "osd dump"));
    std::vector<std::string> known;
    for (const Json& osd : map.value("osds", Json::array())) {
        known.push_back(osd.value("uuid", ""));
    }
    return known;
}

Result<void> make(Node& node) {
    BEDPLATE_ASSIGN(const auto known, known_osds(node.platform));
    BEDPLATE_TRY(check_kept_osds(node.platform, known));
    BEDPLATE_TRY(run_all(node.platform, {{"systemctl", "enable", "--no-reload", "ceph-osd.target"},
                                         {"systemctl", "start", "ceph-osd.target"}}));
    BEDPLATE_ASSIGN(const auto done, prepare_osds(node.platform));
    for (const auto& line : done) {
        node.say(line);
    }
    return wait_until(node.platform, "the OSDs of this node to be up", std::chrono::seconds{120},
                      [&node] { return there(node); });
}

}  // namespace

Steps osd_steps(Node& node) {
    return {.observe = [&node]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const bool fine, there(node));
                return fine ? satisfied() : needed();
            },
            .apply = [&node] { return make(node); }};
}

}  // namespace bedplate::firstboot
