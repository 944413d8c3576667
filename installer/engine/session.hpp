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
                                    const std::optional<std::string>& hostname);

struct SessionOptions {
    std::optional<std::string> site;  ///< file or URL; else the kernel's command line, else the medium
    DocumentPlaces documents = {};
    MediumPlaces medium = {};
    std::vector<std::filesystem::path> profiles = {};  ///< directories; empty: the usual places
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
    [[nodiscard]] Result<void> read_site();
    /// The answers of a person instead of a file's.
    void use_site(Site site) { site_ = std::move(site); }
    [[nodiscard]] Result<void> read_profiles();
    [[nodiscard]] Result<void> look_at_machine();
    /// A recorded machine in the place of this one.
    void use_inventory(Inventory inventory) { inventory_ = std::move(inventory); }
    /// Needs the three above.
    [[nodiscard]] Result<void> make_plan();
    [[nodiscard]] Result<void> open_medium();

    [[nodiscard]] const Plan& plan() const { return *plan_; }
    [[nodiscard]] const Inventory& inventory() const { return *inventory_; }
    [[nodiscard]] const std::vector<Profile>& profiles() const { return profiles_; }
    [[nodiscard]] const Site& site() const { return *site_; }
    [[nodiscard]] const Medium& medium() const { return *medium_; }

    /// What the site document consents to: every disk that the plan names, if it says `unattended: true`.
    /// Errors: consent.missing.
    [[nodiscard]] Result<Consent> consent_of_site() const;

    /// Carry the plan out. Whatever fails is also left as a bundle on the disk's ESP, if there is one
    /// already.
    [[nodiscard]] Result<void> apply(const Consent& consent);

private:
    void stage(const std::string& text);

    Platform& platform_;
    EventSink& events_;
    SessionOptions options_;
    std::optional<Site> site_;
    std::vector<Profile> profiles_;
    std::optional<Inventory> inventory_;
    std::optional<Plan> plan_;
    std::optional<Medium> medium_;
};

}  // namespace bedplate
