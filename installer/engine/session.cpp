// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session.hpp"

#include <algorithm>

#include "cluster/fencing.hpp"
#include "cluster/services.hpp"
#include "engine/medium_area.hpp"
#include "engine/prejoin.hpp"
#include "probe/probe.hpp"
#include "probe/wait_for_devices.hpp"

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

namespace {

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
                      const std::optional<std::string>& hostname, bool skip_network_proof) {
    BEDPLATE_ASSIGN(auto node, compose(site, inventory, hostname));
    node.skip_network_proof = skip_network_proof;
    BEDPLATE_ASSIGN(const auto* profile, profile_for(inventory, profiles, requested_profile(site, node)));
    return make_plan({.inventory = inventory, .profile = *profile, .node = node});
}

Result<void> check_keys(const Plan& plan, const Secrets& secrets) {
    const bool asks = std::ranges::any_of(plan.actions, [](const Action& action) {
        const auto* crypt = std::get_if<action::CreateCrypt>(&action.kind);
        return crypt != nullptr && crypt->unlock == Encryption::passphrase;
    });
    if (asks && !secrets.disk_passphrase) {
        return refuse(
            "crypt.no-key", "the profile wants a system that a passphrase opens, and there is none",
            plan.profile_name,
            "type it on the screen, or give disk_passphrase in the secrets file: bedplate install --secrets, "
            "or bedplate image personalize --secrets");
    }
    return {};
}

bool asks_for_bmc(const Plan& plan) {
    return std::ranges::any_of(plan.actions, [](const Action& action) {
        const auto* secrets = std::get_if<action::HandOverSecrets>(&action.kind);
        return secrets != nullptr && secrets->path == bmc_path;
    });
}

std::optional<Secret> bmc_file(const Plan& plan, const BmcCredentials& credentials, const Site& site) {
    if (!asks_for_bmc(plan) || !credentials.password) {
        return std::nullopt;
    }
    std::string user = credentials.user;
    const auto node = std::ranges::find(site.nodes, plan.hostname, &NodeEntry::hostname);
    if (user.empty() && node != site.nodes.end()) {
        user = node->bmc.user;
    }
    const Json json{{"user", user}, {"password", credentials.password->reveal()}};
    return Secret(json.dump() + "\n");
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
    if (sources_->report && inventory_) {
        report_.emplace(platform_, sources_->trust, *sources_->report, node_request(*inventory_));
        events_.set_report(&*report_);
    }
    return {};
}

