// SPDX-License-Identifier: GPL-3.0-or-later
#include "registry/registry.hpp"

#include <algorithm>
#include <format>
#include <set>

#include "base/text.hpp"
#include "registry/keys.hpp"

namespace bedplate {
namespace {

using Compare = EtcdCompare;
using Target = EtcdCompare::Target;
using Entry = std::optional<EtcdEntry>;

constexpr int max_tries = 200;

Compare absent(const std::string& name) {
    return {.target = Target::created, .key = name, .revision = 0};
}
Compare unchanged(const EtcdEntry& entry) {
    return {.target = Target::modified, .key = entry.key, .revision = entry.mod_revision};
}

std::set<std::string> address_keys(const Member& member) {
    std::set<std::string> keys;
    for (const Ipv4 address : {member.management, member.storage, member.migration, member.ring0}) {
        keys.insert(registry_key("addresses", address.to_text()));
    }
    if (member.ring1) {
        keys.insert(registry_key("addresses", member.ring1->to_text()));
    }
    return keys;
}

Result<Json> json_of(const EtcdEntry& entry) {
    return parse_json(entry.value, entry.key);
}

struct Counters {
    std::uint32_t next_id = 1;
    std::size_t nodes = 0, control = 0;
};

Result<Counters> counters_of(const EtcdEntry& entry) {
    BEDPLATE_ASSIGN(const Json json, json_of(entry));
    return Counters{.next_id = json.value("id", 0U),
                    .nodes = json.value("nodes", std::size_t{0}),
                    .control = json.value("control", std::size_t{0})};
}

std::string counters_text(const Counters& counters) {
    return Json{{"id", counters.next_id}, {"nodes", counters.nodes}, {"control", counters.control}}.dump();
}

void put_member(EtcdTransaction& transaction, const Member& member) {
    transaction.puts.push_back({registry_key("nodes", member.hostname), to_json(member).dump()});
    transaction.puts.push_back({registry_key("uuids", member.product_uuid), member.hostname});
    for (const auto& name : address_keys(member)) {
        transaction.puts.push_back({name, member.hostname});
    }
}

/// The keys that a decision about a join looks at, read together.
struct Snapshot {
    Entry ticket, attempt, name, uuid, next;
    std::vector<Entry> addresses;
};

Result<Snapshot> read_snapshot(Etcd& etcd, const std::string& ticket, const JoinRequest& request) {
    std::vector<std::string> keys{registry_key("tickets", ticket), registry_key("attempts", request.attempt),
                                  registry_key("nodes", request.node.hostname),
                                  registry_key("uuids", request.node.product_uuid), registry_key("next")};
    std::ranges::copy(address_keys(request.node), std::back_inserter(keys));
    BEDPLATE_ASSIGN(auto found, etcd.get_all(keys));
    return Snapshot{.ticket = found[0],
                    .attempt = found[1],
                    .name = found[2],
                    .uuid = found[3],
                    .next = found[4],
                    .addresses = {found.begin() + 5, found.end()}};
}

Result<Member> member_in(const EtcdEntry& entry) {
    BEDPLATE_ASSIGN(const Json json, json_of(entry));
    return member_from_json(json);
}

Result<JoinView> view_of(const Snapshot& snapshot, std::int64_t now) {
    JoinView view{.version = BEDPLATE_VERSION, .now = now};
    if (snapshot.ticket) {
        BEDPLATE_ASSIGN(const Json json, json_of(*snapshot.ticket));
        BEDPLATE_ASSIGN(view.ticket, ticket_record_from_json(json));
    }
    if (snapshot.attempt) {
        BEDPLATE_ASSIGN(const Json json, json_of(*snapshot.attempt));
        BEDPLATE_ASSIGN(view.attempt_owner, member_from_json(json));
    }
    if (snapshot.name) {
        BEDPLATE_ASSIGN(view.by_name, member_in(*snapshot.name));
    }
    if (snapshot.uuid) {
        view.uuid_owner = snapshot.uuid->value;
    }
    for (const auto& entry : snapshot.addresses) {
        if (entry) {
            const auto address = Ipv4::parse(entry->key.substr(registry_key("addresses").size() + 1));
            view.address_owners.emplace_back(address.value_or(Ipv4{}), entry->value);
        }
    }
    return view;
}

EtcdTransaction allotment(const Snapshot& snapshot, const JoinRequest& request, const TicketRecord& ticket,
                          const Counters& counters, Member& node) {
    node = request.node;
    node.id = counters.next_id;
    node.state = Member::State::joining;
    node.remote = counters.nodes >= most_corosync_nodes;
    node.control = !node.remote && counters.control < control_nodes_wanted(counters.nodes + 1);
    node.attempt = request.attempt;
    node.ticket = ticket.id;
    EtcdTransaction transaction{.compares = {unchanged(*snapshot.next), unchanged(*snapshot.ticket),
                                             absent(registry_key("attempts", request.attempt)),
                                             absent(registry_key("nodes", node.hostname)),
                                             absent(registry_key("uuids", node.product_uuid))}};
    for (const auto& name : address_keys(node)) {
        transaction.compares.push_back(absent(name));
    }
    put_member(transaction, node);
    transaction.puts.push_back({registry_key("attempts", request.attempt), to_json(node).dump()});
    transaction.puts.push_back(
        {registry_key("next"),
         counters_text(Counters{.next_id = counters.next_id + 1,
                                .nodes = counters.nodes + 1,
                                .control = counters.control + (node.control ? 1U : 0U)})});
    TicketRecord used = ticket;
    ++used.used;
    transaction.puts.push_back({registry_key("tickets", ticket.id), to_json(used).dump()});
    return transaction;
}

}  // namespace

Result<RegistryAccess> read_registry_access(const FileSystem& files, const std::filesystem::path& path) {
    if (!files.exists(path)) {
        return fail("registry.none", "this machine is not a member of a cluster", path.string());
    }
    BEDPLATE_ASSIGN(const auto text, files.read(path));
    BEDPLATE_ASSIGN(const Json json, parse_json(text, path.string()));
    try {
        return RegistryAccess{.endpoints = json.at("endpoints").get<std::vector<std::string>>(),
                              .ca = json.at("ca"),
                              .certificate = json.at("certificate"),
                              .key = json.at("key")};
    } catch (const nlohmann::json::exception& e) {
        return fail("registry.none", std::format("cannot be read: {}", e.what()), path.string());
    }
}

std::int64_t Registry::now() const {
    return std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch()).count();
}

