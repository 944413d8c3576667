// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

struct archive_entry;

namespace bedplate {

/// What an entry of the payload says about a file beside its content.
struct EntryMetadata {
    mode_t permissions = 0644;  ///< the twelve permission bits
    uid_t uid = 0;
    gid_t gid = 0;
    timespec modified{};
    /// Extended attributes as setxattr(2) takes them; access control lists are among them, in the kernel's
    /// form.
    std::vector<std::pair<std::string, std::string>> attributes;
    unsigned long flags = 0;  ///< FS_*_FL bits to be set, see ioctl_iflags(2)
};

/// The metadata of a parsed entry. Errors: extract.acl (a list with entries that POSIX.1e does not know).
[[nodiscard]] Result<EntryMetadata> read_metadata(archive_entry* entry);

/// Put the metadata on an open file: owner, permissions, attributes (after the owner, since chown(2) drops
/// capabilities), flags, times. `inherited` says that owner, group and permissions are right already. Where
/// the process is not root, the owner and attributes that only root may set are left alone. Errors:
/// extract.metadata with the path.
[[nodiscard]] Result<void> apply_metadata(int descriptor, const EntryMetadata& metadata, bool inherited,
                                          std::string_view path);

/// The same for an entry that cannot be opened (symbolic links, devices): `name` in the directory `parent`.
[[nodiscard]] Result<void> apply_metadata_at(int parent, const std::string& name,
                                             const EntryMetadata& metadata, bool is_link,
                                             std::string_view path);

}  // namespace bedplate
