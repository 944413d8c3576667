// SPDX-License-Identifier: GPL-3.0-or-later
// Which TCP ports of an address accept a connection: all 65535 of them, a few hundred at a time.
//
// usage: bedplate-portscan ADDRESS
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iostream>
#include <vector>

namespace {

constexpr unsigned last_port = 65535;
constexpr unsigned batch = 800;
// A burst longer than the wire's queue would be lost.
constexpr unsigned burst = 8;
constexpr unsigned pause_us = 500;
// A dropped packet never gets an answer; an emulated guest answers within a few milliseconds.
constexpr int patience_ms = 700;

int begin(in_addr address, unsigned port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_addr = address;
    target.sin_port = htons(static_cast<std::uint16_t>(port));
    if (descriptor >= 0) {
        (void)::connect(descriptor, reinterpret_cast<const sockaddr*>(&target), sizeof(target));
    }
    return descriptor;
}

bool is_connected(int descriptor) {
    int error = 0;
    socklen_t size = sizeof(error);
    sockaddr_in peer{};
    socklen_t peer_size = sizeof(peer);
    return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0 &&
           ::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0;
}

void scan(in_addr address, unsigned first, unsigned last) {
    std::vector<pollfd> tries;
    for (unsigned port = first; port <= last; ++port) {
        tries.push_back({.fd = begin(address, port), .events = POLLOUT, .revents = 0});
        if (port % burst == 0) {
            ::usleep(pause_us);
        }
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
    std::vector<pollfd> waiting = tries;
    while (std::chrono::steady_clock::now() < end && ::poll(waiting.data(), waiting.size(), 50) >= 0) {
        for (pollfd& one : waiting) {
            if (one.revents != 0) {
                one.fd = -1;
            }
        }
    }
    for (unsigned i = 0; i < tries.size(); ++i) {
        if (is_connected(tries[i].fd)) {
            std::cout << first + i << '\n';
        }
        ::close(tries[i].fd);
    }
}

}  // namespace

int main(int argc, char** argv) {
    in_addr address{};
    if (argc != 2 || ::inet_pton(AF_INET, argv[1], &address) != 1) {
        std::cerr << "usage: bedplate-portscan ADDRESS\n";
        return 2;
    }
    for (unsigned first = 1; first <= last_port; first += batch) {
        scan(address, first, std::min(first + batch - 1, last_port));
    }
    return 0;
}