Result<void> Registry::found(const ClusterIdentity& identity, const Member& first) {
    EtcdTransaction transaction{.compares = {absent(registry_key("cluster"))}};
    transaction.puts.push_back({registry_key("cluster"), to_json(identity).dump()});
    transaction.puts.push_back(
        {registry_key("next"), counters_text(Counters{.next_id = first.id + 1, .nodes = 1, .control = 1})});
    put_member(transaction, first);
    BEDPLATE_ASSIGN(const bool done, etcd_.commit(transaction));
    if (done) {
        return {};
    }
    BEDPLATE_ASSIGN(const auto there, this->identity());
    if (there.fsid != identity.fsid) {
        return refuse("registry.other-cluster",
                      std::format("etcd holds the cluster {} ({}), not {}", there.name, there.fsid.to_text(),
                                  identity.fsid.to_text()));
    }
    return {};
}

Result<ClusterIdentity> Registry::identity() {
    BEDPLATE_ASSIGN(const auto entry, etcd_.get(registry_key("cluster")));
    if (!entry) {
        return fail("registry.empty", "etcd holds no cluster yet");
    }
    BEDPLATE_ASSIGN(const Json json, json_of(*entry));
    return cluster_identity_from_json(json);
}

Result<std::optional<Member>> Registry::member(const std::string& hostname) {
    BEDPLATE_ASSIGN(const auto entry, etcd_.get(registry_key("nodes", hostname)));
    if (!entry) {
        return std::optional<Member>();
    }
    BEDPLATE_ASSIGN(auto member, member_in(*entry));
    return std::optional(std::move(member));
}

Result<std::vector<Member>> Registry::list_members() {
    BEDPLATE_ASSIGN(const auto entries, etcd_.list(registry_key("nodes") + "/"));
    std::vector<Member> members;
    for (const auto& entry : entries) {
        BEDPLATE_ASSIGN(members.emplace_back(), member_in(entry));
    }
    std::ranges::sort(members, {}, &Member::id);
    return members;
}

Result<void> Registry::set_state(const std::string& hostname, Member::State state) {
    for (int i = 0; i < max_tries; ++i) {
        BEDPLATE_ASSIGN(const auto entry, etcd_.get(registry_key("nodes", hostname)));
        if (!entry) {
            return fail("registry.no-member", std::format("the cluster knows no node {}", hostname));
        }
        BEDPLATE_ASSIGN(Member member, member_in(*entry));
        if (member.state == state) {
            return {};
        }
        member.state = state;
        BEDPLATE_ASSIGN(const bool done, etcd_.commit({.compares = {unchanged(*entry)},
                                                       .puts = {{entry->key, to_json(member).dump()}}}));
        if (done) {
            return {};
        }
    }
    return fail("registry.contended",
                std::format("the record of {} is changed by others all the time", hostname));
}

