// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/healing.hpp"

#include <array>

#include "base/text.hpp"
#include "platform/time_scale.hpp"

namespace bedplate::lab {

namespace {

constexpr std::string_view schema = "bedplate/drill-healing/v1";
constexpr std::array<std::pair<Remedy::Kind, std::string_view>, 5> names{{
    {Remedy::Kind::resume, "resume"},
    {Remedy::Kind::plug, "plug"},
    {Remedy::Kind::reconnect, "reconnect"},
    {Remedy::Kind::power_on, "power-on"},
    {Remedy::Kind::on_node, "on-node"},
}};

std::string_view name_of(Remedy::Kind kind) {
    const auto found = std::ranges::find(names, kind, &std::pair<Remedy::Kind, std::string_view>::first);
    return found == names.end() ? "?" : found->second;
}

}  // namespace

std::string to_text(const Remedy& remedy, const Lab& lab) {
    const auto domain = lab.bridge + "-" + remedy.node;
    switch (remedy.kind) {
        case Remedy::Kind::resume:
            return "virsh resume " + domain;
        case Remedy::Kind::plug:
            return std::format("virsh domif-setlink {} {} up", domain, remedy.detail);
        case Remedy::Kind::reconnect:
            return std::format("ovs-ofctl del-flows {} {}", lab.bridge, partition_cookie);
        case Remedy::Kind::power_on:
            return "virsh start " + domain;
        case Remedy::Kind::on_node:
            return std::format("bedplate lab ssh {} -- {}", remedy.node,
                               quote_command(std::vector{remedy.detail}));
    }
    return "?";
}

Json to_json(const std::vector<Remedy>& remedies) {
    Json list = Json::array();
    for (const auto& remedy : remedies) {
        list.push_back({{"remedy", name_of(remedy.kind)}, {"node", remedy.node}, {"detail", remedy.detail}});
    }
    return {{"schema", schema}, {"remedies", list}};
}

Result<std::vector<Remedy>> remedies_from_json(const Json& json, const std::string& origin) {
    const auto refused = [&](const std::string& why) {
        return fail("drill.healing", "what a drill has left to heal cannot be read: " + why, origin,
                    "bedplate lab down");
    };
    if (!json.is_object() || json.value("schema", "") != schema) {
        return refused("another version wrote it");
    }
    std::vector<Remedy> remedies;
    try {
        for (const auto& one : json.at("remedies")) {
            const auto name = one.at("remedy").get<std::string>();
            const auto found =
                std::ranges::find(names, name, &std::pair<Remedy::Kind, std::string_view>::second);
            if (found == names.end()) {
                return refused("there is no remedy " + name);
            }
            remedies.push_back({.kind = found->first,
                                .node = one.at("node").get<std::string>(),
                                .detail = one.at("detail").get<std::string>()});
        }
    } catch (const Json::exception& error) {
        return refused(error.what());
    }
    return remedies;
}

Result<void> Healing::load() {
    const auto text = platform_.files.read(file());
    if (!text) {
        return {};
    }
    BEDPLATE_ASSIGN(const auto json, parse_json(*text, file().string()));
    BEDPLATE_ASSIGN(remedies_, remedies_from_json(json, file().string()));
    return {};
}

Result<void> Healing::save() const {
    return remedies_.empty() ? platform_.files.remove(file())
                             : platform_.files.write(file(), to_json(remedies_).dump(1) + "\n");
}

Result<void> Healing::add(Remedy remedy) {
    if (std::ranges::contains(remedies_, remedy)) {
        return {};
    }
    remedies_.push_back(std::move(remedy));
    return save();
}

Result<void> Healing::apply(Rack& rack, const Remedy& remedy) {
    BEDPLATE_ASSIGN(const auto* node,
                    rack.node(remedy.node.empty() ? lab_.nodes.front().hostname : remedy.node));
    const auto domain = lab_.domain(*node);
    switch (remedy.kind) {
        case Remedy::Kind::resume:
            return rack.libvirt().resume(domain);
        case Remedy::Kind::plug: {
            // A machine that was started anew has all its cables.
            BEDPLATE_ASSIGN(const auto state, rack.libvirt().state(domain));
            return state == Libvirt::State::running ? rack.libvirt().set_link(domain, remedy.detail, true)
                                                    : Result<void>();
        }
        case Remedy::Kind::reconnect:
            return rack.reconnect();
        case Remedy::Kind::power_on: {
            BEDPLATE_ASSIGN(const auto state, rack.libvirt().state(domain));
            return state == Libvirt::State::running ? Result<void>() : rack.libvirt().start(domain);
        }
        case Remedy::Kind::on_node:
            break;
    }
    const auto deadline = platform_.clock.steady() + scaled(std::chrono::minutes(10));
    for (;;) {
        const auto done = rack.on(remedy.node, remedy.detail);
        if (done || platform_.clock.steady() >= deadline) {
            return done ? Result<void>() : std::unexpected(done.error());
        }
        platform_.clock.sleep(std::chrono::seconds(5));
    }
}

Result<void> Healing::apply(Rack& rack) {
    std::vector<Remedy> left;
    std::string reasons;
    while (!remedies_.empty()) {
        const auto remedy = remedies_.back();
        remedies_.pop_back();
        if (const auto done = apply(rack, remedy); !done) {
            left.insert(left.begin(), remedy);
            reasons += std::format("\n  {}: {}", to_text(remedy, lab_), done.error().message);
        }
    }
    remedies_ = std::move(left);
    BEDPLATE_TRY(save());
    if (!remedies_.empty()) {
        return fail("drill.not-healed", "the lab is not as it was:" + reasons, file().string(),
                    "bedplate lab drill --heal, or the commands above by hand");
    }
    return {};
}

}  // namespace bedplate::lab