Result<void> Session::read_site(bool patient) {
    const Inventory* const machine = inventory_ ? &*inventory_ : nullptr;
    auto site = find_site(platform_, options_.documents, options_.site, machine);
    if (!site && site.error().code == "site.none") {
        MediumPlaces places_of_medium = options_.medium;
        if (!patient) {
            places_of_medium.patience = std::chrono::seconds{0};
        }
        const auto unpacked = unpack_medium_area(platform_, places_of_medium, options_.documents);
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
    constexpr std::chrono::minutes patience{10};
    BEDPLATE_TRY(wait_for_devices(platform_.commands, patience,
                                  [this] { stage("waiting until all devices of this machine are known"); }));
    stage("looking at this machine");
    bring_ports_up(platform_);
    BEDPLATE_ASSIGN(inventory_, probe(platform_));
    stage(std::format("{} {}, serial {}: {} disks, {} network ports", inventory_->system.manufacturer,
                      inventory_->system.product, inventory_->system.serial, inventory_->disks.size(),
                      inventory_->nics.size()));
    if (const auto console = serial_console(platform_.files, options_.documents)) {
        inventory_->firmware.serial_console = *console;
    }
    stage("started by " + firmware_text(inventory_->firmware));
    tell_interrupted();
    applied_ = false;
    return {};
}

Result<void> Session::make_plan() {
    BEDPLATE_ASSIGN(plan_,
                    plan_for(*inventory_, *site_, profiles_, std::nullopt, options_.skip_network_proof));
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

Result<std::optional<Secret>> Session::join_ticket() const {
    if (typed_.join_ticket) {
        return typed_.join_ticket;
    }
    return ticket_text(platform_.files, options_.documents);
}

Result<SecretsAtHand> Session::secrets_at_hand() const {
    BEDPLATE_ASSIGN(const auto ticket, ticket_text(platform_.files, options_.documents));
    BEDPLATE_ASSIGN(const auto secrets, find_secrets(platform_.files, options_.documents, options_.secrets));
    return SecretsAtHand{.join_ticket = ticket.has_value(),
                         .disk_passphrase = secrets.disk_passphrase.has_value()};
}

Result<void> Session::ask_the_cluster() {
    BEDPLATE_ASSIGN(const auto node, compose(*site_, *inventory_, std::nullopt));
    if (node.cluster != NodeEntry::ClusterAction::join) {
        return {};
    }
    BEDPLATE_ASSIGN(const auto text, join_ticket());
    if (!text) {
        stage("no join ticket on the medium: the installed node will wait for one");
        return {};
    }
    if (options_.skip_network_proof) {
        stage("WARNING: the cluster is not asked whether this node may join (--skip-network-proof)");
        return {};
    }
    BEDPLATE_ASSIGN(const auto ticket, parse_ticket(text->reveal()));
    BEDPLATE_ASSIGN(const auto said, check_before_join(platform_, ticket, node, *inventory_));
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

Result<NetworkProof> Session::try_network() {
    BEDPLATE_TRY(take_down_network(platform_, options_.network));
    BEDPLATE_ASSIGN(auto proof,
                    prove_network(platform_, plan_->network, [&](const std::string& text) { stage(text); }));
    BEDPLATE_TRY(platform_.files.write("/run/bedplate/network-proof.json", to_json(proof).dump(2) + "\n"));
    return proof;
}

Result<void> Session::prove() {
    if (options_.skip_network_proof) {
        stage("WARNING: the network is not tried (--skip-network-proof)");
        return {};
    }
    BEDPLATE_ASSIGN(const auto proof, try_network());
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

Result<void> Session::before_first_write() {
    // Before anything is written, not when the encrypted device is to be made.
    BEDPLATE_ASSIGN(secrets_, find_secrets(platform_.files, options_.documents, options_.secrets));
    if (typed_.disk_passphrase) {
        secrets_.disk_passphrase = typed_.disk_passphrase;
    }
    BEDPLATE_TRY(check_keys(*plan_, secrets_));
    tell_bmc();
    // Somebody may have taken time to look at the plan. A second try finds what the first one made.
    if (!applied_) {
        stage("looking whether the machine is still the same");
        BEDPLATE_ASSIGN(const Inventory now, probe(platform_));
        BEDPLATE_TRY(check_unchanged(*plan_, now));
    }
    applied_ = true;
    // On the node's own network, which the proof leaves in place, the cluster can be asked.
    BEDPLATE_TRY(prove());
    BEDPLATE_TRY(ask_the_cluster());
    const InstallSources sources = sources_.value_or(InstallSources{});
    BEDPLATE_ASSIGN(payload_,
                    open_patient_payload(platform_, *medium_, options_.medium, sources.trust, sources.payload,
                                         [this](const std::string& text) { note_payload(text); }));
    return {};
}

void Session::tell_bmc() {
    if (asks_for_bmc(*plan_) && !secrets_.bmc.of(inventory_->system.serial).password) {
        stage(
            "no password of this machine's BMC in the secrets: the node will stay in standby until it has "
            "it");
    }
}

std::map<std::string, Secret> Session::files_of_secrets(const NodeSpec& node) const {
    std::map<std::string, Secret> files;
    if (auto bmc = bmc_file(*plan_, secrets_.bmc.of(inventory_->system.serial), *site_)) {
        files.emplace(bmc_path, std::move(*bmc));
    }
    if (auto services = node_secrets(secrets_, node)) {
        files.emplace(node_secrets_path, std::move(*services));
    }
    return files;
}

Result<void> Session::apply(const Consent& consent) {
    if (auto ready = before_first_write(); !ready) {
        events_.on_event({.type = Event::Type::failed,
                          .stage = "preflight",
                          .action = "",
                          .text = ready.error().message,
                          .error = ready.error()});
        if (report_) {
            report_->refused_or_failed(ready.error());
        }
        return ready;
    }
    BEDPLATE_ASSIGN(auto ticket, join_ticket());
    BEDPLATE_ASSIGN(const auto node, compose(*site_, *inventory_, plan_->hostname));
    ExecuteContext context{.commands = platform_.commands,
                           .files = platform_.files,
                           .blocks = platform_.blocks,
                           .clock = platform_.clock,
                           .events = events_,
                           .payload = *payload_,
                           .manifest = medium_->manifest,
                           .inventory = *inventory_,
                           .root_password_hash = site_->root_password_hash,
                           .disk_passphrase = secrets_.disk_passphrase,
                           .join_ticket = std::move(ticket),
                           .node_secrets = files_of_secrets(node)};
    return execute(*plan_, consent, context);
}

}  // namespace bedplate
