// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/metrics.hpp"

#include <format>
#include <sstream>

#include "base/text.hpp"
#include "firstboot/access.hpp"
#include "firstboot/capacity.hpp"
#include "firstboot/pki_file.hpp"

namespace bedplate::firstboot {

namespace {

constexpr std::string_view bonds_folder = "/proc/net/bonding";
constexpr std::chrono::minutes longest_silence{1};

/// "notAfter=2031-11-28 23:35:00Z", as openssl x509 prints it with -dateopt iso_8601.
std::optional<std::int64_t> end_of(std::string_view text) {
    std::istringstream in{std::string(trim(text))};
    std::chrono::sys_seconds end;
    in >> std::chrono::parse("notAfter=%F %TZ", end);
    return in ? std::optional(end.time_since_epoch().count()) : std::nullopt;
}

std::map<std::string, BondState> bonds_of(const FileSystem& files) {
    std::map<std::string, BondState> bonds;
    for (const auto& name : files.list(bonds_folder).value_or(std::vector<std::string>())) {
        const auto text = files.read(std::format("{}/{}", bonds_folder, name));
        if (auto state = text ? parse_bonding(*text) : std::unexpected(text.error())) {
            bonds.emplace(name, std::move(*state));
        }
    }
    return bonds;
}

/// On a control node, as the follower wrote them; none on others, which would only say the same.
std::vector<Member> members_of(const FileSystem& files) {
    const auto membership = read_membership(files);
    return membership && membership->self.control ? membership->all : std::vector<Member>();
}

}  // namespace

void NodeMetrics::look_at_certificates() {
    for (const char* name : {"ca.crt", "node.crt"}) {
        const auto path = pki_file(name);
        const auto text = platform_.files.read(path);
        if (!text || certificate_texts_[path] == *text) {
            continue;
        }
        const auto out = run_checked(platform_.commands, {.argv = {"openssl", "x509", "-in", path, "-noout",
                                                                   "-enddate", "-dateopt", "iso_8601"}});
        if (const auto end = out ? end_of(*out) : std::nullopt) {
            figures_.certificates[path] = *end;
            certificate_texts_[path] = *text;
        }
    }
}

void NodeMetrics::look_at_tickets() {
    figures_.tickets.clear();
    RegistryConnection connection(platform_);
    if (members_of(platform_.files).empty() || !connection.open()) {
        return;
    }
    const auto tickets = connection.registry().list_tickets();
    const auto now = connection.registry().now();
    for (const auto& ticket : tickets.value_or(std::vector<TicketRecord>())) {
        if (!ticket.revoked && ticket.used < ticket.uses && ticket.expires > now) {
            figures_.tickets.push_back(ticket);
        }
    }
}

void NodeMetrics::look_at_room() {
    figures_.room.reset();
    const auto settings = read_node_settings(platform_.files);
    const auto membership = read_membership(platform_.files);
    if (!settings || !membership) {
        return;
    }
    if (const auto machine = read_machine(platform_, *settings, membership->self.control)) {
        figures_.room = node_capacity(*machine, settings->capacity);
    }
}

void NodeMetrics::look(const NodeReport& report) {
    figures_.version = BEDPLATE_VERSION;
    figures_.report = report;
    look_at_certificates();
    look_at_tickets();
    look_at_room();
}

Result<void> NodeMetrics::tell() {
    figures_.bonds = bonds_of(platform_.files);
    figures_.members = members_of(platform_.files);
    auto text = to_metrics(figures_);
    const auto now = platform_.clock.steady();
    if (text == written_ && now - written_at_ < longest_silence) {
        return {};
    }
    BEDPLATE_TRY(platform_.files.write(std::format("{}/{}", metrics_folder, node_metrics_file), text));
    written_ = std::move(text);
    written_at_ = now;
    return {};
}

}  // namespace bedplate::firstboot
