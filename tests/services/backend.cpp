// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/services/backend.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <format>
#include <stdexcept>

namespace bedplate::servicetest {

// Closed in the programs that the test starts: whoever had it too would keep the port open.
Backend::Backend(std::string name)
    : name_(std::move(name)), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{
        .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    socklen_t size = sizeof address;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(socket_, 64) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error("a backend cannot listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { serve(); });
}

Backend::~Backend() {
    die();
}

void Backend::die() {
    dying_ = true;
    if (thread_.joinable()) {
        thread_.join();
    }
    if (socket_ >= 0) {
        ::close(socket_);
        socket_ = -1;
    }
}

void Backend::serve() {
    const std::string answer = std::format(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        name_.size(), name_);
    while (!dying_) {
        pollfd wait{.fd = socket_, .events = POLLIN, .revents = 0};
        if (::poll(&wait, 1, 50) <= 0) {
            continue;
        }
        const int client = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) {
            continue;
        }
        // A health check may only connect and say nothing: it is not waited for.
        pollfd request{.fd = client, .events = POLLIN, .revents = 0};
        std::array<char, 4096> text{};
        if (::poll(&request, 1, 1000) > 0 && ::recv(client, text.data(), text.size(), 0) > 0) {
            static_cast<void>(::send(client, answer.data(), answer.size(), MSG_NOSIGNAL));
        }
        ::shutdown(client, SHUT_RDWR);
        ::close(client);
    }
}

}  // namespace bedplate::servicetest
