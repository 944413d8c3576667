// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/redfish.hpp"

#include <algorithm>
#include <array>

#include "engine/fetch.hpp"
#include "platform/time_scale.hpp"

namespace bedplate {

namespace {

constexpr std::chrono::seconds poll_interval{2};
constexpr std::chrono::minutes power_patience{5};
constexpr std::chrono::minutes insert_patience{2};

/// RFC 7617 wants user and password so; Base64 of RFC 4648.
std::string base64(std::string_view text) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += 3) {
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            bits = (bits << 8U) | (i + j < text.size() ? static_cast<unsigned char>(text[i + j]) : 0U);
        }
        for (std::size_t j = 0; j < 4; ++j) {
            out += j <= text.size() - i ? digits[(bits >> (18 - 6 * j)) & 0x3fU] : '=';
        }
    }
    return out;
}

/// The text at a path of keys; empty where any of them is missing.
std::string text_at(const Json& json, std::initializer_list<const char*> keys) {
    const Json* at = &json;
    for (const char* key : keys) {
        if (!at->is_object() || !at->contains(key)) {
            return {};
        }
        at = &(*at)[key];
    }
    return at->is_string() ? at->get<std::string>() : std::string();
}

std::vector<std::string> texts_at(const Json& json, const char* key) {
    std::vector<std::string> texts;
    if (json.is_object() && json.contains(key) && json[key].is_array()) {
        for (const auto& item : json[key]) {
            texts.push_back(item.is_string() ? item.get<std::string>() : text_at(item, {"@odata.id"}));
        }
    }
    return texts;
}

bool has(const std::vector<std::string>& list, std::string_view text) {
    return std::ranges::find(list, text) != list.end();
}

/// What the BMC says went wrong (DSP0266, extended error information), in its own words.
std::string message_of(const std::string& body) {
    const auto json = parse_json(body, "redfish");
    if (!json || !json->is_object()) {
        return {};
    }
    const Json error = json->value("error", Json::object());
    for (const auto& item : error.value("@Message.ExtendedInfo", Json::array())) {
        if (const auto text = text_at(item, {"Message"}); !text.empty()) {
            return text;
        }
    }
    return text_at(error, {"message"});
}

std::string with_reason(std::string text, const std::string& reason) {
    return reason.empty() ? text : text + ": " + reason;
}

}  // namespace

Result<RedfishMachine> RedfishMachine::connect(Platform& platform, BmcAccess access, Note note) {
    while (access.url.ends_with('/')) {
        access.url.pop_back();
    }
    RedfishMachine machine(platform, std::move(access), std::move(note));
    BEDPLATE_TRY(machine.find_parts());
    return machine;
}

Result<Json> RedfishMachine::get(const std::string& path) {
    const std::string url = access_.url + path;
    const std::string secret = base64(access_.user + ":" + access_.password.reveal());
    BEDPLATE_ASSIGN(const auto answer, fetch(platform_, {},
                                             {.url = url,
                                              .max_body = mib(4),
                                              .timeout = std::chrono::seconds{60},
                                              .authorization = Secret("Basic " + secret)}));
    if (answer.status == 401 || answer.status == 403) {
        return fail("bmc.auth", std::format("the BMC does not accept the user '{}'", access_.user), url,
                    "check the credentials file; it is not tried again, since BMCs lock accounts");
    }
    if (answer.status != 200) {
        return fail("bmc.answer",
                    with_reason(std::format("the BMC answered {}", answer.status), message_of(answer.body)),
                    url);
    }
    return parse_json(answer.body, url);
}

Result<int> RedfishMachine::send(const std::string& method, const std::string& path, const Json& body,
                                 std::string& said) {
    const std::string secret = base64(access_.user + ":" + access_.password.reveal());
    BEDPLATE_ASSIGN(const auto answer, fetch(platform_, {},
                                             {.method = method,
                                              .url = access_.url + path,
                                              .body = body.dump(),
                                              .max_body = mib(4),
                                              .timeout = std::chrono::seconds{60},
                                              .authorization = Secret("Basic " + secret)}));
    said = message_of(answer.body);
    return answer.status;
}

Result<std::string> RedfishMachine::only_member(const std::string& collection, std::string_view what) {
    BEDPLATE_ASSIGN(const auto json, get(collection));
    const auto members = texts_at(json, "Members");
    if (members.size() != 1) {
        return fail("bmc.several", std::format("the BMC manages {} {} instead of one", members.size(), what),
                    access_.url + collection);
    }
    return members.front();
}

