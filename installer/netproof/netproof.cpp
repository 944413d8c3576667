// SPDX-License-Identifier: GPL-3.0-or-later
#include "netproof/netproof.hpp"

#include <algorithm>
#include <format>
#include <mutex>
#include <set>
#include <thread>

#include "base/text.hpp"
#include "inventory/bonding.hpp"
#include "inventory/lldp.hpp"
#include "netproof/set_up.hpp"
#include "platform/time_scale.hpp"

namespace bedplate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Outcome = NetworkCheck::Outcome;

// With the fast rate LACP is there within three seconds of link; a switch that asks for the slow one speaks
// every 30 s.
constexpr seconds link_time{12};
constexpr seconds lacp_time{20};
constexpr seconds address_time{15};
constexpr seconds lldp_time{35};  // the usual interval is 30 s

class Proof {
public:
    Proof(Platform& platform, const NetworkLayout& layout) : platform_(platform), layout_(layout) {}

    void check_links() {
        (void)wait_until(platform_.clock, scaled(link_time), [&] { return dark_ports().empty(); });
        const auto dark = dark_ports();
        for (const PlannedBond& bond : layout_.bonds) {
            std::vector<std::string> without;
            std::ranges::copy_if(bond.ports, std::back_inserter(without),
                                 [&](const std::string& port) { return dark.contains(port); });
            if (without.empty()) {
                add(Outcome::held, "network.no-link",
                    std::format("{}: link on {}", bond.name, join(bond.ports, ", ")));
                continue;
            }
            // A backup port without link protects nothing but hinders nothing; LACP is proved port by port.
            const bool enough = !bond.lacp() && without.size() < bond.ports.size();
            add(enough ? Outcome::doubtful : Outcome::failed, "network.no-link",
                std::format("{}: no link on {}", bond.name, ports_text(without)));
        }
    }

    void check_lacp() {
        for (const PlannedBond& bond : layout_.bonds) {
            if (bond.lacp()) {
                std::string seen;
                const bool good = wait_until(platform_.clock, scaled(lacp_time), [&] {
                    seen = lacp_problem(bond);
                    return seen.empty();
                });
                add(good ? Outcome::held : Outcome::failed, "network.lacp",
                    good ? std::format("{}: one LACP partner on {}", bond.name, join(bond.ports, ", "))
                         : seen);
            }
        }
    }

    /// VLANs and bridges come up a moment after their ports.
    void wait_for_interfaces() const {
        (void)wait_until(platform_.clock, scaled(link_time), [&] {
            return std::ranges::all_of(layout_.interfaces, [&](const PlannedInterface& interface) {
                return has_carrier(platform_.files, device_of(interface));
            });
        });
    }

    void check_own_addresses() {
        for_each_interface([&](const PlannedInterface& interface) {
            if (!interface.address) {
                return;
            }
            const std::string address = interface.address->to_text();
            // RFC 5227 2.1.1: three probes without a sender's address; any answer means that it is taken.
            const auto probe =
                run({"arping", "-D", "-f", "-c", "3", "-w", "5", "-I", device_of(interface), address});
            const std::string owner = probe ? answer_from(probe->out) : "";
            if (!owner.empty()) {
                add(Outcome::failed, "network.address-taken",
                    std::format("{}: {} has the address {} that this node shall get", place(interface), owner,
                                address));
            } else if (!probe || probe->exit_status != 0) {
                add(Outcome::failed, "network.probe",
                    std::format("{}: nobody could be asked for {}: {}", place(interface), address,
                                probe ? trim(probe->err) : probe.error().message));
            } else {
                add(Outcome::held, "network.address-taken",
                    std::format("{}: nobody has {}", place(interface), address));
            }
        });
    }

    void check_addresses_used() {
        std::set<std::string> missing;
        (void)wait_until(platform_.clock, scaled(address_time), [&] {
            missing = missing_addresses();
            return missing.empty();
        });
        for (const std::string& what : missing) {
            add(Outcome::failed, "network.address-missing", what);
        }
    }

