// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "service.hpp"

namespace bedplate::vm {

/// nginx in a folder that has its nginx.conf (as `bedplate image pxe` writes it), until this object goes.
/// Guests on QEMU's user-mode network reach it at the host's address there.
class WebServer {
public:
    /// `inside`: see Service.
    explicit WebServer(const std::filesystem::path& directory, std::vector<std::string> inside = {});

    /// Lines of the access log so far in which `text` stands.
    [[nodiscard]] unsigned requests(std::string_view text) const;

private:
    std::filesystem::path log_;
    Service nginx_;
};

}  // namespace bedplate::vm
