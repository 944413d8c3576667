// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session.hpp"

#include <algorithm>

#include "engine/prejoin.hpp"
#include "netproof/netproof.hpp"
#include "probe/probe.hpp"

namespace bedplate {

Result<const Profile*> profile_for(const Inventory& inventory, const std::vector<Profile>& profiles,
                                   const std::optional<std::string>& requested) {
    if (!requested) {
        return choose_profile(inventory, profiles);
    }
    const auto found = std::ranges::find(profiles, *requested, &Profile::name);
    if (found == profiles.end()) {
        std::string names;
        for (const auto& profile : profiles) {
            names += (names.empty() ? "" : ", ") + profile.name;
        }
        return refuse("profile.unknown",
                      std::format("the site names the profile '{}', which is not there", *requested), {},
                      "profiles here: " + names);
    }
    return &*found;
}

Result<Plan> plan_for(const Inventory& inventory, const Site& site, const std::vector<Profile>& profiles,
                      const std::optional<std::string>& hostname, bool skip_network_proof) {
    BEDPLATE_ASSIGN(auto node, compose(site, inventory, hostname));
    node.skip_network_proof = skip_network_proof;
    BEDPLATE_ASSIGN(const auto* profile, profile_for(inventory, profiles, requested_profile(site, node)));
    return make_plan({.inventory = inventory, .profile = *profile, .node = node});
}

Session::Session(Platform& platform, EventSink& events, SessionOptions options)
    : platform_(platform), events_(events), options_(std::move(options)) {
    if (options_.profiles.empty()) {
        options_.profiles = profile_directories(options_.documents);
    }
}

void Session::stage(const std::string& text) {
    events_.on_event({.type = Event::Type::note, .stage = "preflight", .action = "", .text = text});
}

// Whoever stands before the machine wants to know why it did not come up.
void Session::tell_interrupted() {
    for (const Disk& disk : inventory_->disks) {
        if (disk.interrupted) {
            stage(std::format("disk serial {}, bay {}: the installation of {} ({}) on it {}", disk.serial,
                              disk.by_path, disk.interrupted->hostname, disk.interrupted->cluster,
                              disk.interrupted->to_text()));
        }
    }
}

Result<void> Session::prepare() {
    stage("reading the site document and the profiles");
    BEDPLATE_ASSIGN(site_, find_site(platform_, options_.documents, options_.site));
    BEDPLATE_ASSIGN(const auto profiles, load_profiles(platform_.files, options_.profiles));
    stage("looking at this machine");
    bring_ports_up(platform_);
    BEDPLATE_ASSIGN(inventory_, probe(platform_));
    stage(std::format("{} {}, serial {}: {} disks, {} network ports", inventory_->system.manufacturer,
                      inventory_->system.product, inventory_->system.serial, inventory_->disks.size(),
                      inventory_->nics.size()));
    tell_interrupted();
    BEDPLATE_ASSIGN(plan_,
                    plan_for(*inventory_, *site_, profiles, std::nullopt, options_.skip_network_proof));
    stage(std::format("this is {} with profile {}", plan_->hostname, plan_->profile_name));
    BEDPLATE_TRY(ask_the_cluster());
    BEDPLATE_ASSIGN(medium_, find_medium(platform_, options_.medium));
    stage(std::format("medium: version {}, build {}", medium_->manifest.version, medium_->manifest.build_id));
    return {};
}

Result<void> Session::ask_the_cluster() {
    BEDPLATE_ASSIGN(const auto node, compose(*site_, *inventory_, std::nullopt));
    if (node.cluster != NodeEntry::ClusterAction::join) {
        return {};
    }
    BEDPLATE_ASSIGN(const auto ticket, find_ticket(platform_.files, options_.documents));
    if (!ticket) {
        stage("no join ticket on the medium: the installed node will wait for one");
        return {};
    }
    BEDPLATE_ASSIGN(const auto said, check_before_join(platform_, *ticket, node, *inventory_));
    stage(said);
    return {};
}

Result<Consent> Session::consent_of_site() const {
    if (!site_->install.unattended) {
        return refuse("consent.missing", "the site document does not allow unattended installation",
                      site_->origin, "set install.unattended: true, or install with the screen");
    }
    Consent consent{
        .plan_digest = plan_->digest(), .disks = {}, .given_by = "site document " + site_->origin};
    for (const auto& disk : plan_->disks) {
        if (disk.written) {
            consent.disks.push_back(disk.identity);
        }
    }
    return consent;
}

Result<void> Session::prove() {
    if (options_.skip_network_proof) {
        stage("WARNING: the network is not tried (--skip-network-proof)");
        return {};
    }
    BEDPLATE_ASSIGN(const auto proof,
                    prove_network(platform_, plan_->network, [&](const std::string& text) { stage(text); }));
    BEDPLATE_TRY(platform_.files.write("/run/bedplate/network-proof.json", to_json(proof).dump(2) + "\n"));
    for (const NetworkCheck& check : proof.checks) {
        if (check.outcome == NetworkCheck::Outcome::doubtful) {
            stage("not sure: " + check.detail);
        }
    }
    if (!proof.holds()) {
        return std::unexpected(proof.to_error());
    }
    stage(std::format("the network holds: {} checks", proof.checks.size()));
    return {};
}

Result<void> Session::apply(const Consent& consent) {
    // Somebody may have taken time to look at the plan. A second try finds what the first one made.
    if (!applied_) {
        stage("looking whether the machine is still the same");
        BEDPLATE_ASSIGN(const Inventory now, probe(platform_));
        BEDPLATE_TRY(check_unchanged(*plan_, now));
    }
    applied_ = true;
    BEDPLATE_TRY(prove());
    BEDPLATE_ASSIGN(payload_, medium_->open_payload());
    ExecuteContext context{.commands = platform_.commands,
                           .files = platform_.files,
                           .blocks = platform_.blocks,
                           .clock = platform_.clock,
                           .events = events_,
                           .payload = *payload_,
                           .manifest = medium_->manifest,
                           .inventory = *inventory_,
                           .root_password_hash = site_->root_password_hash};
    return execute(*plan_, consent, context);
}

}  // namespace bedplate
