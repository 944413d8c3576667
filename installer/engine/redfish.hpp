// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "platform/platform.hpp"

namespace bedplate {

struct BmcAccess {
    std::string url;  ///< "https://192.0.2.10"
    std::string user;
    Secret password;
};

struct BmcBootOptions {
    std::string iso;       ///< URL from which the BMC itself fetches the image
    std::string slot;      ///< id of the virtual medium; empty: the one for CDs
    bool replace = false;  ///< eject what somebody else has inserted
    std::chrono::milliseconds follow{std::chrono::hours{1}};  ///< how long to wait for the power-off; 0: not
};

/// A server's management controller over Redfish (DMTF DSP0266), with what Dell's does differently: the
/// one-time boot from its *virtual* CD is an attribute of the iDRAC (FirstBootDevice VCD-DVD), since "Cd"
/// there is the physical drive; and a medium may only be ejected while the power is off.
class RedfishMachine {
public:
    using Note = std::function<void(const std::string&)>;

    /// Finds system, manager and virtual media. Errors: bmc.auth (401, 403: not tried twice, since BMCs lock
    /// accounts), bmc.several (more than one system), bmc.answer, http.*.
    [[nodiscard]] static Result<RedfishMachine> connect(Platform& platform, BmcAccess access, Note note);

    /// Power off, insert, set the one-time boot, power on; then wait for the machine to switch itself off and
    /// eject. A medium that is inserted already is only replaced if asked for. Errors: bmc.no-slot,
    /// bmc.medium-inserted (refused), bmc.insert, bmc.boot-once, bmc.power, bmc.follow.
    [[nodiscard]] Result<void> boot(const BmcBootOptions& options);

    /// Eject our medium if the power is off. Errors: bmc.powered-on (refused).
    [[nodiscard]] Result<void> eject(const std::string& slot);

    [[nodiscard]] const std::string& description() const { return description_; }

private:
    struct Slot {
        std::string path, id;
        std::vector<std::string> media_types;
        bool inserted = false;
        std::string image;
        std::string insert, eject;  ///< paths of the actions
    };
    RedfishMachine(Platform& platform, BmcAccess access, Note note)
        : platform_(platform), access_(std::move(access)), note_(std::move(note)) {}

    [[nodiscard]] Result<Json> get(const std::string& path);
    [[nodiscard]] Result<int> send(const std::string& method, const std::string& path, const Json& body,
                                   std::string& said);
    [[nodiscard]] Result<std::string> only_member(const std::string& collection, std::string_view what);
    [[nodiscard]] Result<void> find_parts();
    [[nodiscard]] Result<Slot> read_slot(const std::string& path);
    [[nodiscard]] Result<Slot> choose_slot(const std::string& wanted);
    [[nodiscard]] Result<void> insert(const Slot& slot, const std::string& iso);
    [[nodiscard]] Result<void> eject_slot(const Slot& slot);
    [[nodiscard]] Result<void> boot_once_from_virtual_cd();
    [[nodiscard]] Result<std::string> power_state();
    [[nodiscard]] Result<void> set_power(const std::string& reset, const std::string& state);
    [[nodiscard]] Result<void> follow(std::chrono::milliseconds patience);

    Platform& platform_;
    BmcAccess access_;
    Note note_;
    std::string description_, system_, manager_, media_, reset_;
    std::vector<std::string> resets_, boot_targets_;
    bool dell_ = false;
};

}  // namespace bedplate
