// SPDX-License-Identifier: GPL-3.0-or-later
// What a virtual machine shall be, and what a node can offer it: as JSON and in words.
#include <algorithm>
#include <array>
#include <format>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "cluster/vm.hpp"

namespace bedplate {

namespace {

constexpr std::uint32_t most_cpus = 512, most_priority = 1'000'000;
constexpr std::size_t longest_name = 63, most_ports = 16;

bool is_name(std::string_view text) {
    const auto inner = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    return !text.empty() && text.size() <= longest_name && std::ranges::all_of(text, inner) &&
           text.front() != '-' && text.back() != '-';
}

template <typename Read>
auto guarded(std::string_view what, const Read& read) -> decltype(read()) {
    try {
        return read();
    } catch (const nlohmann::json::exception& e) {
        return fail("vm.record", std::format("{} cannot be read: {}", what, e.what()));
    }
}

std::string in_words(const std::vector<VmNetwork>& networks) {
    std::vector<std::string> words;
    for (const auto& port : networks) {
        words.push_back(port.vlan ? std::format("{}:{}", port.network, *port.vlan) : port.network);
    }
    return words.empty() ? "none" : join(words, ", ");
}

std::string_view yes_or_no(bool value) {
    return value ? "yes" : "no";
}

}  // namespace

Json to_json(const VmSpec& spec) {
    Json networks = Json::array();
    for (const auto& port : spec.networks) {
        Json entry{{"network", port.network}};
        if (port.vlan) {
            entry["vlan"] = *port.vlan;
        }
        networks.push_back(entry);
    }
    return Json{{"name", spec.name},
                {"cpus", spec.cpus},
                {"memory", spec.memory.value},
                {"disk", spec.disk.value},
                {"image", spec.image},
                {"iso", spec.iso},
                {"networks", networks},
                {"ha", spec.ha},
                {"priority", spec.priority},
                {"pin", spec.pin},
                {"hugepages", spec.hugepages},
                {"watchdog", spec.watchdog},
                {"uefi", spec.uefi}};
}

Result<VmSpec> vm_spec_from_json(const Json& json) {
    return guarded("a virtual machine", [&]() -> Result<VmSpec> {
        VmSpec spec{.name = json.at("name"),
                    .cpus = json.at("cpus"),
                    .memory = Bytes{json.at("memory").get<std::uint64_t>()},
                    .disk = Bytes{json.at("disk").get<std::uint64_t>()},
                    .image = json.at("image"),
                    .iso = json.at("iso"),
                    .ha = json.at("ha"),
                    .priority = json.at("priority"),
                    .pin = json.at("pin"),
                    .hugepages = json.at("hugepages"),
                    .watchdog = json.at("watchdog"),
                    .uefi = json.at("uefi")};
        for (const Json& entry : json.at("networks")) {
            auto& port = spec.networks.emplace_back(VmNetwork{.network = entry.at("network"), .vlan = {}});
            if (entry.contains("vlan")) {
                port.vlan = entry.at("vlan").get<std::uint64_t>();
            }
        }
        return spec;
    });
}

Result<void> check_vm(const VmSpec& spec) {
    if (!is_name(spec.name)) {
        return refuse("vm.name", std::format("'{}' cannot be a machine's name", elide(spec.name, 60)), {},
                      std::format("up to {} lower-case letters, digits and dashes inside", longest_name));
    }
    if (spec.cpus < 1 || spec.cpus > most_cpus) {
        return refuse("vm.cpus", std::format("a machine has 1 to {} processors", most_cpus), spec.name);
    }
    if (spec.memory < mib(16) || spec.memory.value % mib(1).value != 0) {
        return refuse("vm.memory", "a machine's memory is a multiple of 1 MiB, 16 MiB at least", spec.name);
    }
    if (spec.disk.value == 0 && spec.image.empty()) {
        return refuse("vm.disk", "nothing says how large the disk shall be", spec.name,
                      "give its size, or an image to begin with");
    }
    if (spec.networks.size() > most_ports) {
        return refuse("vm.network", std::format("a machine has {} network ports at most", most_ports),
                      spec.name);
    }
    if (spec.priority > most_priority) {
        return refuse("vm.priority", std::format("a priority is 0 to {}", most_priority), spec.name);
    }
    return {};
}

Result<VmNetwork> parse_vm_network(std::string_view text) {
    const auto colon = text.find(':');
    VmNetwork port{.network = std::string(text.substr(0, colon)), .vlan = {}};
    if (colon != std::string_view::npos) {
        const auto number = parse_unsigned(text.substr(colon + 1));
        const auto vlan = VlanId::from(number.value_or(0));
        if (!vlan) {
            return refuse("vm.network", std::format("'{}' names no VLAN of 1 to 4094", elide(text, 60)));
        }
        port.vlan = vlan->value();
    }
    const bool named = !port.network.empty() && std::ranges::all_of(port.network, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
    return named ? Result<VmNetwork>(port)
                 : refuse("vm.network", std::format("'{}' is no NAME or NAME:VLAN", elide(text, 60)));
}

std::vector<std::string> differences(const VmSpec& is, const VmSpec& wanted) {
    std::vector<std::string> list;
    const auto compare = [&](std::string_view what, const auto& a, const auto& b) {
        if (a != b) {
            list.push_back(std::format("{} {} instead of {}", what, a, b));
        }
    };
    compare("cpus", is.cpus, wanted.cpus);
    compare("memory", to_exact_text(is.memory), to_exact_text(wanted.memory));
    compare("networks", in_words(is.networks), in_words(wanted.networks));
    compare("priority", is.priority, wanted.priority);
    using Switch = std::pair<std::string_view, bool VmSpec::*>;
    for (const auto& [name, member] : std::array{
             Switch{"ha", &VmSpec::ha}, Switch{"pin", &VmSpec::pin}, Switch{"hugepages", &VmSpec::hugepages},
             Switch{"watchdog", &VmSpec::watchdog}, Switch{"uefi", &VmSpec::uefi}}) {
        compare(name, yes_or_no(is.*member), yes_or_no(wanted.*member));
    }
    return list;
}

Guid vm_uuid(const ClusterIdentity& identity, std::string_view name) {
    return Guid::derive("bedplate/vm " + identity.fsid.to_text(), name);
}

std::string vm_mac(const ClusterIdentity& identity, std::string_view name, std::size_t port) {
    const auto digest =
        sha256_hex(std::format("bedplate/vm-port {} {} {}", identity.fsid.to_text(), name, port));
    std::string mac = "52";
    constexpr std::size_t derived = 10;  // hex digits
    for (std::size_t i = 0; i < derived; i += 2) {
        mac += ":" + digest.substr(i, 2);
    }
    return mac;
}

Json to_json(const VmHost& host) {
    Json cells = Json::array();
    for (const auto& cell : host.cells) {
        Json pages = Json::object();
        for (const auto& [size, count] : cell.pages) {
            pages[std::to_string(size)] = count;
        }
        cells.push_back({{"id", cell.id},
                         {"memory", cell.memory.value},
                         {"cpus", cell.cpus},
                         {"cpu_count", cell.cpu_count},
                         {"pages", pages}});
    }
    return Json{{"type", host.type},
                {"machine", host.machine},
                {"threads", host.threads},
                {"memory", host.memory.value},
                {"cells", cells}};
}

Result<VmHost> vm_host_from_json(const Json& json) {
    return guarded("what a node can offer machines", [&]() -> Result<VmHost> {
        VmHost host{.type = json.at("type"),
                    .machine = json.at("machine"),
                    .threads = json.at("threads"),
                    .memory = Bytes{json.at("memory").get<std::uint64_t>()},
                    .cells = {}};
        for (const Json& entry : json.at("cells")) {
            auto& cell =
                host.cells.emplace_back(NumaCell{.id = entry.at("id"),
                                                 .memory = Bytes{entry.at("memory").get<std::uint64_t>()},
                                                 .cpus = entry.at("cpus"),
                                                 .cpu_count = entry.at("cpu_count"),
                                                 .pages = {}});
            for (const auto& [size, count] : entry.at("pages").items()) {
                cell.pages[parse_unsigned(size).value_or(0)] = count;
            }
        }
        return host;
    });
}

}  // namespace bedplate
