// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/cluster_rules.hpp"

#include <format>

#include "firstboot/access.hpp"
#include "registry/fencing.hpp"
#include "registry/seed.hpp"

namespace bedplate::firstboot {

namespace {

constexpr std::string_view qdevice_unit = "corosync-qdevice.service";
/// Made by corosync-qdevice-net-certutil: the certificates that qnetd knows this cluster by.
constexpr std::string_view qdevice_certificates = "/etc/corosync/qdevice/net/nssdb";

void show(Node& node, const HaPolicy& policy) {
    const Json rules = to_json(policy);
    for (const auto& [key, value] : rules.items()) {
        node.say(std::format("{:<20} {}", key, value.is_string() ? value.get<std::string>() : value.dump()));
    }
}

Result<void> change_qdevice(Node& node, Registry& registry, const std::string& host) {
    SeedPlaces places;
    places.hostname = node.settings.hostname;
    BEDPLATE_ASSIGN(const auto lock, registry.lock(places.hostname, std::chrono::seconds{60}));
    const auto done = set_qdevice(node.platform, registry, places, host, lock);
    static_cast<void>(registry.unlock(lock));  // a lease that cannot be given back runs out
    return done;
}

}  // namespace

Result<void> manage_rules(Node& node, bool commit) {
    RegistryConnection connection(node.platform);
    BEDPLATE_TRY(connection.open());
    FencingRegistry registry(connection.registry());
    BEDPLATE_ASSIGN(const auto stored, registry.policy());
    if (stored) {
        show(node, *stored);
    }
    if (stored == node.settings.ha) {
        return {};
    }
    node.say(stored ? "this node's /etc/bedplate/site.json says:"
                    : "nothing is written yet; this node's site says:");
    show(node, node.settings.ha);
    if (!commit) {
        node.say("nothing was changed; --commit makes them the cluster's");
        return {};
    }
    BEDPLATE_TRY(registry.store_policy(node.settings.ha));
    node.say("these are the cluster's rules now");
    return {};
}

Result<void> manage_qdevice(Node& node, bool remove, bool commit) {
    RegistryConnection connection(node.platform);
    BEDPLATE_TRY(connection.open());
    BEDPLATE_ASSIGN(const auto stored, FencingRegistry(connection.registry()).policy());
    const std::string host = remove ? "" : stored.value_or(node.settings.ha).qdevice_host;
    if (!remove && host.empty()) {
        return refuse("qdevice.none", "the cluster's rules name no machine that runs corosync-qnetd", {},
                      "ha: {qdevice: {host: ...}} in the site, then 'bedplate node rules --commit'");
    }
    if (!remove && !node.platform.files.exists(qdevice_certificates)) {
        return refuse("qdevice.certificates", "this node has no certificates for a quorum device",
                      std::string(qdevice_certificates),
                      "docs/fencing.md, \"A quorum device\", says how they are made");
    }
    BEDPLATE_ASSIGN(const auto plan, corosync_plan(connection.registry()));
    node.say(plan.qdevice.empty() ? "corosync has no quorum device"
                                  : "corosync's quorum device is at " + plan.qdevice);
    if (plan.qdevice == host && plan.applied == plan.version) {
        return {};
    }
    if (!commit) {
        node.say(remove ? "with --commit it is taken away" : "with --commit it is the one at " + host);
        return {};
    }
    return change_qdevice(node, connection.registry(), host);
}

Result<void> follow_qdevice(Platform& platform, Registry& registry) {
    BEDPLATE_ASSIGN(const auto plan, corosync_plan(registry));
    const bool wanted = !plan.qdevice.empty();
    const std::vector<std::string> units{std::string(qdevice_unit)};
    BEDPLATE_ASSIGN(const bool runs, units_active(platform, units));
    if (wanted == runs) {
        return {};
    }
    if (wanted && !platform.files.exists(qdevice_certificates)) {
        return fail("qdevice.certificates", "this node has no certificates for the quorum device",
                    std::string(qdevice_certificates),
                    "docs/fencing.md, \"A quorum device\", says how they are made");
    }
    auto command = systemctl({wanted ? "enable" : "disable", "--now"}, units);
    BEDPLATE_TRY(run_checked(platform.commands, command));
    return {};
}

}  // namespace bedplate::firstboot
