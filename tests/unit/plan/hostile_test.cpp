// SPDX-License-Identifier: GPL-3.0-or-later
// Strings that nobody would type, in every field that reaches a file of the network: the loader refuses them,
// or the files mean the same as with any other value.
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <random>
#include <set>

#include "base/text.hpp"
#include "example.hpp"
#include "plan/network.hpp"

namespace bedplate {
namespace {

using namespace std::string_literals;
using test::Example;

/// 200 strings: every separator and quote of systemd, nft, YAML and shells, line ends, controls, mutations.
std::vector<std::string> hostile_strings() {
    std::vector<std::string> all{"",
                                 " ",
                                 "\n",
                                 "\r",
                                 "a\nb",
                                 "x\n[Network]\nAddress=6.6.6.6/8",
                                 "x\n\n[Link]\nName=evil",
                                 "x\\",
                                 "x\\\nAddress=6.6.6.6/8",
                                 "#x",
                                 ";x",
                                 "a=b",
                                 "[Match]",
                                 "a b",
                                 "a\tb",
                                 "*",
                                 "!nic0",
                                 "%n",
                                 "%%",
                                 "$(reboot)",
                                 "`reboot`",
                                 "${HOME}",
                                 "'; reboot; '",
                                 "\"",
                                 "'",
                                 "\" accept comment \"",
                                 "} }",
                                 "{",
                                 "../../etc/passwd",
                                 "/etc/shadow",
                                 "-rf",
                                 "--dry-run",
                                 "\0x"s,
                                 "\x1b[2J",
                                 "\x7f",
                                 "\xC3",
                                 "\xF0\x9F\x92\xBE",
                                 "\xE2\x80\xA8",
                                 "a\vb",
                                 "a\fb",
                                 "bond0\u00a0",
                                 std::string(15, 'a'),
                                 std::string(16, 'a'),
                                 std::string(5000, 'a'),
                                 "eth0.100",
                                 "br0:1",
                                 "default",
                                 "all",
                                 "..",
                                 "10.0.0.1 10.0.0.2",
                                 "10.0.0.1/24",
                                 "010.0.0.1",
                                 "0x0a.0.0.1",
                                 "::1",
                                 "yes",
                                 "no",
                                 "null",
                                 "~",
                                 "1e3",
                                 "0",
                                 "4095"};
    const std::vector<std::string> good{"br-service", "dc1.example.com", "10.0.100.1", "bond0", "tg3"};
    const std::string bytes = "\0\n\r\t '\"\\/=[]{}#;%$&|*!:.,-\x1b\x7f\xC3"s;
    std::mt19937 random(20260102);
    while (all.size() < 200) {
        std::string text = good[random() % good.size()];
        text.insert(random() % (text.size() + 1), 1, bytes[random() % bytes.size()]);
        all.push_back(text);
    }
    return all;
}

/// As a double-quoted YAML scalar that means exactly these bytes where YAML can say them.
std::string yaml_text(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            quoted += std::format("\\x{:02x}", static_cast<unsigned>(c));
        } else {
            quoted += (c == '"' || c == '\\' ? "\\" : "") + std::string(1, c);
        }
    }
    return quoted + "\"";
}

/// Sections and keys of a file, in order, as systemd reads it: what a value can not change.
std::vector<std::string> skeleton(const std::string& text) {
    std::vector<std::string> lines;
    bool continued = false;
    for (const std::string& raw : split(text, '\n')) {
        const std::string line(trim(raw));
        const bool comment = line.starts_with('#') || line.starts_with(';');
        if (!continued && !line.empty() && !comment) {
            lines.push_back(line.starts_with('[') ? line : line.substr(0, line.find('=')));
        }
        continued = !comment && line.ends_with('\\');
        if (raw.contains('\r') || raw.contains('\0')) {
            lines.emplace_back("a control character");
        }
    }
    return lines;
}

std::map<std::string, std::vector<std::string>> skeletons(const NetworkPlan& plan) {
    std::map<std::string, std::vector<std::string>> result;
    std::size_t number = 0;
    for (const auto& [path, text] : plan.files) {
        if (path.starts_with("/etc/systemd/network/")) {
            // Names of files follow those of bonds and bridges; how many there are does not.
            result[std::to_string(number++)] = skeleton(text);
        }
    }
    return result;
}

