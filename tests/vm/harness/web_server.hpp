// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.hpp"

namespace bedplate::vm {

/// nginx in a folder that has its nginx.conf (as `bedplate image pxe` writes it), until this object goes.
/// Guests on QEMU's user-mode network reach it at the host's address there.
class WebServer {
public:
    explicit WebServer(std::filesystem::path directory);
    ~WebServer();
    WebServer(const WebServer&) = delete;
    WebServer& operator=(const WebServer&) = delete;

    /// Lines of the access log so far in which `text` stands.
    [[nodiscard]] unsigned requests(std::string_view text) const;

private:
    std::filesystem::path directory_;
    std::jthread thread_;
};

}  // namespace bedplate::vm