    void check_neighbours() {
        for_each_interface([&](const PlannedInterface& interface) {
            if (interface.address && !interface.vxlan) {
                check_neighbour(interface);
            }
        });
    }

    void check_switches() {
        const bool any = std::ranges::any_of(
            layout_.bonds, [](const PlannedBond& bond) { return !bond.expect_switch.empty(); });
        if (!any) {
            return;
        }
        std::vector<NetworkCheck> checks;
        (void)wait_until(platform_.clock, scaled(lldp_time), [&] {
            neighbours_ = lldp();
            checks = switch_checks();
            return std::ranges::all_of(checks,
                                       [](const NetworkCheck& c) { return c.outcome == Outcome::held; });
        });
        proof_.checks.insert(proof_.checks.end(), checks.begin(), checks.end());
    }

    [[nodiscard]] bool holds() const { return proof_.holds(); }
    NetworkProof take() { return std::move(proof_); }

    /// Who is at the other end of the ports, for messages; nothing where nobody said so yet.
    void listen() { neighbours_ = lldp(); }

private:
    void add(Outcome outcome, std::string code, std::string detail) {
        const std::scoped_lock lock(mutex_);
        proof_.checks.push_back({.outcome = outcome, .code = std::move(code), .detail = std::move(detail)});
    }

    [[nodiscard]] Result<CommandResult> run(std::vector<std::string> argv) const {
        return platform_.commands.run({.argv = std::move(argv), .timeout = seconds(20)});
    }

    /// All networks at the same time: each answer that does not come costs seconds.
    void for_each_interface(const std::function<void(const PlannedInterface&)>& work) const {
        std::vector<std::jthread> threads;
        for (const PlannedInterface& interface : layout_.interfaces) {
            threads.emplace_back([&work, &interface] { work(interface); });
        }
    }

    [[nodiscard]] std::set<std::string> dark_ports() const {
        std::set<std::string> dark;
        for (const PlannedBond& bond : layout_.bonds) {
            for (const std::string& port : bond.ports) {
                if (!has_carrier(platform_.files, port)) {
                    dark.insert(port);
                }
            }
        }
        return dark;
    }

    /// "nic0 (eno1, tg3, 0000:04:00.0) on switch tor-a port Ethernet1/1"
    [[nodiscard]] std::string port_text(const std::string& name) const {
        std::string text = name;
        if (const PinnedPort* port = layout_.port(name); port != nullptr && !port->about.empty()) {
            text += std::format(" ({})", port->about);
        }
        if (const auto found = neighbours_.find(name); found != neighbours_.end()) {
            text += std::format(" on switch {} port {}", found->second.chassis, found->second.port);
        }
        return text;
    }

    [[nodiscard]] std::string ports_text(const std::vector<std::string>& names) const {
        std::vector<std::string> texts;
        for (const std::string& name : names) {
            texts.push_back(port_text(name));
        }
        return join(texts, ", ");
    }

    /// "VLAN 200 (service) on bond0: nic0 (...), nic1 (...)"
    [[nodiscard]] std::string place(const PlannedInterface& interface) const {
        const std::string tag =
            interface.vlan ? std::format("VLAN {}", interface.vlan->value()) : "untagged network";
        const PlannedBond* bond = layout_.bond(interface.bond);
        return std::format(
            "{} ({}) on {}", tag, interface.role,
            bond == nullptr ? interface.parent : std::format("{}: {}", bond->name, ports_text(bond->ports)));
    }

