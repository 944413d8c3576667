// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/collector.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace bedplate::lab {

namespace {

std::unexpected<Error> socket_error(const std::string& where) {
    return fail("drill.collector", std::format("cannot listen on UDP {}: {}", where, std::strerror(errno)),
                where, "does another drill run, and is the lab up?");
}

}  // namespace

Result<std::unique_ptr<Collector>> Collector::open(const std::string& address, std::uint16_t port) {
    const auto where = std::format("{}:{}", address, port);
    Descriptor handle(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    socklen_t size = sizeof name;
    errno = EINVAL;
    if (::inet_pton(AF_INET, address.c_str(), &name.sin_addr) != 1 ||
        ::bind(handle.get(), reinterpret_cast<const sockaddr*>(&name), size) != 0 ||
        ::getsockname(handle.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0) {
        return socket_error(where);
    }
    return std::unique_ptr<Collector>(new Collector(std::move(handle), ntohs(name.sin_port)));
}

Collector::Collector(Descriptor handle, std::uint16_t port)
    : handle_(std::move(handle)),
      port_(port),
      thread_([this](const std::stop_token& stop) { listen(stop); }) {}

Collector::~Collector() {
    thread_.request_stop();
    thread_.join();
}

void Collector::listen(const std::stop_token& stop) {
    // One more than a beat: what is longer is none.
    std::array<std::byte, pulse::beat_size + 1> buffer{};
    while (!stop.stop_requested()) {
        pollfd waiting{.fd = handle_.get(), .events = POLLIN, .revents = 0};
        constexpr int patience_ms = 200;
        if (::poll(&waiting, 1, patience_ms) <= 0) {
            continue;
        }
        const auto n = ::recv(handle_.get(), buffer.data(), buffer.size(), 0);
        const auto now = std::chrono::steady_clock::now();
        if (n <= 0) {
            continue;
        }
        if (const auto beat = pulse::from_datagram(std::span(buffer).first(static_cast<std::size_t>(n)))) {
            const std::scoped_lock lock(mutex_);
            arrivals_.push_back({now, *beat});
        }
    }
}

std::vector<Collector::Arrival> Collector::since(Time from) const {
    const std::scoped_lock lock(mutex_);
    const auto first = std::ranges::lower_bound(arrivals_, from, {}, &Arrival::at);
    return {first, arrivals_.end()};
}

std::optional<Collector::Arrival> Collector::last() const {
    const std::scoped_lock lock(mutex_);
    return arrivals_.empty() ? std::nullopt : std::optional(arrivals_.back());
}

}  // namespace bedplate::lab
