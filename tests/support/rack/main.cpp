// SPDX-License-Identifier: GPL-3.0-or-later
// The switch of the virtual rack: a network namespace with Open vSwitch on its userspace datapath, and a wire
// from every port of it to a virtual machine's port. The wires can be cut, muted and shortened (packet size)
// while both ends keep their link, which is what Open vSwitch itself can not do to LACP packets.
//
// usage: bedplate-rack DIRECTORY PORT...
//   DIRECTORY/PORT.switch and PORT.guest are the ends of the wires (Unix datagram sockets, QEMU's -netdev
//   dgram), DIRECTORY/db.sock is ovs-vsctl's. Standard input takes commands, one a line; its end ends the
//   rack:
//     mute PORT | unmute PORT | limit PORT BYTES (largest packet without Ethernet header; 0: none)
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <format>
#include <fstream>
#include <iostream>
#include <span>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

[[noreturn]] void give_up(const std::string& what) {
    std::cerr << "bedplate-rack: " << what << ": " << std::strerror(errno) << std::endl;
    std::exit(1);
}

struct Wire {
    std::string name;
    int tap = -1, socket = -1;
    sockaddr_un guest{};
    bool muted = false;
    std::size_t limit = 0;
};

constexpr std::size_t ethernet_header = 14;
constexpr std::size_t vlan_tag = 4;
constexpr int largest_mtu = 9216;

sockaddr_un unix_address(const fs::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string text = path.string();
    if (text.size() >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        give_up(text);
    }
    std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
    return address;
}

/// Up, and large enough for every test; what is too large is dropped on the wire, as a switch does it.
void configure(const std::string& name, int mtu) {
    const int control = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    if (mtu > 0) {
        request.ifr_mtu = mtu;
        if (::ioctl(control, SIOCSIFMTU, &request) != 0) {
            give_up("MTU of " + name);
        }
    }
    request.ifr_flags = IFF_UP | IFF_PROMISC;
    if (::ioctl(control, SIOCSIFFLAGS, &request) != 0) {
        give_up("switching on " + name);
    }
    ::close(control);
}

/// How the namespace's own kernel answers ARP on an interface ("default": on those that are made from now
/// on). Linux would answer for every address it has on every interface: a switch port for a gateway behind
/// it.
void answer_arp(const std::string& name, int mode) {
    std::ofstream file("/proc/sys/net/ipv4/conf/" + name + "/arp_ignore");
    if (!(file << mode << std::flush)) {
        give_up("arp_ignore of " + name);
    }
}
constexpr int only_for_its_own_address = 1;
constexpr int never = 8;

int open_tap(const std::string& name) {
    const int tap = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (tap < 0 || ::ioctl(tap, TUNSETIFF, &request) != 0) {
        give_up("/dev/net/tun for " + name);
    }
    configure(name, largest_mtu);
    answer_arp(name, never);
    return tap;
}

Wire make_wire(const fs::path& directory, const std::string& name) {
    Wire wire{.name = name};
    wire.tap = open_tap(name);
    wire.socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const auto own = unix_address(directory / (name + ".switch"));
    ::unlink(own.sun_path);
    if (wire.socket < 0 || ::bind(wire.socket, reinterpret_cast<const sockaddr*>(&own), sizeof(own)) != 0) {
        give_up(own.sun_path);
    }
    wire.guest = unix_address(directory / (name + ".guest"));
    return wire;
}

/// Starts a program that dies with this one.
pid_t start(const std::vector<std::string>& argv) {
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid != 0) {
        return pid;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) {
        ::_exit(1);
    }
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, 0);
    ::dup2(2, 1);
    std::vector<char*> words;
    for (const auto& word : argv) {
        words.push_back(const_cast<char*>(word.c_str()));
    }
    words.push_back(nullptr);
    ::execvp(words.front(), words.data());
    ::_exit(127);
}

void run(const std::vector<std::string>& argv) {
    int status = 0;
    ::waitpid(start(argv), &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        errno = 0;
        give_up(argv.front() + " failed");
    }
}

