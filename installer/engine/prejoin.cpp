// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/prejoin.hpp"

#include <algorithm>
#include <cctype>
#include <format>

#include "base/site_area_secrets.hpp"
#include "base/text.hpp"

namespace bedplate {
namespace {

/// The node as it will describe itself after the installation (firstboot's member_of).
Member member_of(const NodeSpec& node, const Inventory& inventory) {
    const auto address = [&](const char* network) {
        const auto found = node.addresses.find(network);
        return found == node.addresses.end() ? node.addresses.at("management") : found->second;
    };
    Member member{.hostname = node.hostname,
                  .domain = node.domain,
                  .service_tag = inventory.system.serial,
                  .product_uuid = inventory.system.uuid,
                  .management = address("management"),
                  .storage = address("storage_public"),
                  .migration = address("migration"),
                  .ring0 = address("ring0")};
    for (const auto* network : {"ring1", "storage_public"}) {
        if (const auto found = node.addresses.find(network); found != node.addresses.end() && !member.ring1) {
            member.ring1 = found->second;
        }
    }
    std::ranges::transform(member.product_uuid, member.product_uuid.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return member;
}

}  // namespace

Result<std::optional<Secret>> ticket_text(const FileSystem& files, const DocumentPlaces& places) {
    for (const auto& area : {places.site_area, places.medium_area, places.stick}) {
        const auto path = area / site_area::ticket;
        if (files.exists(path)) {
            BEDPLATE_ASSIGN(auto text, files.read(path));
            return std::optional(Secret(std::move(text)));
        }
    }
    return std::optional<Secret>();
}

Result<std::string> check_before_join(Platform& platform, const Ticket& ticket, const NodeSpec& node,
                                      const Inventory& inventory, const JoinClient& client) {
    BEDPLATE_ASSIGN(const auto random, platform.files.read("/proc/sys/kernel/random/uuid"));
    const JoinRequest request{
        .verb = JoinRequest::Verb::check,
        .attempt = std::string(trim(random)),
        .version = BEDPLATE_VERSION,
        .time =
            std::chrono::duration_cast<std::chrono::seconds>(platform.clock.now().time_since_epoch()).count(),
        .node = member_of(node, inventory)};
    const auto answer = client.ask(platform, ticket, request);
    if (!answer) {
        return with_context(answer.error(),
                            "asking the cluster whether this node may join; nothing was written");
    }
    return std::format("the cluster {} ({}) takes this node", answer->cluster, answer->fsid);
}

}  // namespace bedplate