Result<void> RedfishMachine::find_parts() {
    BEDPLATE_ASSIGN(const auto root, get("/redfish/v1/"));
    BEDPLATE_ASSIGN(system_, only_member(text_at(root, {"Systems", "@odata.id"}), "systems"));
    BEDPLATE_ASSIGN(const auto system, get(system_));
    const auto managers =
        system.contains("Links") ? texts_at(system["Links"], "ManagedBy") : std::vector<std::string>();
    if (managers.empty()) {
        BEDPLATE_ASSIGN(manager_, only_member(text_at(root, {"Managers", "@odata.id"}), "managers"));
    } else {
        manager_ = managers.front();
    }
    dell_ = text_at(system, {"Manufacturer"}).contains("Dell");
    // Dell's SKU is the service tag; its SerialNumber is the board's.
    const auto tag = text_at(system, {"SKU"});
    description_ =
        std::format("{} {}, serial {}", text_at(system, {"Manufacturer"}), text_at(system, {"Model"}),
                    dell_ && !tag.empty() ? tag : text_at(system, {"SerialNumber"}));
    const Json actions = system.value("Actions", Json::object());
    const Json reset = actions.value("#ComputerSystem.Reset", Json::object());
    reset_ = text_at(reset, {"target"});
    resets_ = texts_at(reset, "ResetType@Redfish.AllowableValues");
    boot_targets_ =
        texts_at(system.value("Boot", Json::object()), "BootSourceOverrideTarget@Redfish.AllowableValues");
    // DSP2046: since 2023 the virtual media hang on the system; before, on the manager.
    media_ = text_at(system, {"VirtualMedia", "@odata.id"});
    if (media_.empty()) {
        BEDPLATE_ASSIGN(const auto manager, get(manager_));
        media_ = text_at(manager, {"VirtualMedia", "@odata.id"});
    }
    return {};
}

Result<RedfishMachine::Slot> RedfishMachine::read_slot(const std::string& path) {
    BEDPLATE_ASSIGN(const auto json, get(path));
    const Json actions = json.value("Actions", Json::object());
    return Slot{.path = path,
                .id = text_at(json, {"Id"}),
                .media_types = texts_at(json, "MediaTypes"),
                .inserted = json.contains("Inserted") && json["Inserted"] == true,
                .image = text_at(json, {"Image"}),
                .insert = text_at(actions, {"#VirtualMedia.InsertMedia", "target"}),
                .eject = text_at(actions, {"#VirtualMedia.EjectMedia", "target"})};
}

Result<RedfishMachine::Slot> RedfishMachine::choose_slot(const std::string& wanted) {
    if (media_.empty()) {
        return fail("bmc.no-slot", "this BMC has no virtual media", access_.url,
                    "it needs a licence on many models (Dell: iDRAC Enterprise)");
    }
    BEDPLATE_ASSIGN(const auto json, get(media_));
    std::vector<Slot> fitting;
    std::string seen;
    for (const auto& path : texts_at(json, "Members")) {
        BEDPLATE_ASSIGN(auto slot, read_slot(path));
        seen += (seen.empty() ? "" : ", ") + slot.id;
        const bool cd = has(slot.media_types, "CD") || has(slot.media_types, "DVD");
        if (!slot.insert.empty() && (wanted.empty() ? cd : slot.id == wanted)) {
            fitting.push_back(std::move(slot));
        }
    }
    if (fitting.empty()) {
        return fail("bmc.no-slot",
                    wanted.empty() ? std::string("no virtual medium of this BMC is a CD that can be inserted")
                                   : std::format("there is no virtual medium '{}'", wanted),
                    access_.url + media_, "there are: " + (seen.empty() ? "none" : seen));
    }
    // iDRAC 10 calls its slots 1 and 2 and starts from the first one only; older ones have one called CD.
    const auto cd = std::ranges::find(fitting, std::string("CD"), &Slot::id);
    return cd != fitting.end() ? *cd : *std::ranges::min_element(fitting, {}, &Slot::id);
}

Result<void> RedfishMachine::insert(const Slot& slot, const std::string& iso) {
    note_(std::format("inserting {} into virtual medium {}", iso, slot.id));
    std::string said;
    auto status =
        send("POST", slot.insert, {{"Image", iso}, {"Inserted", true}, {"WriteProtected", true}}, said);
    if (status && *status == 400) {
        // Older iDRACs know no other parameter than the image.
        status = send("POST", slot.insert, {{"Image", iso}}, said);
    }
    const auto deadline = platform_.clock.steady() + scaled(insert_patience);
    for (;;) {
        // Whatever was answered (a slow BMC's answer gets lost), what counts is what is in the drive.
        BEDPLATE_ASSIGN(const auto now, read_slot(slot.path));
        if (now.inserted && now.image == iso) {
            return {};
        }
        const bool refused = status && *status >= 400;
        if (refused || platform_.clock.steady() >= deadline) {
            return fail("bmc.insert",
                        with_reason(refused ? std::format("the BMC did not insert the image ({})", *status)
                                            : std::string("the image is not in the drive"),
                                    said),
                        iso, "the BMC fetches it itself: can it reach that address?");
        }
        platform_.clock.sleep(poll_interval);
    }
}

