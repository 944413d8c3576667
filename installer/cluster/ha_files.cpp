// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "cluster/files.hpp"

namespace bedplate {
namespace {

/// One section of corosync.conf: a key a line, sections inside it one deeper.
class Section {
public:
    explicit Section(std::string name) : name_(std::move(name)) {}

    Section& set(std::string_view key, std::string_view value) {
        lines_.push_back(std::format("{}: {}", key, value));
        return *this;
    }
    Section& add(const Section& inner) {
        const std::string text = inner.text();
        for (const auto& line : split(std::string_view(text).substr(0, text.size() - 1), '\n')) {
            lines_.push_back(line);
        }
        return *this;
    }
    [[nodiscard]] std::string text() const {
        std::string result = name_ + " {\n";
        for (const auto& line : lines_) {
            result += "  " + line + "\n";
        }
        return result + "}\n";
    }

private:
    std::string name_;
    std::vector<std::string> lines_;
};

Section link(int number, int priority) {
    Section section("interface");
    section.set("linknumber", std::to_string(number));
    section.set("knet_link_priority", std::to_string(priority));
    return section;
}

Section node_section(const Member& member, bool two_links) {
    Section node("node");
    node.set("name", member.hostname).set("nodeid", std::to_string(member.id));
    node.set("ring0_addr", member.ring0.to_text());
    if (two_links) {
        node.set("ring1_addr", member.ring1->to_text());
    }
    return node;
}

/// A third voter outside of the cluster (corosync-qdevice(8)): with half of the nodes it decides, by who of
/// both halves has more, else by the lowest node id.
Section device_section(std::string_view host) {
    Section net("net");
    net.set("host", host).set("algorithm", "ffsplit").set("tls", "required");
    Section device("device");
    device.set("model", "net").set("votes", "1").add(net);
    return device;
}

}  // namespace

std::string corosync_conf(std::string_view cluster, std::uint64_t config_version,
                          std::span<const Member> members, std::string_view qdevice_host) {
    std::vector<Member> sorted(members.begin(), members.end());
    std::ranges::sort(sorted, {}, &Member::id);
    const bool two_links =
        std::ranges::all_of(sorted, [](const Member& m) { return m.ring1 && *m.ring1 != m.ring0; });
    Section totem("totem");
    totem.set("version", "2").set("cluster_name", cluster).set("transport", "knet").set("ip_version", "ipv4");
    totem.set("config_version", std::to_string(config_version));
    // openssl, since it is what Debian's libknet is built with beside nss, and the one that is maintained.
    totem.set("crypto_model", "openssl").set("crypto_cipher", "aes256").set("crypto_hash", "sha256");
    totem.set("token", "5000").set("link_mode", "passive").add(link(0, 20));
    if (two_links) {
        totem.add(link(1, 10));
    }
    Section nodelist("nodelist");
    for (const auto& member : sorted) {
        nodelist.add(node_section(member, two_links));
    }
    Section quorum("quorum");
    quorum.set("provider", "corosync_votequorum");
    if (!qdevice_host.empty()) {
        quorum.add(device_section(qdevice_host));  // and never two_node with it (votequorum(5))
    } else if (sorted.size() == 2) {
        quorum.set("two_node", "1");  // implies wait_for_all (votequorum(5))
    }
    Section logging("logging");
    logging.set("to_logfile", "no").set("to_syslog", "yes").set("to_stderr", "no");
    return totem.text() + nodelist.text() + quorum.text() + logging.text();
}

std::uint64_t corosync_config_version(std::string_view text) {
    for (const auto& line : split(text, '\n')) {
        const auto trimmed = trim(line);
        constexpr std::string_view key = "config_version:";
        if (trimmed.starts_with(key)) {
            return parse_unsigned(trim(trimmed.substr(key.size()))).value_or(0);
        }
    }
    return 0;
}

std::string chrony_members(std::string_view self, std::span<const Member> members) {
    std::string text = "# Written by bedplate-firstboot: the control nodes.\n";
    for (const auto& member : members) {
        if (member.control && member.hostname != self) {
            text += std::format("server {} iburst minpoll 3 maxpoll 6\n", member.management.to_text());
        }
    }
    return text;
}

}  // namespace bedplate
