// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
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

struct Option {
    std::string_view name, value;
};

std::string nvpairs(std::string_view prefix, std::span<const Option> options) {
    std::string xml;
    for (const auto& [name, value] : options) {
        xml += std::format(R"(<nvpair id="{}-{}" name="{}" value="{}"/>)", prefix, name, name, value);
    }
    return xml;
}

}  // namespace

std::string corosync_conf(std::string_view cluster, std::uint64_t config_version,
                          std::span<const Member> members) {
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
    if (sorted.size() == 2) {
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

std::string cib_options_xml(bool fencing) {
    // Virtual machines on RBD stay where they are when quorum is lost: with fencing none is started twice.
    const std::array cluster{Option{"stonith-enabled", fencing ? "true" : "false"},
                             Option{"no-quorum-policy", "freeze"}, Option{"placement-strategy", "balanced"},
                             Option{"cluster-recheck-interval", "5min"}, Option{"stonith-timeout", "90s"},
                             Option{"migration-limit", "2"}, Option{"node-pending-timeout", "5min"},
                             // one failed start would otherwise ban the node despite the threshold of three
                             Option{"start-failure-is-fatal", "false"}};
    const std::array resources{Option{"resource-stickiness", "200"}, Option{"migration-threshold", "3"},
                               Option{"failure-timeout", "10min"}};
    return std::format(
        R"(<configuration><crm_config><cluster_property_set id="cib-bootstrap-options">{}</cluster_property_set>)"
        R"(</crm_config><rsc_defaults><meta_attributes id="bedplate-defaults">{}</meta_attributes>)"
        R"(</rsc_defaults></configuration>)",
        nvpairs("cib-bootstrap-options", cluster), nvpairs("bedplate-defaults", resources));
}

}  // namespace bedplate
