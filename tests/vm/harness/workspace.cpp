// SPDX-License-Identifier: GPL-3.0-or-later
#include "workspace.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <format>
#include <optional>
#include <string>

#include "platform/linux/linux.hpp"

namespace bedplate::vm {
namespace {

namespace fs = std::filesystem;

std::optional<fs::path> from_environment(const char* variable) {
    const char* value = std::getenv(variable);
    if (value == nullptr || *value == '\0') {
        return std::nullopt;
    }
    return fs::path(value);
}

/// The newest file in `directory` whose name starts and ends so.
std::optional<fs::path> newest(const fs::path& directory, std::string_view prefix, std::string_view suffix) {
    std::optional<fs::path> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory, error)) {
        const auto name = entry.path().filename().string();
        if (name.starts_with(prefix) && name.ends_with(suffix) &&
            (!found || fs::last_write_time(entry) > fs::last_write_time(*found))) {
            found = entry.path();
        }
    }
    return found;
}

Result<fs::path> kernel_from_iso() {
    BEDPLATE_ASSIGN(const auto lock, lock_kept("kernel-from-iso"));
    BEDPLATE_ASSIGN(const auto iso, find_iso());
    const auto kernel = top_directory() / "build/vm/kernel-from-iso";
    if (!fs::exists(kernel) || fs::last_write_time(kernel) < fs::last_write_time(iso)) {
        fs::create_directories(kernel.parent_path());
        fs::remove(kernel);
        BEDPLATE_TRY(
            run_checked(host_commands(), {.argv = {"xorriso", "-osirrox", "on", "-indev", iso.string(),
                                                   "-extract", "/boot/vmlinuz", kernel.string()}}));
        fs::last_write_time(kernel, fs::file_time_type::clock::now());
    }
    return kernel;
}

}  // namespace

CommandRunner& host_commands() {
    static const auto runner = linux_command_runner();
    return *runner;
}

fs::path top_directory() {
    return BEDPLATE_SOURCE_DIR;
}

Workspace::Workspace(std::string_view name) : path_(top_directory() / "build/vm" / name) {
    fs::remove_all(path_);
    fs::create_directories(path_);
}

Workspace::~Workspace() {
    if (!succeeded_) {
        return;
    }
    std::error_code ignored;  // left-over files cost space, not correctness
    for (const auto& entry : fs::directory_iterator(path_, ignored)) {
        const auto extension = entry.path().extension();
        if (extension == ".img" || extension == ".iso" || extension == ".fd" || extension == ".cpio") {
            fs::remove(entry.path(), ignored);
        }
    }
}

Result<Descriptor> lock_kept(std::string_view name) {
    const auto file = top_directory() / std::format("build/vm/{}.lock", name);
    fs::create_directories(file.parent_path());
    Descriptor lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!lock.is_open() || ::flock(lock.get(), LOCK_EX) != 0) {
        return fail("test.lock", std::format("cannot lock {}: {}", file.string(), std::strerror(errno)));
    }
    return lock;
}

Result<fs::path> find_iso() {
    if (const auto given = from_environment("BEDPLATE_ISO")) {
        return *given;
    }
    if (const auto built = newest(top_directory() / "out", "bedplate-", "-amd64.iso")) {
        return *built;
    }
    return fail("test.no-iso", "there is no image to test", (top_directory() / "out").string(),
                "run 'make iso' first, or set BEDPLATE_ISO=");
}

Result<fs::path> find_bedplate() {
    if (const auto given = from_environment("BEDPLATE_COMMAND")) {
        return *given;
    }
    for (const auto* place : {"build/cmake/installer/cli/bedplate", "out/bin/bedplate"}) {
        if (fs::exists(top_directory() / place)) {
            return top_directory() / place;
        }
    }
    return fail("test.no-command", "the bedplate command has not been built", {}, "run 'make build' first");
}

Result<fs::path> find_kernel() {
    if (const auto given = from_environment("BEDPLATE_TEST_KERNEL")) {
        return *given;
    }
    for (const auto* place : {"out/pxe", "build/vm/kernel/boot"}) {
        if (const auto kernel = newest(top_directory() / place, "vmlinuz", "")) {
            return *kernel;
        }
    }
    if (auto kernel = kernel_from_iso()) {
        return kernel;
    }
    return fail("test.no-kernel", "there is no kernel for a test guest", {},
                "run 'make iso' or tests/vm/fetch-kernel first, or set BEDPLATE_TEST_KERNEL=");
}

}  // namespace bedplate::vm
