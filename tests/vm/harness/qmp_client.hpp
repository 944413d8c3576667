// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "platform/descriptor.hpp"

namespace bedplate::vm {

/// QEMU's machine protocol (docs/interop/qmp-spec): one JSON object a line, answers and events mixed.
class QmpClient {
public:
    /// Reads the greeting on a connected socket and leaves negotiation mode; both directions go to `log`.
    /// Errors: qmp.closed, qmp.timeout, qmp.protocol.
    [[nodiscard]] static Result<std::unique_ptr<QmpClient>> connect(Descriptor socket,
                                                                    const std::filesystem::path& log);

    /// The `return` value of one command. Errors: qmp.command (QEMU's own words), qmp.closed, qmp.timeout.
    [[nodiscard]] Result<Json> execute(std::string_view command, const Json& arguments = Json::object());

    /// The next event of this name; events met before it are dropped. Errors: qmp.timeout, qmp.closed.
    [[nodiscard]] Result<Json> wait_event(std::string_view name, std::chrono::milliseconds timeout);

private:
    using Deadline = std::chrono::steady_clock::time_point;
    QmpClient(Descriptor socket, const std::filesystem::path& log);
    [[nodiscard]] Result<Json> read_message(Deadline deadline);
    [[nodiscard]] Result<void> send(const Json& message);

    Descriptor socket_;
    std::ofstream log_;
    std::string buffer_;
    std::deque<Json> events_;
};

}  // namespace bedplate::vm
