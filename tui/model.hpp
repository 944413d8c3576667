// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/secret.hpp"
#include "cluster/ticket.hpp"
#include "engine/installation.hpp"
#include "execute/events.hpp"
#include "profile/document_edit.hpp"

namespace bedplate::tui {

/// Everything the screens show: what the engine said, and the answers so far. Knows no keys and no canvas.
class Model {
public:
    Model();

    // What the engine said --------------------------------------------------------------------------------
    enum class Phase { connecting, looking, ready, installing, done, failed };

    /// A message of the engine (docs/screens/protocol.md); replies are not for the model. Errors:
    /// protocol.message.
    [[nodiscard]] Result<void> take(const Json& message);
    void lost_engine();

    Phase phase = Phase::connecting;
    bool in_control = false;
    std::string controller, step;  ///< of the engine: who is in control, and how far that screen got
    std::map<std::string, Error> errors;
    std::optional<Inventory> inventory;
    std::vector<Profile> profiles;
    std::string medium;
    std::deque<Event> log;
    std::optional<Event> progress;  ///< the last event that carried a fraction
    std::optional<Error> failure;
    bool event_arrived = false;  ///< since tick() looked
    std::chrono::milliseconds last_event{};
    std::vector<NodeCheck> checks;  ///< of the network; empty: not tried

    // The answers -----------------------------------------------------------------------------------------
    /// The site document as it is to be installed, planned and saved.
    [[nodiscard]] std::string document() const;
    [[nodiscard]] std::string get(std::string_view path) const { return draft_.get(path).value_or(""); }
    [[nodiscard]] std::vector<std::string> get_list(std::string_view path) const {
        return draft_.get_list(path);
    }
    /// An empty value removes the key.
    void set(std::string_view path, std::string_view value);
    void set_list(std::string_view path, const std::vector<std::string>& values);
    /// "nodes[1]." in front of `key`.
    [[nodiscard]] std::string node(std::string_view key) const;
    /// Where the node's address stands: "nodes[1].address" or "nodes[1].address.management".
    [[nodiscard]] std::string address_path() const;
    /// What validation says about the value at `path`; nullopt: nothing.
    [[nodiscard]] const Finding* finding(std::string_view path) const;
    [[nodiscard]] const Report& findings() const { return findings_; }
    [[nodiscard]] const std::optional<Site>& site() const { return site_; }
    [[nodiscard]] bool from_document() const { return original_.has_value(); }
    /// Where the answers came from at first: a file's name, or empty.
    [[nodiscard]] const std::string& origin() const { return origin_; }

    Secret ticket, disk_passphrase;
    /// What came with the medium need not be typed.
    SecretsAtHand at_hand;
    /// The system is opened by a passphrase at every start.
    [[nodiscard]] bool wants_passphrase() const;
    /// What is wrong with the passphrase, nullopt where it is good or not needed.
    [[nodiscard]] std::optional<Error> passphrase_fault() const;
    /// The ticket's own fault, nullopt where it is good or not needed.
    [[nodiscard]] std::optional<Error> ticket_fault() const;
    /// Takes the cluster's name over where nothing stands there yet.
    void use_ticket(std::string_view text);

    // What follows from both ------------------------------------------------------------------------------
    [[nodiscard]] const MatchResult& verdicts() const { return verdicts_; }
    /// The profile that the answers name, else the one that fits best; nullptr: none.
    [[nodiscard]] const Profile* profile() const;
    /// The plan for the answers as they are.
    [[nodiscard]] const Result<Plan>& plan() const;
    /// The same with harmless values in the place of answers that are still missing or wrong: for the disks,
    /// which come before the network.
    [[nodiscard]] const Result<Plan>& preview() const;
    [[nodiscard]] bool may_erase(const Disk& disk) const;
    void allow_erasing(const Disk& disk, bool allowed);

private:
    Result<void> take_machine(const Json& message);
    void take_state(const Json& message);
    void take_event(const Json& event);
    void begin_answers();
    void add_node();
    void changed();

    DocumentEdit draft_;
    std::optional<std::string> original_;  ///< the document as it came, while nothing is changed
    std::optional<DocumentEdit> untouched_;
    std::string origin_;
    bool begun_ = false;
    std::size_t node_ = 0;
    Report findings_, field_findings_;
    std::optional<Site> site_;
    MatchResult verdicts_;
    mutable std::optional<Result<Plan>> plan_, preview_;
};

/// The event that `json` is; nullopt where it is none.
[[nodiscard]] std::optional<Event> event_from_json(const Json& json);
[[nodiscard]] Error error_from_json(const Json& json);

}  // namespace bedplate::tui
