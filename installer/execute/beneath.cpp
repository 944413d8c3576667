// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/beneath.hpp"

#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <format>

#include "base/text.hpp"

namespace bedplate {

Result<std::string> clean_entry_path(std::string_view path) {
    if (path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos) {
        return fail("extract.path", std::format("'{}' is not a relative path", path), std::string(path));
    }
    std::string clean;
    for (const std::string& part : split(path, '/')) {
        if (part == "..") {
            return fail("extract.path", std::format("'{}' leads out of the tree", path), std::string(path));
        }
        if (!part.empty() && part != ".") {
            clean += (clean.empty() ? "" : "/") + part;
        }
    }
    return clean;
}

std::string parent_path_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::unexpected<Error> entry_failed(std::string_view what, const std::string& path) {
    const int error = errno;
    if (error == ELOOP || error == EXDEV) {
        return fail(
            "extract.symlink-parent",
            std::format("{}: a directory on the way is a symbolic link or leads out of the tree", path),
            path);
    }
    return fail("extract.write", std::format("cannot {} {}: {}", what, path, std::strerror(error)), path,
                error == ENOSPC
                    ? "the volume is too small for the node's system: enlarge it in the profile's layout"
                    : "");
}

int try_open_beneath(int root, const std::string& path, int flags, mode_t mode) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
    how.mode = mode;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    // EAGAIN: something was renamed during the walk and the kernel cannot be sure (openat2(2)).
    long descriptor = -1;
    do {
        descriptor = ::syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how);
    } while (descriptor < 0 && (errno == EAGAIN || errno == EINTR));
    return static_cast<int>(descriptor);
}

Result<Descriptor> open_beneath(int root, const std::string& path, int flags, mode_t mode) {
    Descriptor descriptor(try_open_beneath(root, path, flags, mode));
    if (!descriptor.is_open()) {
        return entry_failed("open", path);
    }
    return descriptor;
}

Result<void> make_directories_beneath(int root, const std::string& path) {
    if (path.empty()) {
        return {};
    }
    const std::string parent = parent_path_of(path);
    Descriptor above(try_open_beneath(root, parent, O_PATH | O_DIRECTORY, 0));
    if (!above.is_open() && errno == ENOENT) {
        BEDPLATE_TRY(make_directories_beneath(root, parent));
        above = Descriptor(try_open_beneath(root, parent, O_PATH | O_DIRECTORY, 0));
    }
    if (!above.is_open()) {
        return entry_failed("open", parent);
    }
    if (::mkdirat(above.get(), name_of(path).c_str(), 0755) != 0 && errno != EEXIST) {
        return entry_failed("make directory", path);
    }
    return {};
}

}  // namespace bedplate