Result<void> RedfishMachine::eject_slot(const Slot& slot) {
    std::string said;
    BEDPLATE_ASSIGN(const int status, send("POST", slot.eject, Json::object(), said));
    if (status >= 300) {
        return fail("bmc.eject", with_reason(std::format("the BMC answered {}", status), said), slot.path);
    }
    note_(std::format("ejected virtual medium {}", slot.id));
    return {};
}

Result<void> RedfishMachine::boot_once_from_virtual_cd() {
    std::string said;
    if (dell_) {
        const auto id = manager_.substr(manager_.rfind('/') + 1);
        const Json attributes{
            {"Attributes",
             {{"ServerBoot.1.BootOnce", "Enabled"}, {"ServerBoot.1.FirstBootDevice", "VCD-DVD"}}}};
        const std::array paths{manager_ + "/Oem/Dell/DellAttributes/" + id, manager_ + "/Attributes"};
        for (const auto& path : paths) {
            BEDPLATE_ASSIGN(const int status, send("PATCH", path, attributes, said));
            if (status < 300) {
                return {};
            }
        }
        return fail("bmc.boot-once", with_reason("the iDRAC did not take the one-time boot device", said),
                    access_.url, "choose 'Virtual CD/DVD/ISO' as the next boot in the iDRAC's web pages");
    }
    const std::string target = has(boot_targets_, "UsbCd") ? "UsbCd" : "Cd";
    BEDPLATE_ASSIGN(
        const int status,
        send("PATCH", system_,
             {{"Boot", {{"BootSourceOverrideTarget", target}, {"BootSourceOverrideEnabled", "Once"}}}},
             said));
    return status < 300 ? Result<void>()
                        : fail("bmc.boot-once", with_reason(std::format("the BMC answered {}", status), said),
                               access_.url);
}

Result<std::string> RedfishMachine::power_state() {
    BEDPLATE_ASSIGN(const auto system, get(system_));
    return text_at(system, {"PowerState"});
}

Result<void> RedfishMachine::set_power(const std::string& reset, const std::string& state) {
    std::string said;
    BEDPLATE_ASSIGN(const int status, send("POST", reset_, {{"ResetType", reset}}, said));
    const auto deadline = platform_.clock.steady() + scaled(power_patience);
    for (;;) {
        BEDPLATE_ASSIGN(const auto now, power_state());
        if (now == state) {
            return {};
        }
        if (status >= 400 || platform_.clock.steady() >= deadline) {
            return fail("bmc.power",
                        with_reason(std::format("the machine is {} instead of {}", now, state), said),
                        access_.url);
        }
        platform_.clock.sleep(poll_interval);
    }
}

Result<void> RedfishMachine::follow(std::chrono::milliseconds patience) {
    const auto deadline = platform_.clock.steady() + scaled(patience);
    for (;;) {
        const auto now = power_state();
        if (now && *now == "Off") {
            note_("the machine has switched itself off");
            return {};
        }
        if (platform_.clock.steady() >= deadline) {
            return fail(
                "bmc.follow",
                "the machine has not switched itself off; the medium stays inserted, since ejecting it "
                "under a running installer can break it",
                access_.url, "look at its console; `bedplate bmc eject` takes the medium out later");
        }
        platform_.clock.sleep(poll_interval * 5);
    }
}

Result<void> RedfishMachine::boot(const BmcBootOptions& options) {
    BEDPLATE_ASSIGN(const auto slot, choose_slot(options.slot));
    if (slot.inserted && slot.image != options.iso && !options.replace) {
        return refuse("bmc.medium-inserted", std::format("'{}' is inserted already", slot.image), slot.path,
                      "somebody may be using it; --replace takes it out");
    }
    // Off first: set while the machine runs, the boot device can miss the next start.
    BEDPLATE_ASSIGN(const auto state, power_state());
    if (state != "Off") {
        note_("switching the machine off");
        BEDPLATE_TRY(set_power("ForceOff", "Off"));
    }
    if (slot.inserted && slot.image != options.iso) {
        BEDPLATE_TRY(eject_slot(slot));
    }
    if (!slot.inserted || slot.image != options.iso) {
        BEDPLATE_TRY(insert(slot, options.iso));
    }
    BEDPLATE_TRY(boot_once_from_virtual_cd());
    note_("switching the machine on, once from the virtual CD");
    BEDPLATE_TRY(set_power("On", "On"));
    if (options.follow.count() == 0) {
        return {};
    }
    BEDPLATE_TRY(follow(options.follow));
    return eject_slot(slot);
}

Result<void> RedfishMachine::eject(const std::string& wanted) {
    BEDPLATE_ASSIGN(const auto slot, choose_slot(wanted));
    BEDPLATE_ASSIGN(const auto state, power_state());
    if (state != "Off") {
        return refuse("bmc.powered-on", "the machine runs, and may run from the medium", access_.url,
                      "switch it off first");
    }
    return slot.inserted ? eject_slot(slot) : Result<void>();
}

}  // namespace bedplate
