// SPDX-License-Identifier: GPL-3.0-or-later
#include "registry/join_client.hpp"

#include <format>

#include "base/text.hpp"

namespace bedplate {
namespace {

namespace fs = std::filesystem;

constexpr int ssh_failed = 255;  // ssh(1), EXIT STATUS

/// Under this name the pinned key stands in known_hosts. Without it ssh(1) looks for "[address]:port", but
/// for the bare address where the port is 22.
constexpr const char* pinned_name = "seed";

Command ssh(const JoinClient& client, const Seed& seed, const JoinRequest& request) {
    Command command{.argv = {"ssh", "-F", "none", "-T", "-i", (client.work / "key").string()}};
    for (const auto* option :
         {"IdentitiesOnly=yes", "IdentityAgent=none", "BatchMode=yes", "StrictHostKeyChecking=yes",
          "GlobalKnownHostsFile=none", "HostKeyAlgorithms=ssh-ed25519", "PubkeyAuthentication=yes",
          "PreferredAuthentications=publickey", "ConnectTimeout=30", "ServerAliveInterval=10",
          "ServerAliveCountMax=3", "LogLevel=ERROR"}) {
        command.argv.insert(command.argv.end(), {"-o", option});
    }
    command.argv.insert(command.argv.end(),
                        {"-o", std::format("HostKeyAlias={}", pinned_name), "-o",
                         "UserKnownHostsFile=" + (client.work / "known_hosts").string(), "-p",
                         std::to_string(seed.port), std::format("{}@{}", client.user, seed.address)});
    command.input = to_json(request).dump();
    // A join waits for the cluster-wide lock and for every member to write a file.
    command.timeout = std::chrono::minutes{4};
    return command;
}

std::unexpected<Error> ssh_failure(const std::string& text, const Seed& seed) {
    const std::string where = std::format("{} port {}", seed.address, seed.port);
    if (text.find("Host key verification failed") != std::string::npos ||
        text.find("No ED25519 host key is known") != std::string::npos) {
        return refuse(
            "join.host-key", "the seed shows another host key than the ticket pins; nothing was sent to it",
            where,
            "somebody else may be answering at this address; or the seed was reinstalled: make a new "
            "ticket");
    }
    if (text.find("Permission denied") != std::string::npos) {
        return refuse(
            "join.denied",
            "the seed does not take the join ticket: unknown, expired or revoked, or its registry does "
            "not answer",
            where,
            "look at the tickets on a member: bedplate ticket list; if this one is not among them, bedplate "
            "ticket create");
    }
    return fail("join.unreachable", std::format("{}: {}", where, trim(text)));
}

}  // namespace

Result<JoinAnswer> JoinClient::ask(Platform& platform, const Ticket& ticket,
                                   const JoinRequest& request) const {
    std::string reasons;
    for (const auto& seed : ticket.seeds) {
        BEDPLATE_TRY(platform.files.make_directories(work, 0700));
        BEDPLATE_TRY(platform.files.write(work / "key", ticket.key.reveal(), 0600));
        BEDPLATE_TRY(
            platform.files.write(work / "known_hosts", std::format("{} {}\n", pinned_name, seed.host_key)));
        const auto result = platform.commands.run(ssh(*this, seed, request));
        BEDPLATE_TRY(platform.files.remove(work / "key"));
        if (!result || result->exit_status == ssh_failed) {
            auto failure = result ? ssh_failure(result->err, seed) : std::unexpected<Error>(result.error());
            if (failure.error().kind == ErrorKind::refused) {
                return failure;
            }
            reasons += (reasons.empty() ? "" : "; ") + failure.error().message;
            continue;
        }
        BEDPLATE_ASSIGN(auto answer, join_answer_from_text(result->out));
        if (answer.refusal) {
            return std::unexpected(std::move(*answer.refusal));
        }
        if (answer.fsid != ticket.fsid) {
            return refuse("join.answer",
                          std::format("the seed belongs to the cluster {} ({}), the ticket to {} ({})",
                                      answer.cluster, answer.fsid, ticket.cluster, ticket.fsid));
        }
        return answer;
    }
    return fail("join.unreachable", std::format("no seed can be reached: {}", reasons), {},
                "check cable, VLAN and address of this node, and that a seed is up");
}

}  // namespace bedplate
