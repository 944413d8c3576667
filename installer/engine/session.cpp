// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session.hpp"

#include <algorithm>

#include "probe/probe.hpp"

namespace bedplate {

namespace {

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

}  // namespace

Result<Plan> plan_for(const Inventory& inventory, const Site& site, const std::vector<Profile>& profiles,
                      const std::optional<std::string>& hostname) {
    BEDPLATE_ASSIGN(const auto node, compose(site, inventory, hostname));
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

Result<void> Session::prepare() {
    stage("reading the site document and the profiles");
    BEDPLATE_TRY(read_site());
    BEDPLATE_TRY(read_profiles());
    BEDPLATE_TRY(look_at_machine());
    BEDPLATE_TRY(make_plan());
    return open_medium();
}

Result<void> Session::read_site() {
    BEDPLATE_ASSIGN(site_, find_site(platform_, options_.documents, options_.site));
    return {};
}

Result<void> Session::read_profiles() {
    BEDPLATE_ASSIGN(profiles_, load_profiles(platform_.files, options_.profiles));
    return {};
}

Result<void> Session::look_at_machine() {
    stage("looking at this machine");
    BEDPLATE_ASSIGN(inventory_, probe(platform_));
    stage(std::format("{} {}, serial {}: {} disks, {} network ports", inventory_->system.manufacturer,
                      inventory_->system.product, inventory_->system.serial, inventory_->disks.size(),
                      inventory_->nics.size()));
    return {};
}

Result<void> Session::make_plan() {
    BEDPLATE_ASSIGN(plan_, plan_for(*inventory_, *site_, profiles_, std::nullopt));
    stage(std::format("this is {} with profile {}", plan_->hostname, plan_->profile_name));
    return {};
}

Result<void> Session::open_medium() {
    BEDPLATE_ASSIGN(medium_, find_medium(platform_, options_.medium));
    stage(std::format("medium: version {}, build {}", medium_->manifest.version, medium_->manifest.build_id));
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
        if (disk.role == PlannedRole::system) {
            consent.disks.push_back(disk.identity);
        }
    }
    return consent;
}

Result<void> Session::apply(const Consent& consent) {
    BEDPLATE_ASSIGN(const auto payload, medium_->open_payload());
    ExecuteContext context{.commands = platform_.commands,
                           .files = platform_.files,
                           .blocks = platform_.blocks,
                           .clock = platform_.clock,
                           .events = events_,
                           .payload = *payload,
                           .manifest = medium_->manifest,
                           .inventory = *inventory_,
                           .root_password_hash = site_->root_password_hash};
    return execute(*plan_, consent, context);
}

}  // namespace bedplate
