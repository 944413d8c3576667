// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/documents.hpp"
#include "engine/medium.hpp"
#include "execute/execute.hpp"
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

struct SessionOptions {
    std::optional<std::string> site;  ///< file or URL; else the kernel's command line, else the medium
    DocumentPlaces documents = {};
    MediumPlaces medium = {};
    std::vector<std::filesystem::path> profiles = {};  ///< directories; empty: the usual places
    bool skip_network_proof = false;                   ///< the plan says so, and the node's report
};

/// One installation, whoever fronts it: probe, plan, consent, apply. The fronts only choose the options and
/// show the events; nothing they do changes what is written.
class Session {
public:
    Session(Platform& platform, EventSink& events, SessionOptions options);

    /// Read the documents, look at the machine, make the plan, find the medium. Writes nothing to any disk.
    [[nodiscard]] Result<void> prepare();
    [[nodiscard]] const Plan& plan() const { return *plan_; }
    [[nodiscard]] const Inventory& inventory() const { return *inventory_; }

    /// What the site document consents to: every disk that the plan names, if it says `unattended: true`.
    /// Errors: consent.missing.
    [[nodiscard]] Result<Consent> consent_of_site() const;

    /// Bring the network of the plan up on this machine and try it; apply() does it first of all. What was
    /// seen is left in /run/bedplate/network-proof.json. Errors: those of prove_network() and what does not
    /// hold.
    [[nodiscard]] Result<void> prove();

    /// Carry the plan out, on the machine that it was made for: before the first try it is looked at once
    /// more, and any disk that the plan has a use for has to be what it was. Errors: disk.changed, disk.gone,
    /// and those of execute(). Whatever fails is also left as a bundle on the disk's ESP, if there is one
    /// already.
    [[nodiscard]] Result<void> apply(const Consent& consent);

private:
    void stage(const std::string& text);
    void tell_interrupted();
    [[nodiscard]] Result<void> ask_the_cluster();

    Platform& platform_;
    EventSink& events_;
    SessionOptions options_;
    std::optional<Site> site_;
    std::optional<Inventory> inventory_;
    std::optional<Plan> plan_;
    std::optional<Medium> medium_;
    bool applied_ = false;
    std::unique_ptr<PayloadSource> payload_;  ///< here, since a thread that is stuck may outlive apply()
};

}  // namespace bedplate