std::string site_with(const std::string& field, const std::string& value) {
    std::map<std::string, std::string> fields{{"domain", "dc1.example.com"},
                                              {"dns", "10.0.100.1"},
                                              {"ntp", "10.0.100.1"},
                                              {"subnet", "10.0.100.0/24"},
                                              {"gateway", "10.0.100.1"},
                                              {"bridge", "br-service"},
                                              {"guest", "210"},
                                              {"over", "management"},
                                              {"group", "239.1.1.1"},
                                              {"hostname", "node1"}};
    for (auto& [name, text] : fields) {
        text = yaml_text(name == field ? value : text);
    }
    return std::format(R"(schema: bedplate/site/v1
cluster: {{name: prod, domain: {}, ntp: [{}], dns: [{}], timezone: UTC}}
networks:
  management: {{vlan: 100, subnet: {}, gateway: {}}}
  service: {{vlan: 200, bridge: {}, guest_vlans: [{}]}}
  migration: {{mtu: 1400, vxlan: {{vni: 5000, over: {}, group: {}}}}}
access: {{ssh_authorized_keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f x"]}}
install: {{unattended: true}}
nodes:
  - {{match: {{service_tag: TAG0001}}, hostname: {}, address: 11, cluster: create}}
)",
                       fields["domain"], fields["ntp"], fields["dns"], fields["subnet"], fields["gateway"],
                       fields["bridge"], fields["guest"], fields["over"], fields["group"],
                       fields["hostname"]);
}

std::optional<NetworkPlan> plan_with_site(const std::string& text) {
    Report report;
    const auto site = load_site(text, "site.yaml", report);
    if (!site) {
        return std::nullopt;
    }
    Example example;
    const auto node = compose(*site, example.inventory, std::nullopt);
    if (!node) {
        return std::nullopt;
    }
    auto plan = plan_network(example.inventory, example.profile, *node, report);
    return plan ? std::optional(std::move(*plan)) : std::nullopt;
}

std::optional<NetworkPlan> plan_with(const Example& example) {
    Report findings;
    auto plan = plan_network(example.inventory, example.profile, example.node, findings);
    return plan ? std::optional(std::move(*plan)) : std::nullopt;
}

}  // namespace

TEST_CASE("200 hostile strings in every field of a site are refused or change nothing but the value") {
    const auto normal = plan_with_site(site_with("", ""));
    REQUIRE(normal);
    const auto expected = skeletons(*normal);
    const auto strings = hostile_strings();
    REQUIRE(strings.size() == 200);
    std::size_t refused = 0;
    for (const std::string field :
         {"domain", "dns", "ntp", "subnet", "gateway", "bridge", "guest", "over", "group", "hostname"}) {
        for (const std::string& value : strings) {
            const auto plan = plan_with_site(site_with(field, value));
            if (!plan) {
                ++refused;
                continue;
            }
            INFO(field << " = " << yaml_text(value));
            CHECK(skeletons(*plan) == expected);
        }
    }
    CHECK(refused > 1500);
}

TEST_CASE("200 hostile strings as the name of a bond are refused or change nothing but the name") {
    const auto profile_text = [](const std::string& name) {
        return std::format(R"(schema: bedplate/profile/v1
name: x
match: {{memory: {{min: 1GiB}}}}
disks: {{system: {{select: {{model: "DELLBOSS*"}}}}}}
network:
  bonds: [{{name: {0}, mode: active-backup, select: {{driver: tg3}}, at_least: 1}}]
  roles: {{management: {0}}}
)",
                           yaml_text(name));
    };
    Example example;
    const auto expected = skeletons(plan_with(example).value());
    for (const std::string& value : hostile_strings()) {
        Report report;
        const auto profile = load_profile(profile_text(value), "profile.yaml", report);
        if (!profile) {
            continue;
        }
        example.profile.network = profile->network;
        INFO(yaml_text(value));
        if (const auto plan = plan_with(example)) {
            CHECK(skeletons(*plan) == expected);
            CHECK(plan->layout.bonds.front().name == value);
        }
    }
}

TEST_CASE("200 hostile strings in what a machine says about its ports change no file's meaning") {
    const auto expected = skeletons(plan_with(Example()).value());
    const std::vector<std::pair<std::string, std::function<void(Nic&, const std::string&)>>> fields{
        {"name", [](Nic& nic, const std::string& value) { nic.name = value; }},
        {"driver", [](Nic& nic, const std::string& value) { nic.driver = value; }},
        {"model", [](Nic& nic, const std::string& value) { nic.model = value; }},
        {"mac", [](Nic& nic, const std::string& value) { nic.mac = value; }},
        {"permanent_mac", [](Nic& nic, const std::string& value) { nic.permanent_mac = value; }},
        {"pci", [](Nic& nic, const std::string& value) { nic.pci = value; }},
        {"lldp",
         [](Nic& nic, const std::string& value) { nic.lldp = Lldp{.chassis = value, .port = value}; }},
    };
    for (const auto& [field, set] : fields) {
        for (const std::string& value : hostile_strings()) {
            Example example;
            example.profile.network.bonds.front().select = {};
            set(example.inventory.nics[1], value);
            const auto plan = plan_with(example);
            INFO(field << " = " << yaml_text(value));
            REQUIRE(plan);
            for (const auto& [number, lines] : skeletons(*plan)) {
                // A port that lost its MAC is pinned by another line; nothing else may be new.
                const std::set<std::string> allowed{"[Match]",      "[Link]",      "PermanentMACAddress",
                                                    "MACAddress",   "Path",        "Name",
                                                    "RxBufferSize", "TxBufferSize"};
                const bool link = lines.size() >= 4 && lines[2] == "[Link]" && lines[3] == "Name";
                CHECK((link ? std::ranges::all_of(lines, [&](const auto& l) { return allowed.contains(l); })
                            : std::ranges::contains(expected, lines,
                                                    [](const auto& entry) { return entry.second; })));
            }
        }
    }
}

}  // namespace bedplate