Result<void> Registry::forget(const std::string& hostname) {
    // First of all: what a machine of this name was fenced for says nothing of the next one. A transaction
    // has room for 128 operations, and a node may have been fenced more often.
    BEDPLATE_ASSIGN(const auto fencing, etcd_.list(registry_key("fencing", hostname) + "/"));
    for (const auto& entry : fencing) {
        BEDPLATE_TRY(etcd_.commit({.removes = {entry.key}}));
    }
    for (int i = 0; i < max_tries; ++i) {
        BEDPLATE_ASSIGN(const auto found,
                        etcd_.get_all({registry_key("nodes", hostname), registry_key("next")}));
        if (!found[0]) {
            return {};
        }
        if (!found[1]) {
            return fail("registry.record", "the registry does not say how many nodes there are", "next");
        }
        BEDPLATE_ASSIGN(const Member member, member_in(*found[0]));
        BEDPLATE_ASSIGN(Counters counters, counters_of(*found[1]));
        counters.nodes -= counters.nodes > 0 ? 1 : 0;
        counters.control -= member.control && counters.control > 0 ? 1 : 0;
        EtcdTransaction transaction{
            .compares = {unchanged(*found[0]), unchanged(*found[1])},
            .puts = {{registry_key("next"), counters_text(counters)}},
            .removes = {registry_key("nodes", hostname), registry_key("uuids", member.product_uuid),
                        registry_key("corosync-acks", hostname), registry_key("host-keys", hostname),
                        registry_key("cpus", hostname), registry_key("fencing-acks", hostname),
                        registry_key("vm-hosts", hostname), registry_key("vm-acks", hostname)}};
        if (!member.attempt.empty()) {
            transaction.removes.push_back(registry_key("attempts", member.attempt));
        }
        std::ranges::copy(address_keys(member), std::back_inserter(transaction.removes));
        BEDPLATE_ASSIGN(const bool done, etcd_.commit(transaction));
        if (done) {
            return {};
        }
    }
    return fail("registry.contended", "the registry is changed by others all the time");
}

Result<void> Registry::publish_host_key(const std::string& hostname, const std::string& host_key) {
    BEDPLATE_TRY(etcd_.commit({.puts = {{registry_key("host-keys", hostname), host_key}}}));
    return {};
}

Result<std::map<std::string, std::string>> Registry::by_node(const std::string& kind) {
    const std::string prefix = registry_key(kind) + "/";
    BEDPLATE_ASSIGN(const auto entries, etcd_.list(prefix));
    std::map<std::string, std::string> values;
    for (const auto& entry : entries) {
        values[entry.key.substr(prefix.size())] = entry.value;
    }
    return values;
}

Result<std::map<std::string, std::string>> Registry::host_keys() {
    return by_node("host-keys");
}

Result<void> Registry::add_ticket(const TicketRecord& ticket) {
    BEDPLATE_ASSIGN(const bool done,
                    etcd_.commit({.compares = {absent(registry_key("tickets", ticket.id))},
                                  .puts = {{registry_key("tickets", ticket.id), to_json(ticket).dump()},
                                           {registry_key("ticket-keys", ticket.fingerprint), ticket.id}}}));
    return done ? Result<void>() : fail("ticket.exists", "a ticket of this id exists already");
}

Result<std::optional<TicketRecord>> Registry::ticket(const std::string& id) {
    BEDPLATE_ASSIGN(const auto entry, etcd_.get(registry_key("tickets", id)));
    if (!entry) {
        return std::optional<TicketRecord>();
    }
    BEDPLATE_ASSIGN(const Json json, json_of(*entry));
    BEDPLATE_ASSIGN(auto record, ticket_record_from_json(json));
    return std::optional(std::move(record));
}

Result<std::optional<TicketRecord>> Registry::ticket_by_fingerprint(const std::string& fingerprint) {
    BEDPLATE_ASSIGN(const auto entry, etcd_.get(registry_key("ticket-keys", fingerprint)));
    return entry ? ticket(entry->value) : Result<std::optional<TicketRecord>>(std::nullopt);
}

Result<std::vector<TicketRecord>> Registry::list_tickets() {
    BEDPLATE_ASSIGN(const auto entries, etcd_.list(registry_key("tickets") + "/"));
    std::vector<TicketRecord> tickets;
    for (const auto& entry : entries) {
        BEDPLATE_ASSIGN(const Json json, json_of(entry));
        BEDPLATE_ASSIGN(tickets.emplace_back(), ticket_record_from_json(json));
    }
    return tickets;
}

Result<bool> Registry::change_ticket(const std::string& id,
                                     const std::function<void(TicketRecord&)>& change) {
    for (int i = 0; i < max_tries; ++i) {
        BEDPLATE_ASSIGN(const auto entry, etcd_.get(registry_key("tickets", id)));
        if (!entry) {
            return false;
        }
        BEDPLATE_ASSIGN(const Json json, json_of(*entry));
        BEDPLATE_ASSIGN(TicketRecord record, ticket_record_from_json(json));
        change(record);
        BEDPLATE_ASSIGN(const bool done, etcd_.commit({.compares = {unchanged(*entry)},
                                                       .puts = {{entry->key, to_json(record).dump()}}}));
        if (done) {
            return true;
        }
    }
    return fail("registry.contended", "the ticket is changed by others all the time");
}