void start_switch(const fs::path& directory) {
    const std::string folder = directory.string();
    for (const char* name : {"OVS_RUNDIR", "OVS_DBDIR", "OVS_LOGDIR"}) {
        ::setenv(name, folder.c_str(), 1);
    }
    const std::string database = folder + "/conf.db";
    const std::string socket = folder + "/db.sock";
    ::unlink(database.c_str());
    run({"ovsdb-tool", "create", database, "/usr/share/openvswitch/vswitch.ovsschema"});
    start({"ovsdb-server", database, "--remote=punix:" + socket, "--unixctl=" + folder + "/db.ctl",
           "--log-file=" + folder + "/ovsdb.log", "-vconsole:off"});
    for (int tries = 0; ::access(socket.c_str(), F_OK) != 0; ++tries) {
        if (tries > 600) {
            give_up(socket);
        }
        ::usleep(50'000);
    }
    start({"ovs-vswitchd", "unix:" + socket, "--unixctl=" + folder + "/switch.ctl",
           "--log-file=" + folder + "/switch.log", "-vconsole:off"});
    run({"ovs-vsctl", "--db=unix:" + socket, "--timeout=60", "add-br", "rack", "--", "set", "Bridge", "rack",
         "datapath_type=netdev"});
}

void command(std::vector<Wire>& wires, const std::string& line) {
    std::istringstream words(line);
    std::string verb;
    std::string port;
    std::size_t bytes = 0;
    words >> verb >> port >> bytes;
    for (Wire& wire : wires) {
        if (wire.name != port) {
            continue;
        }
        if (verb == "mute" || verb == "unmute") {
            wire.muted = verb == "mute";
        } else if (verb == "limit") {
            wire.limit = bytes;
        }
    }
    std::cout << "ok" << std::endl;
}

bool passes(const Wire& wire, std::size_t size) {
    return !wire.muted && (wire.limit == 0 || size <= wire.limit + ethernet_header + vlan_tag);
}

using Frame = std::array<char, 16384>;

/// A Unix socket takes ten frames; whoever reads them gets a moment for more. Nobody there, or too slow for
/// that: the frame is lost, as on any wire.
void deliver(const Wire& wire, std::span<const char> frame) {
    constexpr int most_tries = 50;
    constexpr unsigned pause_us = 100;
    for (int tries = 0; tries < most_tries; ++tries) {
        const ssize_t sent = ::sendto(wire.socket, frame.data(), frame.size(), 0,
                                      reinterpret_cast<const sockaddr*>(&wire.guest), sizeof(wire.guest));
        if (sent >= 0 || errno != EAGAIN) {
            return;
        }
        ::usleep(pause_us);
    }
}

void carry(Wire& wire, short tap_events, short socket_events, Frame& frame) {
    for (int burst = 0; burst < 64 && (tap_events & POLLIN) != 0; ++burst) {
        const ssize_t size = ::read(wire.tap, frame.data(), frame.size());
        if (size <= 0) {
            break;
        }
        if (passes(wire, static_cast<std::size_t>(size))) {
            deliver(wire, std::span(frame).first(static_cast<std::size_t>(size)));
        }
    }
    for (int burst = 0; burst < 64 && (socket_events & POLLIN) != 0; ++burst) {
        const ssize_t size = ::recv(wire.socket, frame.data(), frame.size(), 0);
        if (size <= 0) {
            break;
        }
        if (passes(wire, static_cast<std::size_t>(size)) &&
            ::write(wire.tap, frame.data(), static_cast<std::size_t>(size)) < 0 && errno == EIO) {
            give_up("port " + wire.name);
        }
    }
}

void serve(std::vector<Wire>& wires) {
    std::vector<pollfd> waiting{{.fd = 0, .events = POLLIN, .revents = 0}};
    for (const Wire& wire : wires) {
        waiting.push_back({.fd = wire.tap, .events = POLLIN, .revents = 0});
        waiting.push_back({.fd = wire.socket, .events = POLLIN, .revents = 0});
    }
    Frame frame{};
    std::string input;
    while (::poll(waiting.data(), waiting.size(), -1) >= 0 || errno == EINTR) {
        if (waiting[0].revents != 0) {
            char c = 0;
            if (::read(0, &c, 1) <= 0) {
                return;
            }
            if (c != '\n') {
                input += c;
            } else {
                command(wires, input);
                input.clear();
            }
        }
        for (std::size_t i = 0; i < wires.size(); ++i) {
            carry(wires[i], waiting[1 + 2 * i].revents, waiting[2 + 2 * i].revents, frame);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGPIPE, SIG_IGN);
    if (argc < 3) {
        std::cerr << "usage: bedplate-rack DIRECTORY PORT...\n";
        return 2;
    }
    const fs::path directory = fs::absolute(argv[1]);
    fs::create_directories(directory);
    if (::unshare(CLONE_NEWNET) != 0) {
        give_up("a network namespace");
    }
    configure("lo", 0);
    answer_arp("default", only_for_its_own_address);
    std::vector<Wire> wires;
    for (int i = 2; i < argc; ++i) {
        wires.push_back(make_wire(directory, argv[i]));
    }
    start_switch(directory);
    std::cout << "ready" << std::endl;
    serve(wires);
    ::kill(0, SIGTERM);
    return 0;
}
