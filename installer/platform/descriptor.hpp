// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <format>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace bedplate {

/// Owns a file descriptor.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor() { close(); }

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    /// The result of close(2) is of no use here: who needs the data on disk has called fsync before.
    void close() {
        if (fd_ >= 0) {
            ::close(fd_);
            fd_ = -1;
        }
    }

private:
    int fd_ = -1;
};

/// "cannot open /dev/sda: Permission denied" for an errno value, with the path in `where`.
[[nodiscard]] inline std::unexpected<Error> fail_errno(std::string code, std::string_view what,
                                                       const std::string& path, int error) {
    return fail(std::move(code), std::format("cannot {} {}: {}", what, path, std::strerror(error)), path);
}

}  // namespace bedplate