Result<void> Registry::revoke_ticket(const std::string& id) {
    BEDPLATE_ASSIGN(const bool there, change_ticket(id, [](TicketRecord& t) { t.revoked = true; }));
    return there ? Result<void>()
                 : fail("ticket.unknown", std::format("there is no ticket '{}'", id), {},
                        "bedplate ticket list shows them");
}

Result<void> Registry::count_bad_try(const std::string& id) {
    BEDPLATE_TRY(change_ticket(
        id, [](TicketRecord& t) { t.revoked = ++t.bad_tries >= ticket_max_bad_tries || t.revoked; }));
    return {};
}

Result<void> Registry::extend_ticket(const std::string& id) {
    const std::int64_t until = now() + std::chrono::seconds(ticket_default_ttl).count();
    BEDPLATE_TRY(change_ticket(id, [&](TicketRecord& t) {
        const std::int64_t latest = t.created + std::chrono::seconds(ticket_max_ttl).count();
        t.expires = std::max(t.expires, std::min(until, latest));
    }));
    return {};
}

Result<JoinView> Registry::view(const std::string& ticket, const JoinRequest& request) {
    BEDPLATE_ASSIGN(const Snapshot snapshot, read_snapshot(etcd_, ticket, request));
    return view_of(snapshot, now());
}

Result<Allotment> Registry::allot(const std::string& ticket, const JoinRequest& request, bool quorate,
                                  const RegistryLock* lock) {
    for (int i = 0; i < max_tries; ++i) {
        BEDPLATE_ASSIGN(const Snapshot snapshot, read_snapshot(etcd_, ticket, request));
        BEDPLATE_ASSIGN(JoinView view, view_of(snapshot, now()));
        view.quorate = quorate;
        BEDPLATE_TRY(judge(request, view));
        if (view.attempt_owner) {
            return Allotment{.node = *view.attempt_owner, .repeated = true};
        }
        if (!snapshot.next) {
            return fail("registry.empty", "etcd holds no cluster yet");
        }
        BEDPLATE_ASSIGN(const Counters counters, counters_of(*snapshot.next));
        Member node;
        auto transaction = allotment(snapshot, request, *view.ticket, counters, node);
        if (lock != nullptr) {
            transaction.compares.push_back(
                {.target = Target::created, .key = registry_key("lock", "join"), .revision = lock->created});
        }
        BEDPLATE_ASSIGN(const bool done, etcd_.commit(transaction));
        if (done) {
            return Allotment{.node = std::move(node)};
        }
        if (lock != nullptr) {
            BEDPLATE_TRY(renew(*lock));
        }
    }
    return fail("join.contended", "too many joins at the same time; try again");
}

Result<RegistryLock> Registry::lock(const std::string& owner, std::chrono::seconds patience) {
    constexpr std::chrono::seconds ttl{60};  // decision 0107
    const std::string name = registry_key("lock", "join");
    const auto deadline = clock_.steady() + patience;
    BEDPLATE_ASSIGN(const std::int64_t lease, etcd_.grant_lease(ttl));
    std::chrono::milliseconds pause{50};
    for (;;) {
        BEDPLATE_ASSIGN(const bool done,
                        etcd_.commit({.compares = {absent(name)}, .puts = {{name, owner, lease}}}));
        BEDPLATE_ASSIGN(const auto entry, etcd_.get(name));
        if (done && entry) {
            return RegistryLock{.lease = lease, .created = entry->create_revision};
        }
        if (clock_.steady() > deadline) {
            static_cast<void>(etcd_.revoke_lease(lease));  // it would run out by itself
            return fail(
                "registry.locked",
                std::format("the cluster is being changed by {}", entry ? entry->value : "another node"), {},
                "try again; a lock whose holder died goes after a minute");
        }
        clock_.sleep(pause);
        pause = std::min(pause * 2, std::chrono::milliseconds{500});
        BEDPLATE_ASSIGN(const bool alive, etcd_.keep_alive(lease));
        if (!alive) {
            return fail("registry.lock-lost", "the lease for the lock ran out while waiting for it");
        }
    }
}

Result<void> Registry::renew(const RegistryLock& lock) {
    BEDPLATE_ASSIGN(const bool alive, etcd_.keep_alive(lock.lease));
    if (!alive) {
        return fail("registry.lock-lost", "the cluster-wide lock was lost: this took longer than its lease");
    }
    return {};
}

Result<void> Registry::unlock(const RegistryLock& lock) {
    return etcd_.revoke_lease(lock.lease);
}

}  // namespace bedplate
