// SPDX-License-Identifier: GPL-3.0-or-later
#include "registry/tickets.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"

namespace bedplate {
namespace {

/// "256 SHA256:abc... comment (ED25519)" -> "SHA256:abc..."
std::string fingerprint_in(std::string_view line) {
    const auto words = split(trim(line), ' ');
    return words.size() < 2 ? "" : words[1];
}

}  // namespace

Result<NewTicket> new_ticket(Platform& platform, const std::filesystem::path& work,
                             const TicketOptions& options) {
    BEDPLATE_ASSIGN(const auto unique, platform.files.read("/proc/sys/kernel/random/uuid"));
    const auto key = work / ("ticket-" + sha256_hex(unique).substr(0, 16));
    const auto pub = key.string() + ".pub";
    BEDPLATE_TRY(platform.files.make_directories(work, 0700));
    BEDPLATE_TRY(run_checked(platform.commands, {.argv = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C",
                                                          "bedplate-ticket", "-f", key.string()}}));
    const auto secret = platform.files.read(key);
    const auto line = platform.files.read(pub);
    const auto fingerprint =
        run_checked(platform.commands, {.argv = {"ssh-keygen", "-l", "-E", "sha256", "-f", pub}});
    BEDPLATE_TRY(platform.files.remove(key));
    BEDPLATE_TRY(platform.files.remove(pub));
    if (!secret || !line || !fingerprint) {
        return fail("ticket.key", "ssh-keygen left no key pair", key.string());
    }
    const std::int64_t now =
        std::chrono::duration_cast<std::chrono::seconds>(platform.clock.now().time_since_epoch()).count();
    NewTicket made;
    const auto words = split(trim(*line), ' ');
    made.record = {.id = sha256_hex(*line).substr(0, 16),
                   .public_key = words[0] + " " + words[1],
                   .fingerprint = fingerprint_in(*fingerprint),
                   .created = now,
                   .expires = now + options.ttl.count(),
                   .uses = options.uses,
                   .service_tags = options.service_tags};
    made.ticket.id = made.record.id;
    made.ticket.key = Secret(*secret);
    return made;
}

}  // namespace bedplate