    [[nodiscard]] std::string lacp_problem(const PlannedBond& bond) const {
        const auto text = platform_.files.read("/proc/net/bonding/" + bond.name);
        const auto state = text ? parse_bonding(*text) : std::unexpected(text.error());
        if (!state) {
            return std::format("{}: {}", bond.name, state.error().message);
        }
        std::vector<std::string> silent;
        std::vector<std::string> waiting;
        std::set<std::string> partners;
        for (const BondPort& port : state->ports) {
            if (port.partner.empty()) {
                silent.push_back(port.name);
                continue;
            }
            partners.insert(port.partner);
            if (!port.in_service() || port.aggregator != state->aggregator) {
                waiting.push_back(port.name);
            }
        }
        if (state->ports.size() != bond.ports.size()) {
            return std::format("{}: {} of {} ports joined it", bond.name, state->ports.size(),
                               bond.ports.size());
        }
        if (!silent.empty()) {
            return std::format("{}: the switch sends no LACP on {}", bond.name, ports_text(silent));
        }
        if (partners.size() > 1) {
            return std::format("{}: its ports hang on different switches ({}): {}", bond.name,
                               join(std::vector(partners.begin(), partners.end()), ", "),
                               ports_text(bond.ports));
        }
        return waiting.empty() ? ""
                               : std::format("{}: the switch {} does not take {} into the bond", bond.name,
                                             *partners.begin(), ports_text(waiting));
    }

    /// "Unicast reply from 10.0.100.11 [52:54:00:AA:BB:CC]  0.7ms" -> "52:54:00:aa:bb:cc".
    static std::string answer_from(std::string_view output) {
        for (const std::string& line : split(output, '\n')) {
            const auto open = line.find('[');
            const auto close = line.find(']', open);
            if (!line.contains("reply from") || close == std::string::npos) {
                continue;
            }
            const auto mac = MacAddress::parse(line.substr(open + 1, close - open - 1));
            return mac ? mac->to_text() : line;
        }
        return {};
    }

    [[nodiscard]] std::set<std::string> missing_addresses() const {
        std::set<std::string> present;
        const auto out = run({"ip", "-json", "-4", "address", "show"});
        const auto links = out ? parse_json(out->out, "ip -json address") : std::unexpected(out.error());
        for (const Json& link : links.value_or(Json::array())) {
            for (const Json& address : link.value("addr_info", Json::array())) {
                present.insert(link.value("ifname", "") + " " + address.value("local", ""));
            }
        }
        std::set<std::string> missing;
        for (const PlannedInterface& interface : layout_.interfaces) {
            const std::string device = device_of(interface);
            if (interface.address && !present.contains(device + " " + interface.address->to_text())) {
                missing.insert(std::format("{}: {} did not appear on {}", place(interface),
                                           interface.address->to_text(), device));
            }
        }
        return missing;
    }

    /// In the installer Open vSwitch is left out, and an untagged network then lies on the bond.
    [[nodiscard]] std::string device_of(const PlannedInterface& interface) const {
        const auto bridge = std::ranges::find(layout_.bridges, interface.parent, &PlannedBridge::name);
        if (bridge == layout_.bridges.end() || interface.vlan) {
            return interface.name;
        }
        return bridge->kind == BridgeKind::ovs ? interface.bond : bridge->name;
    }

    void check_neighbour(const PlannedInterface& interface) {
        const std::string device = device_of(interface);
        // Of many nodes that are not there yet, each would cost its three seconds.
        constexpr std::size_t most_peers = 6;
        std::vector<Ipv4> asked = interface.peers;
        asked.resize(std::min(asked.size(), most_peers));
        if (interface.gateway) {
            asked = {*interface.gateway};
        }
        for (const Ipv4 target : asked) {
            const auto reply = run({"arping", "-f", "-c", "3", "-w", "3", "-I", device, target.to_text()});
            if (reply && reply->exit_status == 0) {
                add(Outcome::held, "network.unreachable",
                    std::format("{}: {} answers", place(interface), target.to_text()));
                check_size(interface, device, target);
                return;
            }
        }
        if (interface.gateway) {
            add(Outcome::failed, "network.unreachable",
                std::format("{}: the gateway {} does not answer{}", place(interface),
                            interface.gateway->to_text(), untagged_hint(interface)));
            return;
        }
        add(Outcome::doubtful, "network.unreachable",
            std::format("{}: {}, so nothing says that the VLAN is there", place(interface),
                        asked.empty() ? "no gateway and no other node to ask"
                                      : std::format("none of {} other nodes answers", asked.size())));
    }

