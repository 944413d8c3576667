// SPDX-License-Identifier: GPL-3.0-or-later
#include "service.hpp"

#include <csignal>
#include <fstream>

#include "workspace.hpp"

namespace bedplate::vm {

Service::Service(std::vector<std::string> argv, const std::filesystem::path& pid_file,
                 std::filesystem::path log, std::vector<std::string> inside) {
    Command command{
        .argv = std::move(inside), .timeout = std::chrono::hours{2}, .output_file = std::move(log)};
    for (std::string word : {"setpriv", "--pdeathsig", "KILL", "--"}) {
        command.argv.push_back(std::move(word));
    }
    command.argv.insert(command.argv.end(), argv.begin(), argv.end());
    thread_ = std::jthread([command = std::move(command)] {
        // Its end is what the destructor asks for; what it has to say stands in the log.
        static_cast<void>(host_commands().run(command));
    });
    for (int i = 0; i < 100 && !(std::ifstream(pid_file) >> pid_); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
}

Service::~Service() {
    if (pid_ > 1) {
        ::kill(pid_, SIGTERM);
    }
}

}  // namespace bedplate::vm
