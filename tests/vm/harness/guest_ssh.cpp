// SPDX-License-Identifier: GPL-3.0-or-later
#include "guest_ssh.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <format>
#include <fstream>
#include <thread>

#include "base/text.hpp"
#include "platform/descriptor.hpp"
#include "workspace.hpp"

namespace bedplate::vm {
namespace {

using std::chrono::steady_clock;

/// ssh's own exit status when it could not connect or log in (ssh(1), EXIT STATUS).
constexpr int ssh_failed = 255;

}  // namespace

Result<SshKey> make_ssh_key(const std::filesystem::path& directory) {
    const auto file = directory / "ssh-key";
    BEDPLATE_TRY(run_checked(host_commands(), {.argv = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C",
                                                        "vm-test", "-f", file.string()}}));
    std::ifstream in(file.string() + ".pub");
    SshKey key{.private_file = file, .public_line = {}};
    std::getline(in, key.public_line);
    return key;
}

Result<std::uint16_t> free_port() {
    const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (!socket.is_open() || ::bind(socket.get(), generic, size) != 0 ||
        ::getsockname(socket.get(), generic, &size) != 0) {
        return fail("test.no-port", std::format("no free port on 127.0.0.1: {}", std::strerror(errno)));
    }
    return ntohs(address.sin_port);
}

std::vector<std::string> GuestSsh::client() const {
    std::vector<std::string> argv = inside_;
    argv.insert(argv.end(),
                {"ssh", "-F", "none", "-i", key_.private_file.string(), "-p", std::to_string(port_)});
    for (const auto* option :
         {"LogLevel=ERROR", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes",
          "IdentitiesOnly=yes", "ConnectTimeout=15", "ServerAliveInterval=15"}) {
        argv.insert(argv.end(), {"-o", option});
    }
    argv.push_back("root@" + address_);
    return argv;
}

Result<void> GuestSsh::wait_ready(std::chrono::milliseconds timeout) const {
    const auto deadline = steady_clock::now() + timeout;
    std::string last;
    while (steady_clock::now() < deadline) {
        const auto answer = run("true", std::chrono::seconds(30));
        if (answer && answer->exit_status == 0) {
            return {};
        }
        last = answer ? answer->err : answer.error().to_text();
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
    return fail("ssh.timeout", std::format("the guest let nobody in within {} s", timeout.count() / 1000),
                last);
}

Result<CommandResult> GuestSsh::run(const std::string& command_line,
                                    std::chrono::milliseconds timeout) const {
    Command command{.argv = client()};
    command.argv.push_back(command_line);
    command.timeout = timeout;
    BEDPLATE_ASSIGN(auto result, host_commands().run(command));
    if (result.exit_status == ssh_failed) {
        return fail("ssh.connection", "cannot log in to the guest", result.err);
    }
    return result;
}

Result<std::string> GuestSsh::output(const std::string& command_line) const {
    BEDPLATE_ASSIGN(const auto result, run(command_line));
    if (result.exit_status != 0) {
        return fail("ssh.command", std::format("'{}' ended with status {}: {}{}", command_line,
                                               result.exit_status, result.out, result.err));
    }
    return std::string(trim(result.out));
}

Result<Json> GuestSsh::json(const std::string& command_line) const {
    BEDPLATE_ASSIGN(const auto text, output(command_line));
    return parse_json(text, command_line);
}

}  // namespace bedplate::vm
