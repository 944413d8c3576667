// SPDX-License-Identifier: GPL-3.0-or-later
#include "web_server.hpp"

#include <csignal>
#include <fstream>

#include "workspace.hpp"

namespace bedplate::vm {

WebServer::WebServer(std::filesystem::path directory) : directory_(std::move(directory)) {
    thread_ = std::jthread([this] {
        // Its end is what the destructor asks for; what it has to say stands in the log.
        static_cast<void>(
            host_commands().run({.argv = {"setpriv", "--pdeathsig", "KILL", "--", "/usr/sbin/nginx", "-p",
                                          directory_.string(), "-c", "nginx.conf", "-g", "user root;"},
                                 .timeout = std::chrono::hours{2},
                                 .output_file = directory_ / "access.log"}));
    });
    for (int i = 0; i < 100 && !std::filesystem::exists(directory_ / "nginx.pid"); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
}

WebServer::~WebServer() {
    pid_t pid = 0;
    if (std::ifstream(directory_ / "nginx.pid") >> pid && pid > 1) {
        ::kill(pid, SIGTERM);
    }
}

unsigned WebServer::requests(std::string_view text) const {
    std::ifstream log(directory_ / "access.log");
    unsigned count = 0;
    for (std::string line; std::getline(log, line);) {
        count += line.contains(text) ? 1U : 0U;
    }
    return count;
}

}  // namespace bedplate::vm
