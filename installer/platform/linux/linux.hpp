// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "platform/block_devices.hpp"
#include "platform/clock.hpp"
#include "platform/command_runner.hpp"
#include "platform/file_system.hpp"
#include "platform/http.hpp"
#include "platform/platform.hpp"

namespace bedplate {

/// Real programs. Each child gets its own process group, a clean environment and, unless the command says
/// otherwise, an empty standard input; timeouts are stretched by BEDPLATE_TIME_SCALE.
[[nodiscard]] std::unique_ptr<CommandRunner> linux_command_runner();

/// Real files.
[[nodiscard]] std::unique_ptr<FileSystem> linux_file_system();

/// Real block devices; a regular file may stand for one, which then has logical blocks of `file_block_size`
/// (512 or 4096) bytes.
[[nodiscard]] std::unique_ptr<BlockDevices> linux_block_devices(Bytes file_block_size = Bytes{512});

[[nodiscard]] std::unique_ptr<Clock> system_clock();

/// TLS with a CA of one's own, and a certificate to show (PEM files, read at each new connection).
struct HttpTls {
    std::string ca_file, certificate_file, key_file;
};

/// HTTP and HTTPS by libcurl, certificates checked against the system's store or as `tls` says; one
/// connection is kept for the next request. May be used from several threads, which then wait for each other:
/// take one per thread.
[[nodiscard]] std::unique_ptr<Http> curl_http(std::optional<HttpTls> tls = {});

/// This machine, as a main() hands it down; for the block size see linux_block_devices().
class RealPlatform {
public:
    explicit RealPlatform(std::unique_ptr<Http> http = curl_http(), Bytes file_block_size = Bytes{512})
        : blocks_(linux_block_devices(file_block_size)), http_(std::move(http)) {}
    [[nodiscard]] Platform& get() { return platform_; }

private:
    std::unique_ptr<CommandRunner> commands_ = linux_command_runner();
    std::unique_ptr<FileSystem> files_ = linux_file_system();
    std::unique_ptr<BlockDevices> blocks_;
    std::unique_ptr<Clock> clock_ = system_clock();
    std::unique_ptr<Http> http_;
    Platform platform_{
        .commands = *commands_, .files = *files_, .blocks = *blocks_, .clock = *clock_, .http = *http_};
};

}  // namespace bedplate
