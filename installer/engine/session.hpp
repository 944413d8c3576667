// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/documents.hpp"
#include "engine/install_report.hpp"
#include "engine/install_sources.hpp"
#include "engine/installer_network.hpp"
#include "engine/medium.hpp"
#include "execute/execute.hpp"
#include "netproof/netproof.hpp"
#include "plan/plan.hpp"
#include "platform/platform.hpp"

namespace bedplate {

/// Documents and a machine to a plan: compose the node's answers, choose the profile (the one the site names
/// for this node, else the best match), plan. Pure. Errors: those of compose, choose_profile and make_plan,
/// and profile.unknown where the site names one that is not there.
[[nodiscard]] Result<Plan> plan_for(const Inventory& inventory, const Site& site,
                                    const std::vector<Profile>& profiles,
                                    const std::optional<std::string>& hostname,
                                    bool skip_network_proof = false);

/// The profile of that name, or the best match where none is asked for. Errors: profile.unknown and those of
/// choose_profile.
[[nodiscard]] Result<const Profile*> profile_for(const Inventory& inventory,
                                                 const std::vector<Profile>& profiles,
                                                 const std::optional<std::string>& requested);

/// Whether there is a key for all that the plan encrypts. Errors: crypt.no-key.
[[nodiscard]] Result<void> check_keys(const Plan& plan, const Secrets& secrets);
/// The plan hands over what opens the machine's BMC.
[[nodiscard]] bool asks_for_bmc(const Plan& plan);
/// That as the node's file (/etc/bedplate/bmc.json); nothing where the plan does not ask for it or the
/// secrets hold no password. The user is the secrets', else the site's for this node.
[[nodiscard]] std::optional<Secret> bmc_file(const Plan& plan, const BmcCredentials& credentials,
                                             const Site& site);

/// What a person typed who sits before the machine, and no document holds. It wins over what came with the
/// medium.
struct TypedSecrets {
    std::optional<Secret> join_ticket = {}, disk_passphrase = {};
};

/// Which secrets came with the medium or with a stick.
struct SecretsAtHand {
    bool join_ticket = false, disk_passphrase = false;
};

struct SessionOptions {
    std::optional<std::string> site;  ///< file or URL; else the kernel's command line, else the medium
    std::optional<std::filesystem::path> secrets = {};  ///< file; else the medium's or the stick's
    DocumentPlaces documents = {};
    MediumPlaces medium = {};
    std::vector<std::filesystem::path> profiles = {};  ///< directories; empty: the usual places
    bool skip_network_proof = false;                   ///< the plan says so, and the node's report
    InstallerNetwork network = {};
};

/// One installation, whoever fronts it: probe, plan, consent, apply. The fronts only choose the options and
/// show the events; nothing they do changes what is written.
class Session {
public:
    Session(Platform& platform, EventSink& events, SessionOptions options);

    /// Read the documents, look at the machine, make the plan, find the medium. Writes nothing to any disk.
    [[nodiscard]] Result<void> prepare();

    // The steps of prepare() one by one, for a front end that edits the site document in between. Each may
    // be repeated.

    /// Which documents and payload there are to be, the network for those on a server, and whom to report to.
    /// After look_at_machine().
    [[nodiscard]] Result<void> find_sources();
    /// A server that chooses the site by machine is asked after look_at_machine(). Where the boot loader
    /// brought no site area the medium's is read; one that is not there yet is waited for if `patient`.
    [[nodiscard]] Result<void> read_site(bool patient = true);
    /// The answers of a person instead of a file's.
    void use_site(Site site) { site_ = std::move(site); }
    void use_secrets(TypedSecrets secrets) { typed_ = std::move(secrets); }
    /// Errors: those of find_secrets.
    [[nodiscard]] Result<SecretsAtHand> secrets_at_hand() const;
    [[nodiscard]] Result<void> read_profiles();
    [[nodiscard]] Result<void> look_at_machine();
    /// A recorded machine in the place of this one.
    void use_inventory(Inventory inventory) { inventory_ = std::move(inventory); }
    /// Needs the three above.
    [[nodiscard]] Result<void> make_plan();
    [[nodiscard]] Result<void> open_medium();

    /// The payload stands on a server: the firmware may try the network first at every start.
    [[nodiscard]] bool started_over_network() const { return sources_ && sources_->payload.has_value(); }

    [[nodiscard]] const Plan& plan() const { return *plan_; }
    [[nodiscard]] const Inventory& inventory() const { return *inventory_; }
    [[nodiscard]] const std::vector<Profile>& profiles() const { return profiles_; }
    [[nodiscard]] const Site& site() const { return *site_; }
    [[nodiscard]] const Medium& medium() const { return *medium_; }

    /// What the site document consents to: every disk that the plan names, if it says `unattended: true`.
    /// Errors: consent.missing.
    [[nodiscard]] Result<Consent> consent_of_site() const;

    /// Bring the network of the plan up on this machine and try it. What was seen is left in
    /// /run/bedplate/network-proof.json. Errors: those of prove_network().
    [[nodiscard]] Result<NetworkProof> try_network();
    /// The same, and everything has to hold; apply() does it first of all. Errors: those of try_network() and
    /// what does not hold.
    [[nodiscard]] Result<void> prove();

    /// Carry the plan out, on the machine that it was made for: before the first try it is looked at once
    /// more, and any disk that the plan has a use for has to be what it was. Errors: disk.changed, disk.gone,
    /// crypt.no-key, and those of execute(). Whatever fails is also left as a bundle on the disk's ESP, if
    /// there is one already.
    [[nodiscard]] Result<void> apply(const Consent& consent);

private:
    void stage(const std::string& text);
    void note_payload(const std::string& text);
    void tell_interrupted();
    void tell_bmc();
    /// What this node is handed of the secrets, by the file's path.
    [[nodiscard]] std::map<std::string, Secret> files_of_secrets(const NodeSpec& node) const;
    [[nodiscard]] Result<void> prepare_steps();
    [[nodiscard]] Result<void> before_first_write();
    [[nodiscard]] Result<void> ask_the_cluster();
    /// The ticket that was typed, else the one that came with the medium, if any.
    [[nodiscard]] Result<std::optional<Secret>> join_ticket() const;

    Platform& platform_;
    OrderedEvents events_;
    SessionOptions options_;
    std::optional<InstallSources> sources_;
    std::optional<InstallReport> report_;
    std::optional<Site> site_;
    TypedSecrets typed_;
    Secrets secrets_;
    std::vector<Profile> profiles_;
    std::optional<Inventory> inventory_;
    std::optional<Plan> plan_;
    std::optional<Medium> medium_;
    bool applied_ = false;
    std::unique_ptr<PayloadSource> payload_;  ///< here, since a thread that is stuck may outlive apply()
};

}  // namespace bedplate
