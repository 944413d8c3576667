// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "platform/http.hpp"

namespace bedplate::fakes {

/// A management controller's Redfish service: a state machine over requests. What it does to the machine is
/// handed out as callbacks, so that it can stand before nothing at all or before a real QEMU.
class RedfishStub {
public:
    struct Quirks {
        bool dell = true;              ///< OEM attributes; "Cd" starts the physical drive
        bool old_idrac = false;        ///< attributes at the old address; InsertMedia knows Image only
        bool media_on_system = false;  ///< virtual media hang on the system (since 2023), in slots 1 and 2
        bool no_cd_slot = false;       ///< only a removable disk
        unsigned busy = 0;             ///< so many requests are answered with 503 first
        unsigned lost_answers = 0;     ///< so many POSTs are carried out, but their answers get lost
        unsigned slow_power = 0;       ///< so many looks at the power until a change shows
    };
    struct Machine {
        std::function<void(bool from_virtual_cd)> power_on = [](bool) {};
        std::function<void()> power_off = [] {};
        std::function<bool()> is_on = {};  ///< empty: the stub remembers itself
        std::function<bool(const std::string& url)> insert = [](const std::string&) { return true; };
        std::function<void()> eject = [] {};
    };

    RedfishStub(Quirks quirks, Machine machine) : quirks_(quirks), machine_(std::move(machine)) {}

    /// User "root", password "calvin"; everything else gets 401.
    Result<HttpResponse> answer(const HttpRequest& request);

    /// The machine has switched itself off.
    void switched_off() { on_ = false; }
    [[nodiscard]] bool on() const { return machine_.is_on ? machine_.is_on() : on_; }
    [[nodiscard]] const std::string& image() const { return image_; }
    void set_image(std::string url) { image_ = std::move(url); }
    /// "POST /redfish/..." of everything that changed something, in order.
    [[nodiscard]] const std::vector<std::string>& changes() const { return changes_; }

private:
    HttpResponse get(const std::string& path);
    HttpResponse change(const HttpRequest& request, const std::string& path);
    HttpResponse reset(const std::string& type);
    HttpResponse insert(const Json& body);
    [[nodiscard]] std::string slot_path() const;
    [[nodiscard]] Json slot() const;

    Quirks quirks_;
    Machine machine_;
    bool on_ = true, boot_once_ = false;
    unsigned hidden_ = 0;
    std::string image_;
    std::vector<std::string> changes_;
};

}  // namespace bedplate::fakes
