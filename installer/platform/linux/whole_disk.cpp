// SPDX-License-Identifier: GPL-3.0-or-later
#include "platform/linux/whole_disk.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <format>

#include "platform/descriptor.hpp"

namespace bedplate {

namespace fs = std::filesystem;

Result<fs::path> whole_disk_of(const fs::path& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
        return fail_errno("block.open", "look at", path, errno);
    }
    if (S_ISREG(status.st_mode)) {
        return path;
    }
    if (!S_ISBLK(status.st_mode)) {
        return fail("block.open", std::format("{} is not a block device", path.string()), path);
    }
    const fs::path link =
        std::format("/sys/dev/block/{}:{}", ::major(status.st_rdev), ::minor(status.st_rdev));
    std::error_code ignored;
    fs::path folder = fs::canonical(link, ignored);
    if (folder.empty()) {
        return path;  // no sysfs: at least the node itself
    }
    if (fs::exists(folder / "partition", ignored)) {
        folder = folder.parent_path();
    }
    std::string name = folder.filename();
    if (name.starts_with("dm-") || name.starts_with("md") || name.starts_with("drbd")) {
        return fs::path();
    }
    // sysfs writes "cciss!c0d0" for /dev/cciss/c0d0.
    std::ranges::replace(name, '!', '/');
    return fs::path("/dev") / name;
}

}  // namespace bedplate
