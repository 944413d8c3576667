// SPDX-License-Identifier: GPL-3.0-or-later
#include "guests/reach.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <format>
#include <memory>

#include "platform/descriptor.hpp"

namespace bedplate::guests {

namespace {

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

/// 0: the connection is there; else an errno value.
int try_address(const addrinfo& address, std::chrono::milliseconds limit) {
    const Descriptor socket(
        ::socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol));
    if (!socket.is_open()) {
        return errno;
    }
    if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0) {
        return 0;
    }
    if (errno != EINPROGRESS) {
        return errno;
    }
    pollfd waiting{.fd = socket.get(), .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(limit.count()));
    if (ready <= 0) {
        return ready == 0 ? ETIMEDOUT : errno;
    }
    int error = 0;
    socklen_t size = sizeof(error);
    return ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

std::optional<std::string> host_of(const std::string& uri) {
    const std::string before = "qemu+tls://";
    if (!uri.starts_with(before)) {
        return std::nullopt;
    }
    const auto rest = uri.substr(before.size());
    return rest.substr(0, rest.find('/'));
}

Result<void> reach(const std::string& host, std::uint16_t port, std::chrono::milliseconds limit) {
    const auto where = std::format("{}:{}", host, port);
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int status = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    const Addresses addresses(found);
    if (status != 0) {
        return fail("libvirt.connect", std::format("cannot reach libvirt: {}", ::gai_strerror(status)),
                    where);
    }
    int error = EHOSTUNREACH;
    for (const auto* address = addresses.get(); address != nullptr && error != 0;
         address = address->ai_next) {
        error = try_address(*address, limit);
    }
    return error == 0 ? Result<void>()
                      : fail("libvirt.connect", std::format("cannot reach libvirt: {}", std::strerror(error)),
                             where, "look at 'bedplate node status' there");
}

}  // namespace bedplate::guests
