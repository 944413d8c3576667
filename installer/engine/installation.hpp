// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "engine/node_report.hpp"
#include "engine/session.hpp"

namespace bedplate {

/// A document and where it came from.
struct DocumentText {
    std::string origin, text;
};

/// What the service for the screens needs of an installation. The real one is SessionInstallation; tests give
/// one that follows a script. Every function may take long and is called from the service's worker thread,
/// one at a time.
class Installation {
public:
    Installation() = default;
    Installation(const Installation&) = delete;
    Installation& operator=(const Installation&) = delete;
    virtual ~Installation() = default;

    [[nodiscard]] virtual Result<Inventory> look() = 0;
    [[nodiscard]] virtual Result<std::vector<DocumentText>> profiles() = 0;
    /// Errors: site.none where there is no document, and those of reading one.
    [[nodiscard]] virtual Result<DocumentText> site() = 0;
    /// "version 0.1.0, build 1f2e...".
    [[nodiscard]] virtual Result<std::string> medium() = 0;
    /// The digest of the plan for these answers.
    [[nodiscard]] virtual Result<std::string> plan(const DocumentText& site) = 0;
    /// Which secrets need not be typed.
    [[nodiscard]] virtual Result<SecretsAtHand> secrets_at_hand() = 0;
    /// Carries out what plan() planned last.
    [[nodiscard]] virtual Result<void> apply(const Consent& consent, const TypedSecrets& secrets) = 0;
    /// Brings the network that plan() planned last up on this machine and says what of it holds. No disk is
    /// written to.
    [[nodiscard]] virtual Result<std::vector<NodeCheck>> check_network() = 0;
    /// Text files of a stick that is plugged in whose name matches `glob`. Errors: stick.none.
    [[nodiscard]] virtual Result<std::vector<DocumentText>> read_stick(const std::string& glob) = 0;
    /// Writes `text` to `name` on the stick, where there is one, and into the installer's memory; returns
    /// where to.
    [[nodiscard]] virtual Result<std::string> save(const std::string& name, const std::string& text) = 0;
    /// Restart or switch off, as the plan says.
    [[nodiscard]] virtual Result<void> leave() = 0;
};

/// The plan's disks that an installation writes to.
[[nodiscard]] std::vector<const PlannedDisk*> written_disks(const Plan& plan);

/// Whether no probe saw anything on the disk.
[[nodiscard]] bool is_blank(const Disk& disk);

/// The written disks that a person has to confirm by typing: those that hold something, and the system disk
/// always.
[[nodiscard]] std::vector<const PlannedDisk*> disks_to_confirm(const Plan& plan, const Inventory& inventory);

/// What is to be typed for the disk: the last four characters of its serial number, else of its WWN, else of
/// its bay.
[[nodiscard]] std::string confirmation_of(const DiskIdentity& disk);

/// Cables and switches, as far as the ports and their neighbours tell: every bond has its ports, they have
/// link, run at one speed, carry the packets, and the switch (by LLDP) offers the VLANs. Pure.
[[nodiscard]] std::vector<NodeCheck> check_links(const Inventory& inventory, const Profile& profile,
                                                 const NodeSpec& node);

/// The installation of this machine.
class SessionInstallation : public Installation {
public:
    SessionInstallation(Platform& platform, EventSink& events, SessionOptions options);

    [[nodiscard]] Result<Inventory> look() override;
    [[nodiscard]] Result<std::vector<DocumentText>> profiles() override;
    [[nodiscard]] Result<DocumentText> site() override;
    [[nodiscard]] Result<std::string> medium() override;
    [[nodiscard]] Result<std::string> plan(const DocumentText& site) override;
    [[nodiscard]] Result<SecretsAtHand> secrets_at_hand() override;
    [[nodiscard]] Result<void> apply(const Consent& consent, const TypedSecrets& secrets) override;
    [[nodiscard]] Result<std::vector<NodeCheck>> check_network() override;
    [[nodiscard]] Result<std::vector<DocumentText>> read_stick(const std::string& glob) override;
    [[nodiscard]] Result<std::string> save(const std::string& name, const std::string& text) override;
    [[nodiscard]] Result<void> leave() override;

protected:
    /// A recorded machine in the place of this one.
    void use_inventory(Inventory inventory) { session_.use_inventory(std::move(inventory)); }
    /// The part of check_network() that only looks.
    [[nodiscard]] Result<std::vector<NodeCheck>> link_checks() const;

private:
    Platform& platform_;
    Session session_;
};

}  // namespace bedplate
