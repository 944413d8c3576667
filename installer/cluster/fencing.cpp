// SPDX-License-Identifier: GPL-3.0-or-later
#include "cluster/fencing.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <format>
#include <sstream>

#include "base/digest.hpp"

namespace bedplate {
namespace {

constexpr std::array states{std::pair{FenceProof::State::trying, std::string_view("trying")},
                            std::pair{FenceProof::State::ordered, std::string_view("ordered")},
                            std::pair{FenceProof::State::done, std::string_view("done")},
                            std::pair{FenceProof::State::failed, std::string_view("failed")}};

std::string_view text_of(FenceProof::State state) {
    return std::ranges::find(states, state, &std::pair<FenceProof::State, std::string_view>::first)->second;
}

Result<FenceProof::State> parse_proof_state(std::string_view text) {
    const auto found =
        std::ranges::find(states, text, &std::pair<FenceProof::State, std::string_view>::second);
    return found != states.end() ? Result<FenceProof::State>(found->first)
                                 : fail("fence.record", std::format("'{}' is no state of a proof", text));
}

Json device_json(const FenceDevice& device) {
    Json json{{"agent", device.agent},
              {"address", device.address},
              {"user", device.user},
              {"password", device.password.reveal()}};
    if (device.port) {
        json["port"] = *device.port;
    }
    if (device.cipher) {
        json["cipher"] = *device.cipher;
    }
    return json;
}

/// The value of an attribute in an XML start tag; empty where it has none.
std::string attribute(std::string_view tag, std::string_view name) {
    const std::string key = std::format(" {}=\"", name);
    const auto at = tag.find(key);
    if (at == std::string_view::npos) {
        return "";
    }
    const auto begin = at + key.size();
    return std::string(tag.substr(begin, tag.find('"', begin) - begin));
}

}  // namespace

std::string FenceDevice::digest() const {
    return sha256_hex(device_json(*this).dump());
}

bool watchdogs_serve(std::span<const Member> members) {
    constexpr std::ptrdiff_t least = 3;
    return std::ranges::count(members, Member::State::member, &Member::state) >= least;
}

Secret to_text(const FenceDevice& device) {
    Json json = device_json(device);
    json["watchdog"] = device.watchdog;
    return Secret(json.dump());
}

Result<FenceDevice> fence_device_from_text(std::string_view text) {
    // The parser's own messages quote what they stumble over.
    const auto unreadable = [] { return fail("fence.record", "a fencing device cannot be read"); };
    const auto json = parse_json(text, "fencing");
    if (!json) {
        return unreadable();
    }
    try {
        FenceDevice device{.agent = json->at("agent"),
                           .address = json->at("address"),
                           .user = json->at("user"),
                           .password = Secret(json->at("password").get<std::string>()),
                           .watchdog = json->value("watchdog", false)};
        for (const auto& [key, field] :
             {std::pair{"port", &device.port}, std::pair{"cipher", &device.cipher}}) {
            if (json->contains(key)) {
                *field = json->at(key).get<std::uint32_t>();
            }
        }
        return device;
    } catch (const nlohmann::json::exception&) {
        return unreadable();
    }
}

std::string fence_folder(std::string_view hostname) {
    return std::format("/var/lib/bedplate/fencing/{}", hostname);
}

std::string fence_password_path(std::string_view hostname) {
    return fence_folder(hostname) + "/password";
}

std::string fence_ipmitool_path(std::string_view hostname) {
    return fence_folder(hostname) + "/ipmitool";
}

std::string fence_ipmitool_script() {
    return R"(#!/bin/sh
# Written by bedplate-firstboot. fence_ipmilan hands ipmitool the password as an argument, which everybody can see;
# here it comes from the file beside this one.
set -eu
left=$#
while [ "$left" -gt 0 ]; do
    word=$1
    shift
    left=$((left - 1))
    if [ "$word" = -P ]; then
        shift
        left=$((left - 1))
        set -- "$@" -f "${0%/*}/password"
    else
        set -- "$@" "$word"
    fi
done
exec /usr/bin/ipmitool "$@"
)";
}

std::vector<std::pair<std::string, std::string>> agent_parameters(const FenceDevice& device,
                                                                  std::string_view hostname) {
    std::vector<std::pair<std::string, std::string>> list{{"ip", device.address}, {"username", device.user}};
    if (device.port) {
        list.emplace_back("ipport", std::to_string(*device.port));
    }
    if (device.agent == "fence_redfish") {
        list.emplace_back("password_script", "cat " + fence_password_path(hostname));
        list.emplace_back("ssl_insecure", "1");  // BMCs have certificates of their own making
        return list;
    }
    // fence_idrac is fence_ipmilan by another name, and speaks IPMI 1.5 unless told otherwise.
    list.emplace_back("lanplus", "1");
    list.emplace_back("privlvl", "operator");
    list.emplace_back("ipmitool_path", fence_ipmitool_path(hostname));
    list.emplace_back("ipmitool_timeout", "5");
    if (device.cipher) {
        list.emplace_back("cipher", std::to_string(*device.cipher));
    }
    return list;
}

std::string agent_input(const FenceDevice& device, std::string_view hostname, std::string_view action) {
    std::string text = std::format("action={}\n", action);
    for (const auto& [name, value] : agent_parameters(device, hostname)) {
        text += std::format("{}={}\n", name, value);
    }
    return text;
}

Json to_json(const FenceRequest& request) {
    return Json{{"id", request.id},
                {"test", to_string(request.test)},
                {"boot_id", request.boot_id},
                {"at", request.at}};
}

