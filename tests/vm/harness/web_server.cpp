// SPDX-License-Identifier: GPL-3.0-or-later
#include "web_server.hpp"

#include <fstream>

namespace bedplate::vm {

WebServer::WebServer(const std::filesystem::path& directory, std::vector<std::string> inside)
    : log_(directory / "access.log"),
      nginx_({"/usr/sbin/nginx", "-p", directory.string(), "-c", "nginx.conf", "-g", "user root;"},
             directory / "nginx.pid", log_, std::move(inside)) {}

unsigned WebServer::requests(std::string_view text) const {
    std::ifstream log(log_);
    unsigned count = 0;
    for (std::string line; std::getline(log, line);) {
        count += line.contains(text) ? 1U : 0U;
    }
    return count;
}

}  // namespace bedplate::vm
