// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/collector.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <catch2/catch_test_macros.hpp>

using namespace bedplate;
using namespace bedplate::lab;

namespace {

void send_to(std::uint16_t port, std::span<const std::byte> data) {
    const Descriptor handle(::socket(AF_INET, SOCK_DGRAM, 0));
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    ::inet_pton(AF_INET, "127.0.0.1", &name.sin_addr);
    REQUIRE(::sendto(handle.get(), data.data(), data.size(), 0, reinterpret_cast<const sockaddr*>(&name),
                     sizeof name) == static_cast<ssize_t>(data.size()));
}

}  // namespace

TEST_CASE("the collector keeps beats in their order, and nothing else that comes") {
    const auto begin = std::chrono::steady_clock::now();
    const auto collector = Collector::open("127.0.0.1", 0);
    REQUIRE(collector);
    const auto port = (*collector)->port();
    CHECK_FALSE((*collector)->last());
    const std::array<std::byte, 300> noise{};
    send_to(port, noise);
    send_to(port, pulse::to_datagram({.sequence = 1}));
    send_to(port, std::span(noise).first(pulse::beat_size));
    send_to(port, pulse::to_datagram({.sequence = 2}));
    for (int tries = 0; tries < 500 && (*collector)->since(begin).size() < 2; ++tries) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const auto arrivals = (*collector)->since(begin);
    REQUIRE(arrivals.size() == 2);
    CHECK(arrivals[0].beat.sequence == 1);
    CHECK(arrivals[1].beat.sequence == 2);
    CHECK(arrivals[0].at <= arrivals[1].at);
    CHECK((*collector)->last()->beat.sequence == 2);
    CHECK((*collector)->since(std::chrono::steady_clock::now()).empty());
    CHECK(Collector::open("127.0.0.1", port).error().code == "drill.collector");
    CHECK(Collector::open("not an address", 0).error().code == "drill.collector");
}
