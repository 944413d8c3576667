// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "platform/descriptor.hpp"

namespace bedplate::tui {

/// The line to the engine: never waits, comes back by itself after the engine did.
class EngineClient {
public:
    explicit EngineClient(std::filesystem::path socket) : path_(std::move(socket)) {}

    /// Connect if there is no connection and the last try is a while ago. True: there is a new one.
    [[nodiscard]] bool connect(std::chrono::milliseconds now);
    [[nodiscard]] bool connected() const { return socket_.is_open(); }
    /// For poll(2): the descriptor (-1: none) and what to wait for.
    [[nodiscard]] int descriptor() const { return socket_.get(); }
    [[nodiscard]] short events() const;

    void send(const Json& message);
    /// What came; `lost` is set when the connection ended.
    [[nodiscard]] std::vector<Json> receive(bool& lost);
    /// Send what waits.
    void flush();

private:
    std::filesystem::path path_;
    Descriptor socket_;
    std::string in_, out_;
    std::chrono::milliseconds next_try_{};
};

}  // namespace bedplate::tui
