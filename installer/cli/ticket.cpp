// SPDX-License-Identifier: GPL-3.0-or-later
#include <iostream>
#include <memory>

#include "base/quantities.hpp"
#include "base/text.hpp"
#include "cli/machine.hpp"
#include "cli/registry.hpp"
#include "cli/verbs.hpp"
#include "registry/tickets.hpp"

namespace bedplate::cli {

namespace {

struct TicketOptions {
    std::string ttl = "60min", id;
    std::uint32_t uses = 1;
    std::vector<std::string> tags;
};

/// The control nodes with their pinned host keys: where a node may knock.
Result<std::vector<Seed>> seeds_of(Registry& registry) {
    BEDPLATE_ASSIGN(const auto members, registry.list_members());
    BEDPLATE_ASSIGN(const auto keys, registry.host_keys());
    std::vector<Seed> seeds;
    for (const auto& member : members) {
        if (const auto key = keys.find(member.hostname); member.control && key != keys.end()) {
            seeds.push_back({.address = member.management.to_text(), .port = 22, .host_key = key->second});
        }
    }
    if (seeds.empty()) {
        return fail("ticket.no-seed", "no control node has published its SSH host key", {},
                    "look at 'bedplate node status' on the control nodes");
    }
    return seeds;
}

Result<std::chrono::seconds> lifetime(const std::string& text) {
    BEDPLATE_ASSIGN(const auto ttl, parse_duration(text));
    if (ttl <= std::chrono::seconds{0} || ttl > ticket_max_ttl) {
        return refuse("ticket.ttl", "a ticket lasts for a day at most", text,
                      "give --ttl between 1s and 24h");
    }
    return ttl;
}

Json shown(const TicketRecord& ticket) {
    return Json{{"id", ticket.id},
                {"expires", to_rfc3339(std::chrono::sys_seconds{std::chrono::seconds{ticket.expires}})},
                {"uses", ticket.uses},
                {"used", ticket.used},
                {"bad_tries", ticket.bad_tries},
                {"service_tags", ticket.service_tags},
                {"revoked", ticket.revoked}};
}

Result<int> create(const TicketOptions& options, const Invocation& invocation) {
    ClusterRegistry cluster;
    BEDPLATE_TRY(cluster.open());
    BEDPLATE_ASSIGN(const auto ttl, lifetime(options.ttl));
    BEDPLATE_ASSIGN(const auto identity, cluster.registry().identity());
    BEDPLATE_ASSIGN(const auto seeds, seeds_of(cluster.registry()));
    BEDPLATE_ASSIGN(auto made, new_ticket(cluster.platform(), "/run/bedplate/tickets",
                                          {.uses = options.uses, .ttl = ttl, .service_tags = options.tags}));
    made.ticket.cluster = identity.name;
    made.ticket.fsid = identity.fsid.to_text();
    made.ticket.seeds = seeds;
    BEDPLATE_TRY(cluster.registry().add_ticket(made.record));
    if (invocation.json) {
        Json json = shown(made.record);
        json["ticket"] = to_text(made.ticket).reveal();
        print_json(json);
    } else {
        // The one place where a ticket is printed: it is what the operator asked for.
        std::cout << to_text(made.ticket).reveal() << '\n';
        std::cerr << "ticket " << made.record.id << " for " << options.uses << " node(s), valid until "
                  << shown(made.record).at("expires").get<std::string>() << '\n';
    }
    return 0;
}

Result<int> list(const Invocation& invocation) {
    ClusterRegistry cluster;
    BEDPLATE_TRY(cluster.open());
    BEDPLATE_ASSIGN(const auto tickets, cluster.registry().list_tickets());
    Json json = Json::array();
    for (const auto& ticket : tickets) {
        json.push_back(shown(ticket));
        if (!invocation.json) {
            const std::string state = ticket.revoked                               ? "revoked"
                                      : cluster.registry().now() >= ticket.expires ? "expired"
                                      : ticket.used >= ticket.uses                 ? "used up"
                                                                                   : "valid";
            std::cout << std::format("{}  {:<8} until {}  used {} of {}  {}\n", ticket.id, state,
                                     json.back().at("expires").get<std::string>(), ticket.used, ticket.uses,
                                     join(ticket.service_tags, " "));
        }
    }
    if (invocation.json) {
        print_json(json);
    }
    return 0;
}

Result<int> revoke(const TicketOptions& options) {
    ClusterRegistry cluster;
    BEDPLATE_TRY(cluster.open());
    BEDPLATE_TRY(cluster.registry().revoke_ticket(options.id));
    return 0;
}

}  // namespace

void add_ticket_verb(CLI::App& app, Invocation& invocation) {
    auto* ticket = app.add_subcommand("ticket", "Join tickets, on a member of the cluster");
    ticket->require_subcommand(1);
    auto options = std::make_shared<TicketOptions>();
    const auto verb = [&](CLI::App* sub, const std::function<Result<int>()>& work) {
        sub->callback([work, &invocation] {
            invocation.run = [work, &invocation] {
                const auto status = work();
                return status ? *status : report_error(status.error(), invocation);
            };
        });
    };
    auto* make = ticket->add_subcommand("create", "Make a ticket and print it");
    make->add_option("--ttl", options->ttl, "How long it lasts (default 60min, at most 24h)");
    make->add_option("--uses", options->uses, "How many nodes may join with it")
        ->check(CLI::Range(1U, 1000U));
    make->add_option("--service-tag", options->tags,
                     "Only the machine with this service tag; may be given again");
    make->add_flag("--json", invocation.json, "Print it as JSON");
    verb(make, [options, &invocation] { return create(*options, invocation); });
    auto* show = ticket->add_subcommand("list", "Every ticket and what became of it");
    show->add_flag("--json", invocation.json, "Print them as JSON");
    verb(show, [&invocation] { return list(invocation); });
    auto* end = ticket->add_subcommand("revoke", "Make a ticket useless");
    end->add_option("ID", options->id, "As 'ticket list' shows it")->required();
    verb(end, [options] { return revoke(*options); });
}

}  // namespace bedplate::cli