    /// The commonest mistake of all: the network is the port's native VLAN instead of a tagged one.
    [[nodiscard]] std::string untagged_hint(const PlannedInterface& interface) const {
        if (!interface.vlan) {
            return {};
        }
        const auto reply = run(
            {"arping", "-D", "-f", "-c", "2", "-w", "2", "-I", interface.bond, interface.gateway->to_text()});
        const std::string owner = reply ? answer_from(reply->out) : "";
        return owner.empty() ? ""
                             : std::format(
                                   ", but {} answers without a tag: VLAN {} is the native VLAN of the "
                                   "switch port",
                                   owner, interface.vlan->value());
    }

    [[nodiscard]] bool echo(const std::string& device, Ipv4 target, std::uint32_t mtu) const {
        constexpr std::uint32_t headers = 28;  // IPv4 and ICMP
        const auto reply = run({"ping", "-n", "-q", "-M", "do", "-c", "3", "-i", "0.3", "-W", "2", "-s",
                                std::to_string(mtu - headers), "-I", device, target.to_text()});
        return reply && reply->exit_status == 0;
    }

    void check_size(const PlannedInterface& interface, const std::string& device, Ipv4 target) {
        constexpr std::uint32_t usual = 1500;
        if (interface.mtu <= usual) {
            return;
        }
        if (echo(device, target, interface.mtu)) {
            add(Outcome::held, "network.mtu",
                std::format("{}: packets of {} bytes reach {}", place(interface), interface.mtu,
                            target.to_text()));
        } else if (echo(device, target, usual)) {
            add(Outcome::failed, "network.mtu",
                std::format("{}: packets of {} bytes do not reach {}, packets of {} do", place(interface),
                            interface.mtu, target.to_text(), usual));
        } else {
            add(Outcome::doubtful, "network.mtu",
                std::format("{}: {} answers no ping, so packets of {} bytes were not tried", place(interface),
                            target.to_text(), interface.mtu));
        }
    }

    [[nodiscard]] std::map<std::string, Lldp> lldp() const {
        const auto out = run({"lldpcli", "-f", "json0", "show", "neighbors"});
        if (!out || out->exit_status != 0) {
            return {};
        }
        return parse_lldpcli(out->out).value_or(std::map<std::string, Lldp>{});
    }

    [[nodiscard]] std::vector<NetworkCheck> switch_checks() const {
        std::vector<NetworkCheck> checks;
        for (const PlannedBond& bond : layout_.bonds) {
            for (const std::string& port :
                 bond.expect_switch.empty() ? std::vector<std::string>{} : bond.ports) {
                const auto found = neighbours_.find(port);
                const bool right =
                    found != neighbours_.end() && glob_match(bond.expect_switch, found->second.chassis);
                const std::string seen =
                    found == neighbours_.end() ? ", and no switch has told its name by LLDP" : "";
                checks.push_back({.outcome = right ? Outcome::held : Outcome::failed,
                                  .code = "network.wrong-switch",
                                  .detail = std::format("{}: {}; expected {}{}", bond.name, port_text(port),
                                                        bond.expect_switch, seen)});
            }
        }
        return checks;
    }

    Platform& platform_;
    const NetworkLayout& layout_;
    NetworkProof proof_;
    std::map<std::string, Lldp> neighbours_;
    std::mutex mutex_;
};

}  // namespace

Result<NetworkProof> prove_network(Platform& platform, const NetworkLayout& layout,
                                   const std::function<void(const std::string&)>& note) {
    note("setting the node's network up");
    BEDPLATE_TRY(set_up_network(platform, layout));
    Proof proof(platform, layout);
    note("waiting for link and LACP");
    proof.check_links();
    proof.listen();
    proof.check_lacp();
    if (!proof.holds()) {
        return proof.take();
    }
    proof.wait_for_interfaces();
    note("asking whether somebody has the node's addresses");
    proof.check_own_addresses();
    if (!proof.holds()) {
        return proof.take();
    }
    BEDPLATE_TRY(use_addresses(platform, layout));
    proof.check_addresses_used();
    note("looking for gateways and other nodes in every network");
    proof.check_neighbours();
    proof.check_switches();
    return proof.take();
}

}  // namespace bedplate
