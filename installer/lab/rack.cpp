// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/rack.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "base/text.hpp"
#include "platform/descriptor.hpp"

namespace bedplate::lab {

Result<const LabNode*> Rack::node(std::string_view hostname) const {
    const auto found = std::ranges::find(lab_.nodes, hostname, &LabNode::hostname);
    if (found == lab_.nodes.end()) {
        return fail("drill.node", "the lab has no such node", std::string(hostname));
    }
    return &*found;
}

Result<std::string> Rack::on(std::string_view hostname, const std::string& line, std::chrono::seconds timeout,
                             std::function<void(std::string_view line)> on_line) const {
    BEDPLATE_ASSIGN(const auto* there, node(hostname));
    return ask_node(platform_.commands, lab_, *there,
                    {.line = line, .timeout = timeout, .on_line = std::move(on_line), .impatient = true});
}

Result<std::string> Rack::on_any(const std::string& line, std::chrono::seconds timeout) const {
    Result<std::string> answer = fail("drill.node", "the lab has no nodes");
    for (const auto& one : lab_.nodes) {
        answer = on(one.hostname, line, timeout);
        if (answer) {
            break;
        }
    }
    return answer;
}

Result<Json> Rack::ask_monitors(std::string_view prefix) const {
    BEDPLATE_ASSIGN(const auto text, on_any(monitor_question(prefix)));
    return parse_json(text, prefix);
}

Result<void> Rack::kill_emulator(std::string_view hostname) const {
    BEDPLATE_ASSIGN(const auto* there, node(hostname));
    const auto domain = lab_.domain(*there);
    const auto file = std::format("/run/libvirt/qemu/{}.pid", domain);
    BEDPLATE_ASSIGN(const auto text, platform_.files.read(file));
    const auto pid = parse_unsigned(trim(text));
    const auto arguments = platform_.files.read(std::format("/proc/{}/cmdline", pid.value_or(0)));
    if (!pid || !arguments || !is_emulator_of(*arguments, domain)) {
        return fail("drill.process", "no process is known to be the node's emulator", file);
    }
    if (::kill(static_cast<pid_t>(*pid), SIGKILL) != 0) {
        return fail_errno("drill.process", "kill", domain, errno);
    }
    return {};
}

Result<std::string> Rack::partition_of(std::string_view hostname) const {
    std::vector<std::string> one, others;
    for (const auto& there : lab_.nodes) {
        BEDPLATE_ASSIGN(const auto text, on(there.hostname, "ip -json -4 address show scope global"));
        BEDPLATE_ASSIGN(const auto addresses, parse_addresses(text));
        auto& group = there.hostname == hostname ? one : others;
        group.insert(group.end(), addresses.begin(), addresses.end());
    }
    return partition_flows(one, others);
}

Result<void> Rack::part(const std::string& flows) const {
    BEDPLATE_TRY(run_checked(platform_.commands,
                             {.argv = {"ovs-ofctl", "add-flows", lab_.bridge, "-"}, .input = flows}));
    return {};
}

Result<void> Rack::reconnect() const {
    BEDPLATE_TRY(run_checked(platform_.commands, {.argv = {"ovs-ofctl", "del-flows", lab_.bridge,
                                                           std::string(partition_cookie)}}));
    return {};
}

Result<std::vector<std::string>> parse_addresses(const std::string& text) {
    BEDPLATE_ASSIGN(const auto json, parse_json(text, "ip address"));
    std::vector<std::string> addresses;
    try {
        for (const auto& link : json) {
            for (const auto& address : link.at("addr_info")) {
                addresses.push_back(address.at("local").get<std::string>());
            }
        }
    } catch (const Json::exception& error) {
        return fail("drill.addresses", error.what(), "ip address");
    }
    return addresses;
}

std::string partition_flows(const std::vector<std::string>& one, const std::vector<std::string>& others) {
    std::string flows;
    for (const auto& a : one) {
        for (const auto& b : others) {
            for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
                flows +=
                    std::format("cookie=0xbed9,priority=100,ip,nw_src={},nw_dst={},actions=drop\n", from, to);
            }
        }
    }
    return flows;
}

bool is_emulator_of(std::string_view arguments, std::string_view domain) {
    const auto words = split(arguments, '\0');
    const bool emulator = !words.empty() && words.front().contains("qemu-system");
    const auto name = std::format("guest={}", domain);
    return emulator && std::ranges::any_of(words, [&](const std::string& word) {
               return word == name || word.starts_with(name + ",");
           });
}

std::string monitor_question(std::string_view prefix) {
    const Json question{{"command", {{"prefix", prefix}, {"format", "json"}}}};
    return std::format("echo '{}' | /usr/lib/bedplate/bedplate-ceph --timeout 10", question.dump());
}

}  // namespace bedplate::lab
