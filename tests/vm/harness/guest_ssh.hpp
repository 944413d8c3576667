// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/json.hpp"
#include "base/result.hpp"
#include "platform/command_runner.hpp"

namespace bedplate::vm {

/// A key pair that lives as long as one test.
struct SshKey {
    std::filesystem::path private_file;
    std::string public_line;  ///< "ssh-ed25519 AAAA... test"
};

[[nodiscard]] Result<SshKey> make_ssh_key(const std::filesystem::path& directory);

/// A TCP port on 127.0.0.1 that nobody listens on at the moment. Errors: test.no-port.
[[nodiscard]] Result<std::uint16_t> free_port();

/// Runs commands in a guest as root, with the OpenSSH client.
class GuestSsh {
public:
    /// Over a port of this machine that QEMU forwards.
    GuestSsh(std::uint16_t port, SshKey key) : address_("127.0.0.1"), port_(port), key_(std::move(key)) {}
    /// Over a network that only programs behind `inside` reach (rack::Rack::inside).
    GuestSsh(std::vector<std::string> inside, std::string address, SshKey key)
        : inside_(std::move(inside)), address_(std::move(address)), port_(22), key_(std::move(key)) {}

    /// Wait until the guest lets us in. Errors: ssh.timeout (with ssh's last words).
    [[nodiscard]] Result<void> wait_ready(std::chrono::milliseconds timeout) const;

    /// Run a shell command line; a non-zero exit status is a value. Errors: those of CommandRunner,
    /// ssh.connection.
    [[nodiscard]] Result<CommandResult> run(
        const std::string& command_line, std::chrono::milliseconds timeout = std::chrono::minutes(5)) const;
    /// Run and expect status 0; returns what was printed, without the last line end.
    [[nodiscard]] Result<std::string> output(const std::string& command_line) const;
    [[nodiscard]] Result<Json> json(const std::string& command_line) const;

private:
    [[nodiscard]] std::vector<std::string> client() const;

    std::vector<std::string> inside_;
    std::string address_;
    std::uint16_t port_;
    SshKey key_;
};

}  // namespace bedplate::vm
