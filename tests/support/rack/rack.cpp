// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/rack/rack.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <format>

#include "base/text.hpp"

namespace bedplate::rack {
namespace {

namespace fs = std::filesystem;

/// A line from the rack's process; empty at its end.
std::string read_line(int descriptor) {
    std::string line;
    char c = 0;
    while (::read(descriptor, &c, 1) == 1 && c != '\n') {
        line += c;
    }
    return line;
}

std::string list_text(const std::vector<unsigned>& numbers) {
    std::vector<std::string> parts;
    for (const unsigned number : numbers) {
        parts.push_back(std::to_string(number));
    }
    return join(parts, ",");
}

}  // namespace

Result<std::unique_ptr<Rack>> Rack::start(CommandRunner& commands, const fs::path& directory,
                                          const std::vector<std::string>& ports) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return fail("rack.start", std::format("no sockets: {}", std::strerror(errno)));
    }
    Descriptor control(ends[0]);
    Descriptor inner(ends[1]);
    fs::create_directories(directory);
    std::vector<std::string> argv{BEDPLATE_RACK, fs::absolute(directory).string()};
    argv.insert(argv.end(), ports.begin(), ports.end());
    std::vector<char*> words;
    for (auto& word : argv) {
        words.push_back(word.data());
    }
    words.push_back(nullptr);
    const std::string log = (directory / "rack.log").string();
    const pid_t pid = ::fork();
    if (pid == 0) {
        // A group of its own: it ends the whole of it.
        ::setpgid(0, 0);
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const int errors = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
        ::dup2(inner.get(), 0);
        ::dup2(inner.get(), 1);
        ::dup2(errors, 2);
        ::execv(words.front(), words.data());
        ::_exit(127);
    }
    inner = Descriptor();
    std::unique_ptr<Rack> rack(new Rack(commands, fs::absolute(directory), pid, std::move(control)));
    if (pid < 0 || read_line(rack->control_.get()) != "ready") {
        return fail("rack.start", "the virtual rack did not start", log,
                    "it needs root, /dev/net/tun and the package openvswitch-switch");
    }
    return rack;
}

Rack::~Rack() {
    control_ = Descriptor();
    if (pid_ > 0) {
        ::kill(-pid_, SIGTERM);
        ::waitpid(pid_, nullptr, 0);
    }
}

Result<void> Rack::order(const std::string& line) {
    const std::string text = line + "\n";
    if (::write(control_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        read_line(control_.get()) != "ok") {
        return fail("rack.order", "the virtual rack did not obey", line);
    }
    return {};
}

Result<std::string> Rack::vsctl(std::vector<std::string> arguments) {
    std::vector<std::string> argv{"ovs-vsctl", std::format("--db=unix:{}/db.sock", directory_.string()),
                                  "--timeout=60"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run_checked(commands_, {.argv = argv});
}

std::vector<std::string> Rack::inside(std::vector<std::string> argv) const {
    argv.insert(argv.begin(), {"nsenter", std::format("--net=/proc/{}/ns/net", pid_), "--"});
    return argv;
}

Result<CommandResult> Rack::run(std::vector<std::string> argv, std::chrono::milliseconds timeout) {
    return commands_.run({.argv = inside(std::move(argv)), .timeout = timeout});
}

Result<void> Rack::connect(const Trunk& trunk) {
    std::vector<std::string> words{"--if-exists", "del-port", "rack", trunk.name};
    for (const std::string& port : trunk.ports) {
        words.insert(words.end(), {"--", "--if-exists", "del-port", "rack", port});
    }
    if (trunk.ports.size() > 1) {
        words.insert(words.end(), {"--", "add-bond", "rack", trunk.name});
        words.insert(words.end(), trunk.ports.begin(), trunk.ports.end());
        words.emplace_back(trunk.lacp ? "bond_mode=balance-tcp" : "bond_mode=active-backup");
    } else {
        words.insert(words.end(), {"--", "add-port", "rack", trunk.ports.front(), "--", "set", "Port",
                                   trunk.ports.front()});
    }
    if (trunk.ports.size() > 1 || trunk.lacp) {
        words.emplace_back(trunk.lacp ? "lacp=active" : "lacp=off");
        words.emplace_back(std::format("other_config:lacp-time={}", trunk.fast ? "fast" : "slow"));
    }
    if (trunk.native != 0) {
        words.emplace_back("vlan_mode=native-untagged");
        words.emplace_back(std::format("tag={}", trunk.native));
    } else if (!trunk.vlans.empty()) {
        words.emplace_back("vlan_mode=trunk");
    }
    if (!trunk.vlans.empty()) {
        words.emplace_back("trunks=" + list_text(trunk.vlans));
    }
    BEDPLATE_TRY(vsctl(words));
    return {};
}

Result<void> Rack::add_host(const std::string& name, unsigned vlan, const std::string& address,
                            unsigned mtu) {
    std::vector<std::string> words{"--may-exist", "add-port", "rack", name};
    if (vlan != 0) {
        words.emplace_back(std::format("tag={}", vlan));
    }
    words.insert(words.end(),
                 {"--", "set", "Interface", name, "type=internal", std::format("mtu_request={}", mtu)});
    BEDPLATE_TRY(vsctl(words));
    BEDPLATE_TRY(
        run_checked(commands_, {.argv = inside({"ip", "address", "replace", address, "dev", name})}));
    BEDPLATE_TRY(run_checked(commands_, {.argv = inside({"ip", "link", "set", "dev", name, "up"})}));
    return {};
}

Result<void> Rack::remove_host(const std::string& name) {
    BEDPLATE_TRY(vsctl({"--if-exists", "del-port", "rack", name}));
    return {};
}

Result<void> Rack::rogue_dhcp(const std::string& host, const std::string& first, const std::string& last) {
    // It goes into the background and dies with the namespace's process group.
    BEDPLATE_TRY(run_checked(
        commands_,
        {.argv = inside({"dnsmasq", "--conf-file=/dev/null", "--port=0", "--interface=" + host,
                         "--bind-interfaces", std::format("--dhcp-range={},{},1h", first, last),
                         "--dhcp-option=252,http://203.0.113.1/wpad.dat", "--dhcp-authoritative",
                         std::format("--dhcp-leasefile={}/leases", directory_.string()),
                         std::format("--pid-file={}/dnsmasq.pid", directory_.string()), "--user=root"})}));
    return {};
}

Result<void> Rack::speak_lldp(const std::string& port) {
    BEDPLATE_TRY(vsctl({"set", "Interface", port, "lldp:enable=true"}));
    return {};
}

Result<void> Rack::set_link(const std::string& port, bool up) {
    BEDPLATE_TRY(
        run_checked(commands_, {.argv = inside({"ip", "link", "set", "dev", port, up ? "up" : "down"})}));
    return {};
}

Result<void> Rack::mute(const std::string& port, bool muted) {
    return order((muted ? "mute " : "unmute ") + port);
}

Result<void> Rack::limit(const std::string& port, unsigned bytes) {
    return order(std::format("limit {} {}", port, bytes));
}

Result<std::vector<unsigned>> Rack::open_ports(const std::string& address) {
    BEDPLATE_ASSIGN(const std::string text,
                    run_checked(commands_, {.argv = inside({BEDPLATE_PORTSCAN, address}),
                                            .timeout = std::chrono::minutes(5)}));
    std::vector<unsigned> ports;
    for (const std::string& line : split(text, '\n')) {
        if (const auto port = parse_unsigned(trim(line))) {
            ports.push_back(static_cast<unsigned>(*port));
        }
    }
    return ports;
}

}  // namespace bedplate::rack