Json to_json(const FenceProof& proof) {
    return Json{{"state", text_of(proof.state)},
                {"request", proof.request},
                {"test", to_string(proof.test)},
                {"by", proof.by},
                {"at", proof.at},
                {"device", proof.device},
                {"boot_id", proof.boot_id},
                {"detail", proof.detail}};
}

Result<FenceRequest> fence_request_from_json(const Json& json) {
    try {
        FenceRequest request{.id = json.at("id"), .boot_id = json.at("boot_id"), .at = json.at("at")};
        BEDPLATE_ASSIGN(request.test, parse_fence_test(json.at("test").get<std::string>()));
        return request;
    } catch (const nlohmann::json::exception& e) {
        return fail("fence.record", std::format("a request cannot be read: {}", e.what()));
    }
}

Result<FenceProof> fence_proof_from_json(const Json& json) {
    try {
        FenceProof proof{.request = json.at("request"),
                         .by = json.at("by"),
                         .at = json.at("at"),
                         .device = json.at("device"),
                         .boot_id = json.at("boot_id"),
                         .detail = json.at("detail")};
        BEDPLATE_ASSIGN(proof.state, parse_proof_state(json.at("state").get<std::string>()));
        BEDPLATE_ASSIGN(proof.test, parse_fence_test(json.at("test").get<std::string>()));
        return proof;
    } catch (const nlohmann::json::exception& e) {
        return fail("fence.record", std::format("a proof cannot be read: {}", e.what()));
    }
}

std::optional<std::string> why_not_proved(const FencingRecord& record, FenceTest wanted,
                                          std::string_view boot_id) {
    if (!record.device) {
        return "nobody knows how to reach its BMC";
    }
    if (wanted == FenceTest::none) {
        return std::nullopt;
    }
    if (!record.proof) {
        return "no peer has answered yet";
    }
    const FenceProof& proof = *record.proof;
    if (proof.state == FenceProof::State::failed) {
        return std::format("{} could not: {}", proof.by, proof.detail);
    }
    if (proof.device != record.device->digest()) {
        return "its BMC is reached in another way than when it was proved";
    }
    if (proof.state != FenceProof::State::done) {
        return std::format("{} is trying", proof.by);
    }
    if (wanted == FenceTest::cycle && proof.test != FenceTest::cycle) {
        return "its power status was read, but it was not switched off and on";
    }
    if (proof.test == FenceTest::cycle && !boot_id.empty() && proof.boot_id == boot_id) {
        return std::format(
            "{} switched a machine off and on, and it was not this one: the BMC at {} is another "
            "machine's",
            proof.by, record.device->address);
    }
    return std::nullopt;
}

bool failed_lately(const FencingRecord& record, std::int64_t now) {
    constexpr std::int64_t pause = 600;
    return record.proof && record.device && record.proof->state == FenceProof::State::failed &&
           record.proof->device == record.device->digest() && now - record.proof->at < pause;
}

bool may_answer(const FencingRecord& record, std::string_view asking, std::string_view self, std::int64_t now,
                std::int64_t answer_time) {
    if (!record.request || !record.device || asking == self) {
        return false;
    }
    if (!record.proof || record.proof->request != record.request->id) {
        return true;
    }
    const bool ended =
        record.proof->state == FenceProof::State::done || record.proof->state == FenceProof::State::failed;
    return !ended && now - record.proof->at > answer_time;
}

FenceAnswer answer_for(const FencingRecord& record) {
    if (!record.request || record.request->test != FenceTest::cycle) {
        return FenceAnswer::status;
    }
    const auto& proof = record.proof;
    const bool ordered = proof && proof->state == FenceProof::State::ordered &&
                         proof->request == record.request->id && proof->boot_id != record.request->boot_id;
    return ordered ? FenceAnswer::confirm : FenceAnswer::cycle;
}

std::size_t times_fenced(const FencingRecord& record, const HaPolicy& policy, std::int64_t now) {
    constexpr std::int64_t same_event = 60;
    std::vector<std::int64_t> times;
    for (const auto& [event, at] : record.fenced) {
        if (at > record.released && now - at <= policy.fence_loop_window.count()) {
            times.push_back(at);
        }
    }
    std::ranges::sort(times);
    std::size_t count = 0;
    std::optional<std::int64_t> counted;
    for (const auto at : times) {
        if (!counted || at - *counted > same_event) {
            counted = at;
            ++count;
        }
    }
    return count;
}

bool in_fence_loop(const FencingRecord& record, const HaPolicy& policy, std::int64_t now) {
    return record.held || times_fenced(record, policy, now) >= policy.fence_loop_times;
}

std::vector<FenceEvent> fence_history(std::string_view xml) {
    std::vector<FenceEvent> events;
    constexpr std::string_view tag = "<fence_event ";
    for (auto at = xml.find(tag); at != std::string_view::npos; at = xml.find(tag, at + 1)) {
        const auto element = xml.substr(at, xml.find('>', at) - at);
        const auto client = attribute(element, "client");
        FenceEvent event{.target = attribute(element, "target"),
                         .completed = attribute(element, "completed"),
                         .by_cluster = client.starts_with("pacemaker-controld")};
        if (attribute(element, "status") == "success" && !event.target.empty() && !event.completed.empty()) {
            events.push_back(std::move(event));
        }
    }
    return events;
}

std::optional<std::int64_t> fence_time(std::string_view completed) {
    std::string text(completed);
    if (text.ends_with('Z')) {
        text.replace(text.size() - 1, 1, "+00:00");
    }
    std::ranges::replace(text, 'T', ' ');
    std::istringstream in(text);
    std::chrono::sys_time<std::chrono::microseconds> at;
    in >> std::chrono::parse("%F %T %Ez", at);
    return in && in.peek() == std::istringstream::traits_type::eof()
               ? std::optional(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count())
               : std::nullopt;
}

}  // namespace bedplate
