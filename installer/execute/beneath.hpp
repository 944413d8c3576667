// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/descriptor.hpp"

namespace bedplate {

/// `path` of an archive entry as a clean relative path ("./usr//bin/" is "usr/bin"; "." is empty).
/// Errors: extract.path: absolute, with "..", or empty.
[[nodiscard]] Result<std::string> clean_entry_path(std::string_view path);

/// Everything before the last '/', empty for a name in the root.
[[nodiscard]] std::string parent_path_of(const std::string& path);
[[nodiscard]] std::string name_of(const std::string& path);

/// Open `path` beneath `root` without following any symbolic link. Errno in the error's code is not kept: a
/// negative result of get() never comes back. Errors: extract.symlink-parent, extract.write.
[[nodiscard]] Result<Descriptor> open_beneath(int root, const std::string& path, int flags, mode_t mode = 0);

/// The same with the raw result: a descriptor, or -1 with errno set.
[[nodiscard]] int try_open_beneath(int root, const std::string& path, int flags, mode_t mode);

/// Make every missing directory of `path` beneath `root`, mode 0755.
[[nodiscard]] Result<void> make_directories_beneath(int root, const std::string& path);

/// The error for a failed system call on an entry, from errno.
[[nodiscard]] std::unexpected<Error> entry_failed(std::string_view what, const std::string& path);

}  // namespace bedplate
