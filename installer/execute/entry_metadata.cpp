// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/entry_metadata.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <format>

namespace bedplate {
namespace {

// Tags and layout of the kernel's form, linux/posix_acl_xattr.h: version 2, then {tag, permissions, id},
// little-endian.
constexpr std::uint32_t acl_version = 2;
constexpr std::uint32_t no_id = 0xffffffff;

struct AclTag {
    int archive;
    std::uint16_t kernel;
};
constexpr std::array<AclTag, 6> acl_tags{{
    {ARCHIVE_ENTRY_ACL_USER_OBJ, 0x01},
    {ARCHIVE_ENTRY_ACL_USER, 0x02},
    {ARCHIVE_ENTRY_ACL_GROUP_OBJ, 0x04},
    {ARCHIVE_ENTRY_ACL_GROUP, 0x08},
    {ARCHIVE_ENTRY_ACL_MASK, 0x10},
    {ARCHIVE_ENTRY_ACL_OTHER, 0x20},
}};

struct AclEntry {
    std::uint16_t tag = 0;
    std::uint16_t permissions = 0;
    std::uint32_t id = no_id;
    auto operator<=>(const AclEntry&) const = default;
};

template <typename Integer>
void append_le(std::string& text, Integer value) {
    for (std::size_t i = 0; i < sizeof value; ++i) {
        text += static_cast<char>((value >> (8 * i)) & 0xffU);
    }
}

// Entries of one list ("access" or "default") in the order that the kernel demands. Empty: there is no list.
Result<std::string> kernel_acl(archive_entry* entry, int type) {
    std::vector<AclEntry> entries;
    if (archive_entry_acl_reset(entry, type) == 0) {
        return std::string();
    }
    int found_type = 0, permissions = 0, tag = 0, id = 0;
    const char* name = nullptr;
    while (archive_entry_acl_next(entry, type, &found_type, &permissions, &tag, &id, &name) == ARCHIVE_OK) {
        const auto* const known = std::ranges::find(acl_tags, tag, &AclTag::archive);
        if (known == acl_tags.end()) {
            return fail("extract.acl", std::format("access control entry of unknown kind {}", tag));
        }
        const bool named = tag == ARCHIVE_ENTRY_ACL_USER || tag == ARCHIVE_ENTRY_ACL_GROUP;
        entries.push_back({.tag = known->kernel,
                           .permissions = static_cast<std::uint16_t>(permissions & 7),
                           .id = named ? static_cast<std::uint32_t>(id) : no_id});
    }
    if (entries.empty()) {
        return std::string();
    }
    std::ranges::sort(entries);
    std::string text;
    append_le(text, acl_version);
    for (const AclEntry& acl : entries) {
        append_le(text, acl.tag);
        append_le(text, acl.permissions);
        append_le(text, acl.id);
    }
    return text;
}

bool is_root() {
    static const bool root = ::geteuid() == 0;
    return root;
}

bool may_set(std::string_view attribute) {
    return is_root() || (!attribute.starts_with("security.") && !attribute.starts_with("trusted."));
}

std::unexpected<Error> failed(std::string_view what, std::string_view path) {
    const int error = errno;
    return fail("extract.metadata", std::format("cannot set {} of {}: {}", what, path, std::strerror(error)),
                std::string(path));
}

Result<void> set_flags(int descriptor, unsigned long wanted, std::string_view path) {
    int flags = 0;
    if (::ioctl(descriptor, FS_IOC_GETFLAGS, &flags) != 0) {
        return failed("flags", path);
    }
    flags |= static_cast<int>(wanted);
    if (::ioctl(descriptor, FS_IOC_SETFLAGS, &flags) != 0) {
        return failed("flags", path);
    }
    return {};
}

}  // namespace

Result<EntryMetadata> read_metadata(archive_entry* entry) {
    EntryMetadata metadata;
    metadata.permissions = archive_entry_perm(entry) & 07777U;
    metadata.uid = static_cast<uid_t>(archive_entry_uid(entry));
    metadata.gid = static_cast<gid_t>(archive_entry_gid(entry));
    metadata.modified = {.tv_sec = archive_entry_mtime(entry), .tv_nsec = archive_entry_mtime_nsec(entry)};
    if (archive_entry_xattr_reset(entry) > 0) {
        const char* name = nullptr;
        const void* value = nullptr;
        std::size_t size = 0;
        while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
            metadata.attributes.emplace_back(name, std::string(static_cast<const char*>(value), size));
        }
    }
    BEDPLATE_ASSIGN(std::string access, kernel_acl(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS));
    // The three entries that every mode has are no list of their own.
    constexpr std::size_t plain_size = 4 + 3 * 8;
    if (access.size() > plain_size) {
        metadata.attributes.emplace_back("system.posix_acl_access", std::move(access));
    }
    BEDPLATE_ASSIGN(std::string defaults, kernel_acl(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT));
    if (!defaults.empty()) {
        metadata.attributes.emplace_back("system.posix_acl_default", std::move(defaults));
    }
    unsigned long clear = 0;
    archive_entry_fflags(entry, &metadata.flags, &clear);
    return metadata;
}

Result<void> apply_metadata(int descriptor, const EntryMetadata& metadata, bool inherited,
                            std::string_view path) {
    if (!inherited && is_root() && ::fchown(descriptor, metadata.uid, metadata.gid) != 0) {
        return failed("owner", path);
    }
    if ((!inherited || (metadata.permissions & 07000U) != 0) &&
        ::fchmod(descriptor, metadata.permissions) != 0) {
        return failed("permissions", path);
    }
    for (const auto& [name, value] : metadata.attributes) {
        if (may_set(name) && ::fsetxattr(descriptor, name.c_str(), value.data(), value.size(), 0) != 0) {
            return failed("attribute " + name, path);
        }
    }
    // Before the flags: an immutable file takes no times.
    const std::array<timespec, 2> times{metadata.modified, metadata.modified};
    if (::futimens(descriptor, times.data()) != 0) {
        return failed("times", path);
    }
    if (metadata.flags != 0 && is_root()) {
        return set_flags(descriptor, metadata.flags, path);
    }
    return {};
}

Result<void> apply_metadata_at(int parent, const std::string& name, const EntryMetadata& metadata,
                               bool is_link, std::string_view path) {
    if (is_root() && ::fchownat(parent, name.c_str(), metadata.uid, metadata.gid, AT_SYMLINK_NOFOLLOW) != 0) {
        return failed("owner", path);
    }
    if (!is_link && ::fchmodat(parent, name.c_str(), metadata.permissions, 0) != 0) {
        return failed("permissions", path);
    }
    const std::string by_descriptor = std::format("/proc/self/fd/{}/{}", parent, name);
    for (const auto& [attribute, value] : metadata.attributes) {
        if (may_set(attribute) &&
            ::lsetxattr(by_descriptor.c_str(), attribute.c_str(), value.data(), value.size(), 0) != 0) {
            return failed("attribute " + attribute, path);
        }
    }
    const std::array<timespec, 2> times{metadata.modified, metadata.modified};
    if (::utimensat(parent, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
        return failed("times", path);
    }
    return {};
}

}  // namespace bedplate
