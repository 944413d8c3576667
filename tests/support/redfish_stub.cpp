// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/redfish_stub.hpp"

#include <algorithm>
#include <format>

namespace bedplate::fakes {

namespace {

// printf root:calvin | base64
constexpr std::string_view right_credentials = "Basic cm9vdDpjYWx2aW4=";
constexpr std::string_view system_path = "/redfish/v1/Systems/System.Embedded.1";
constexpr std::string_view manager_path = "/redfish/v1/Managers/iDRAC.Embedded.1";

HttpResponse json_answer(int status, const Json& body) {
    return {.status = status, .content_type = "application/json", .body = body.dump()};
}

HttpResponse error_answer(int status, const std::string& message) {
    return json_answer(status,
                       {{"error", {{"@Message.ExtendedInfo", Json::array({{{"Message", message}}})}}}});
}

Json reference(std::string_view path) {
    return {{"@odata.id", path}};
}

Json members(std::initializer_list<std::string> paths) {
    Json list = Json::array();
    for (const auto& path : paths) {
        list.push_back(reference(path));
    }
    return {{"Members", std::move(list)}};
}

std::string path_of(const std::string& url) {
    return url.substr(url.find('/', url.find("://") + 3));
}

}  // namespace

std::string RedfishStub::slot_path() const {
    return quirks_.media_on_system ? std::format("{}/VirtualMedia/1", system_path)
                                   : std::format("{}/VirtualMedia/CD", manager_path);
}

Json RedfishStub::slot() const {
    const auto path = slot_path();
    return {{"Id", path.substr(path.rfind('/') + 1)},
            {"MediaTypes", quirks_.no_cd_slot ? Json{"USBStick"} : Json{"CD", "DVD"}},
            {"Inserted", !image_.empty()},
            {"Image", image_.empty() ? Json() : Json(image_)},
            {"Actions",
             {{"#VirtualMedia.InsertMedia", {{"target", path + "/Actions/VirtualMedia.InsertMedia"}}},
              {"#VirtualMedia.EjectMedia", {{"target", path + "/Actions/VirtualMedia.EjectMedia"}}}}}};
}

HttpResponse RedfishStub::get(const std::string& path) {
    const std::string system(system_path);
    const std::string manager(manager_path);
    const std::string media = (quirks_.media_on_system ? system : manager) + "/VirtualMedia";
    if (path == "/redfish/v1/") {
        return json_answer(200, {{"Systems", reference("/redfish/v1/Systems")},
                                 {"Managers", reference("/redfish/v1/Managers")}});
    }
    if (path == "/redfish/v1/Systems") {
        return json_answer(200, members({system}));
    }
    if (path == system) {
        const bool shown = hidden_ > 0 ? !on() : on();
        hidden_ -= hidden_ > 0 ? 1U : 0U;
        Json json{{"Manufacturer", quirks_.dell ? "Dell Inc." : "Contoso"},
                  {"Model", "PowerEdge R750"},
                  {"SKU", "BPVM001"},
                  {"SerialNumber", "CN0123"},
                  {"PowerState", shown ? "On" : "Off"},
                  {"Links", {{"ManagedBy", Json::array({reference(manager)})}}},
                  {"Boot", {{"BootSourceOverrideTarget@Redfish.AllowableValues", {"None", "Cd", "Hdd"}}}},
                  {"Actions",
                   {{"#ComputerSystem.Reset",
                     {{"target", system + "/Actions/ComputerSystem.Reset"},
                      {"ResetType@Redfish.AllowableValues", {"On", "ForceOff"}}}}}}};
        if (quirks_.media_on_system) {
            json["VirtualMedia"] = reference(media);
        }
        return json_answer(200, json);
    }
    if (path == manager) {
        return json_answer(
            200, quirks_.media_on_system ? Json::object() : Json{{"VirtualMedia", reference(media)}});
    }
    if (path == media) {
        return json_answer(200, members({slot_path()}));
    }
    return path == slot_path() ? json_answer(200, slot()) : error_answer(404, "no such resource");
}

HttpResponse RedfishStub::reset(const std::string& type) {
    const bool wanted = type == "On";
    if (wanted == on()) {
        return error_answer(409, "the machine is so already");
    }
    hidden_ = quirks_.slow_power;
    if (wanted) {
        machine_.power_on(std::exchange(boot_once_, false) && !image_.empty());
    } else {
        machine_.power_off();
    }
    on_ = wanted;
    return {.status = 204};
}

HttpResponse RedfishStub::insert(const Json& body) {
    if (quirks_.old_idrac && body.size() > 1) {
        return error_answer(400, "the parameter Inserted is not known");
    }
    if (!image_.empty()) {
        return error_answer(500, "the virtual media device is in use");
    }
    const auto url = body.at("Image").get<std::string>();
    if (!machine_.insert(url)) {
        return error_answer(500, "unable to locate the ISO image file");
    }
    image_ = url;
    return {.status = 204};
}

HttpResponse RedfishStub::change(const HttpRequest& request, const std::string& path) {
    changes_.push_back(request.method + " " + path);
    const Json body =
        parse_json(request.body.empty() ? "{}" : request.body, "request").value_or(Json::object());
    if (path.ends_with("ComputerSystem.Reset")) {
        return reset(body.value("ResetType", ""));
    }
    if (path == slot_path() + "/Actions/VirtualMedia.InsertMedia") {
        return insert(body);
    }
    if (path == slot_path() + "/Actions/VirtualMedia.EjectMedia") {
        image_.clear();
        machine_.eject();
        return {.status = 204};
    }
    const std::string attributes =
        std::string(manager_path) +
        (quirks_.old_idrac ? "/Attributes" : "/Oem/Dell/DellAttributes/iDRAC.Embedded.1");
    if (quirks_.dell && path == attributes && request.method == "PATCH") {
        const Json& values = body.at("Attributes");
        boot_once_ = values.value("ServerBoot.1.FirstBootDevice", "") == "VCD-DVD" &&
                     values.value("ServerBoot.1.BootOnce", "") == "Enabled";
        return {.status = 200, .content_type = "application/json", .body = "{}"};
    }
    if (path == system_path && request.method == "PATCH") {
        // On a Dell this names the physical drive.
        boot_once_ = !quirks_.dell && body.at("Boot").value("BootSourceOverrideTarget", "") == "Cd";
        return {.status = 200, .content_type = "application/json", .body = "{}"};
    }
    return error_answer(404, "no such resource");
}

Result<HttpResponse> RedfishStub::answer(const HttpRequest& request) {
    if (quirks_.busy > 0) {
        --quirks_.busy;
        return error_answer(503, "the service is starting");
    }
    const bool believed = std::ranges::any_of(request.headers, [](const auto& header) {
        return header.first == "Authorization" && header.second == right_credentials;
    });
    if (!believed) {
        return error_answer(401, "unauthorized");
    }
    const auto path = path_of(request.url);
    if (request.method == "GET") {
        return get(path);
    }
    auto answered = change(request, path);
    if (quirks_.lost_answers > 0 && request.method == "POST") {
        --quirks_.lost_answers;
        return fail("http.timeout", "the server did not answer in time", request.url);
    }
    return answered;
}

}  // namespace bedplate::fakes
