// SPDX-License-Identifier: GPL-3.0-or-later
// A node that just died: its libvirt is not waited for as long as TCP would.
#include "guests/reach.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <catch2/catch_test_macros.hpp>

#include "guests/hypervisor.hpp"
#include "platform/descriptor.hpp"

using namespace bedplate;
using namespace bedplate::guests;
using std::chrono::milliseconds;

namespace {

/// Listens on a port of its own on loopback, and takes one connection that nobody fetches, no second one.
class Listener {
public:
    Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        socklen_t size = sizeof(address);
        REQUIRE(::bind(socket_.get(), any, size) == 0);
        REQUIRE(::listen(socket_.get(), 0) == 0);
        REQUIRE(::getsockname(socket_.get(), any, &size) == 0);
        port_ = ntohs(address.sin_port);
    }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    void close() { socket_.close(); }

private:
    Descriptor socket_;
    std::uint16_t port_ = 0;
};

}  // namespace

TEST_CASE("the host is read from the address of a libvirt over TLS, and from no other") {
    CHECK(host_of(libvirt_of("node2")) == "node2-mig");
    CHECK(host_of("qemu+tls://node2-mig") == "node2-mig");
    CHECK_FALSE(host_of(std::string(own_libvirt)));
    CHECK_FALSE(host_of("test:///default"));
}

TEST_CASE("whoever listens is reached, and whoever does not answer has so much time and no more") {
    Listener listener;
    CHECK(reach("127.0.0.1", listener.port(), milliseconds{5000}));
    const auto begun = std::chrono::steady_clock::now();
    const auto second = reach("127.0.0.1", listener.port(), milliseconds{200});
    const auto took = std::chrono::steady_clock::now() - begun;
    REQUIRE_FALSE(second);
    CHECK(second.error().code == "libvirt.connect");
    CHECK(second.error().message.contains("timed out"));
    CHECK(took >= milliseconds{200});
    CHECK(took < milliseconds{5000});
    listener.close();
    const auto closed = reach("127.0.0.1", listener.port(), milliseconds{5000});
    REQUIRE_FALSE(closed);
    CHECK(closed.error().message.contains("refused"));
}

TEST_CASE("a name that nobody knows is an error that names it") {
    const auto unknown = reach("no-such-node.invalid", libvirt_tls_port, milliseconds{200});
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == "libvirt.connect");
    CHECK(unknown.error().where == "no-such-node.invalid:16514");
}
