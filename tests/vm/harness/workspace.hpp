// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.hpp"
#include "platform/command_runner.hpp"
#include "platform/descriptor.hpp"

namespace bedplate::vm {

/// The programs of this machine (inside the build root: QEMU, xorriso, ssh ...).
[[nodiscard]] CommandRunner& host_commands();

/// The checkout's top folder: the working directory of the test programs.
[[nodiscard]] std::filesystem::path top_directory();

/// build/vm/<name>: what one test leaves behind. It starts empty; when the test succeeds the disk images go
/// and the logs stay, when it fails everything stays.
class Workspace {
public:
    explicit Workspace(std::string_view name);
    ~Workspace();
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
    /// To be called as the test's last statement.
    void succeeded() { succeeded_ = true; }

private:
    std::filesystem::path path_;
    bool succeeded_ = false;
};

/// What several tests keep in build/vm, one of them makes and the others, which run side by side, wait for:
/// its lock, until the descriptor is closed. Errors: test.lock.
[[nodiscard]] Result<Descriptor> lock_kept(std::string_view name);

/// The image under test: BEDPLATE_ISO, else the newest out/bedplate-*-amd64.iso. Errors: test.no-iso.
[[nodiscard]] Result<std::filesystem::path> find_iso();

/// The `bedplate` command of this build: BEDPLATE_COMMAND, else build/cmake/installer/cli/bedplate, else
/// out/bin/bedplate. Errors: test.no-command.
[[nodiscard]] Result<std::filesystem::path> find_bedplate();

/// A Debian kernel for guests that are started directly: BEDPLATE_TEST_KERNEL, else out/pxe/, else what
/// tests/vm/fetch-kernel unpacked, else the one in the ISO. Errors: test.no-kernel.
[[nodiscard]] Result<std::filesystem::path> find_kernel();

}  // namespace bedplate::vm
