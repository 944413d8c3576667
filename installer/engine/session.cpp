// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session.hpp"

#include <algorithm>

#include "engine/medium_area.hpp"
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

std::string firmware_text(const FirmwareFacts& firmware) {
    if (firmware.mode == FirmwareMode::bios) {
        return "BIOS";
    }
    return firmware.secure_boot ? "UEFI, Secure Boot on" : "UEFI, Secure Boot off";
}

/// The last "console=ttyS1,115200n8" of the kernel's command line.
std::optional<std::string> serial_console(const FileSystem& files, const DocumentPlaces& places) {
    const auto console = kernel_argument(files, places, "console");
    if (!console || !console->starts_with("ttyS")) {
        return std::nullopt;
    }
    return console->substr(0, console->find(','));
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

void Session::note_payload(const std::string& text) {
    events_.on_event({.type = Event::Type::note, .stage = "payload", .action = "", .text = text});
}

void Session::stage(const std::string& text) {
    events_.on_event({.type = Event::Type::note, .stage = "preflight", .action = "", .text = text});
}

Result<void> Session::prepare() {
    auto done = prepare_steps();
    if (!done && report_) {
        report_->refused_or_failed(done.error());
    }
    return done;
}

Result<void> Session::prepare_steps() {
    BEDPLATE_TRY(look_at_machine());
    BEDPLATE_TRY(find_sources());
    stage("reading the site document and the profiles");
    BEDPLATE_TRY(read_site());
    BEDPLATE_TRY(read_profiles());
    BEDPLATE_TRY(make_plan());
    return open_medium();
}

Result<void> Session::find_sources() {
    BEDPLATE_ASSIGN(sources_, install_sources(platform_.files, options_.documents, options_.site));
    if (sources_->needs_network()) {
        BEDPLATE_TRY(bring_up_network(platform_, options_.network, sources_->boot_mac,
                                      [&](const std::string& text) { stage(text); }));
    }
    if (sources_->report) {
        report_.emplace(platform_, sources_->trust, *sources_->report, node_request(*inventory_));
        events_.set_report(&*report_);
    }
    return {};
}

Result<void> Session::read_site() {
    const Inventory* const machine = inventory_ ? &*inventory_ : nullptr;
    auto site = find_site(platform_, options_.documents, options_.site, machine);
    if (!site && site.error().code == "site.none") {
        const auto unpacked = unpack_medium_area(platform_, options_.medium, options_.documents);
        if (unpacked && *unpacked) {
            DocumentPlaces places = options_.documents;
            places.site_area = places.medium_area;
            site = find_site(platform_, places, options_.site, machine);
        }
    }
    BEDPLATE_ASSIGN(site_, std::move(site));
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
    if (const auto console = serial_console(platform_.files, options_.documents)) {
        inventory_->firmware.serial_console = *console;
    }
    stage("started by " + firmware_text(inventory_->firmware));
    return {};
}

Result<void> Session::make_plan() {
    BEDPLATE_ASSIGN(plan_, plan_for(*inventory_, *site_, profiles_, std::nullopt));
    stage(std::format("this is {} with profile {}", plan_->hostname, plan_->profile_name));
    if (report_) {
        report_->set("hostname", plan_->hostname);
        report_->set("plan_digest", plan_->digest());
    }
    return {};
}

Result<void> Session::open_medium() {
    const InstallSources sources = sources_.value_or(InstallSources{});
    BEDPLATE_ASSIGN(medium_,
                    find_medium_or_server(platform_, options_.medium, sources.trust, sources.payload));
    stage(std::format("{}: version {}, build {}", medium_->url.empty() ? "medium" : medium_->url,
                      medium_->manifest.version, medium_->manifest.build_id));
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
    const InstallSources sources = sources_.value_or(InstallSources{});
    BEDPLATE_ASSIGN(const auto payload,
                    open_patient_payload(platform_, *medium_, options_.medium, sources.trust, sources.payload,
                                         [&](const std::string& text) { note_payload(text); }));
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
