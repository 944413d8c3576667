// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace bedplate::servicetest {

/// A web server on 127.0.0.1 that answers every request with its name, until it dies.
class Backend {
public:
    explicit Backend(std::string name);
    ~Backend();
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// Nobody listens any more.
    void die();

private:
    void serve();

    std::string name_;
    int socket_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<bool> dying_ = false;
    std::jthread thread_;
};

}  // namespace bedplate::servicetest
