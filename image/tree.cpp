// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/tree.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <memory>
#include <system_error>

#include "image/files.hpp"

namespace bedplate::image {

namespace {

struct ReadDeleter {
    void operator()(archive* handle) const { archive_read_free(handle); }
};
struct WriteDeleter {
    void operator()(archive* handle) const { archive_write_free(handle); }
};
struct EntryDeleter {
    void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using Reader = std::unique_ptr<archive, ReadDeleter>;
using Writer = std::unique_ptr<archive, WriteDeleter>;
using Entry = std::unique_ptr<archive_entry, EntryDeleter>;

/// libarchive converts names through the locale and refuses what is not ASCII in the "C" locale (Mozilla's
/// certificates have such names); this holds for the calling thread only.
class Utf8Names {
public:
    Utf8Names() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)), before_(uselocale(locale_)) {}
    Utf8Names(const Utf8Names&) = delete;
    Utf8Names& operator=(const Utf8Names&) = delete;
    ~Utf8Names() {
        uselocale(before_);
        freelocale(locale_);
    }

private:
    locale_t locale_, before_;
};

std::unexpected<Error> archive_error(archive* handle, const char* code, const std::string& name) {
    const char* text = archive_error_string(handle);
    return fail(code, std::format("{}: {}", name, text == nullptr ? "unknown error" : text), name);
}

/// "./usr/bin/x/" -> "usr/bin/x".
std::string plain_path(std::string_view path) {
    while (path.starts_with("./")) {
        path.remove_prefix(2);
    }
    while (path.starts_with('/')) {
        path.remove_prefix(1);
    }
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    return std::string(path == "." ? std::string_view{} : path);
}

Result<std::string> entry_content(archive* handle, archive_entry* entry, const std::string& name) {
    std::string content(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
    std::size_t have = 0;
    while (have < content.size()) {
        const la_ssize_t n = archive_read_data(handle, content.data() + have, content.size() - have);
        if (n < 0) {
            return archive_error(handle, "archive.read", name);
        }
        if (n == 0) {
            return fail("archive.read", std::format("{} ends inside {}", name, archive_entry_pathname(entry)),
                        name);
        }
        have += static_cast<std::size_t>(n);
    }
    return content;
}

/// Where a hard link's target was not wanted itself, its content is not known any more.
Result<TreeNode> make_node(archive* handle, archive_entry* entry, const Tree& tree, const std::string& name) {
    TreeNode node;
    node.mode = static_cast<std::uint32_t>(archive_entry_perm(entry));
    node.uid = static_cast<std::uint32_t>(archive_entry_uid(entry));
    node.gid = static_cast<std::uint32_t>(archive_entry_gid(entry));
    node.mtime = static_cast<std::int64_t>(archive_entry_mtime(entry));
    if (const char* link = archive_entry_hardlink(entry); link != nullptr) {
        const auto target = tree.find(plain_path(link));
        if (target == tree.end()) {
            return fail("archive.read",
                        std::format("{}: {} is a hard link to {}, which is left out", name,
                                    archive_entry_pathname(entry), link),
                        name, "keep both or drop both");
        }
        return target->second;
    }
    switch (archive_entry_filetype(entry)) {
        case AE_IFDIR:
            node.kind = TreeNode::Kind::directory;
            break;
        case AE_IFLNK:
            node.kind = TreeNode::Kind::symlink;
            node.content = archive_entry_symlink(entry);
            break;
        default: {
            BEDPLATE_ASSIGN(node.content, entry_content(handle, entry, name));
        }
    }
    return node;
}

bool is_wanted_kind(archive_entry* entry) {
    const auto type = archive_entry_filetype(entry);
    return archive_entry_hardlink(entry) != nullptr || type == AE_IFREG || type == AE_IFDIR ||
           type == AE_IFLNK;
}

Result<TarFacts> read_entries(archive* handle, const std::string& name, const PathFilter& wanted,
                              Tree& tree) {
    TarFacts facts;
    for (;;) {
        archive_entry* entry = nullptr;
        const int status = archive_read_next_header(handle, &entry);
        if (status == ARCHIVE_EOF) {
            break;
        }
        if (status < ARCHIVE_WARN) {
            return archive_error(handle, "archive.read", name);
        }
        ++facts.entries;
        facts.content.value += static_cast<std::uint64_t>(archive_entry_size(entry));
        const std::string path = plain_path(archive_entry_pathname(entry));
        if (path.empty() || !is_wanted_kind(entry) || !wanted(path)) {
            continue;
        }
        BEDPLATE_ASSIGN(auto node, make_node(handle, entry, tree, name));
        tree.insert_or_assign(path, std::move(node));
    }
    // At the end, the "header position" is where the reader met the end-of-archive marker.
    facts.end = Bytes{static_cast<std::uint64_t>(archive_read_header_position(handle))};
    return facts;
}

Result<Tree> read_cpio_by(archive* handle, std::string_view data, const PathFilter& wanted) {
    const Utf8Names names;
    archive_read_support_format_cpio(handle);
    if (archive_read_open_memory(handle, data.data(), data.size()) != ARCHIVE_OK) {
        return archive_error(handle, "archive.read", "cpio archive");
    }
    Tree tree;
    BEDPLATE_TRY(read_entries(handle, "cpio archive", wanted, tree));
    return tree;
}

std::uint32_t type_bits(TreeNode::Kind kind) {
    switch (kind) {
        case TreeNode::Kind::directory:
            return AE_IFDIR;
        case TreeNode::Kind::symlink:
            return AE_IFLNK;
        case TreeNode::Kind::file:
            break;
    }
    return AE_IFREG;
}

Result<void> write_entry(archive* handle, const std::string& path, const TreeNode& node, std::uint64_t newest,
                         std::int64_t inode) {
    Entry entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), path.c_str());
    archive_entry_set_mode(entry.get(), static_cast<mode_t>(type_bits(node.kind) | node.mode));
    archive_entry_set_uid(entry.get(), node.uid);
    archive_entry_set_gid(entry.get(), node.gid);
    archive_entry_set_mtime(entry.get(), std::min(node.mtime, static_cast<std::int64_t>(newest)), 0);
    archive_entry_set_nlink(entry.get(), node.kind == TreeNode::Kind::directory ? 2 : 1);
    archive_entry_set_ino64(entry.get(), inode);
    if (node.kind == TreeNode::Kind::symlink) {
        archive_entry_set_symlink(entry.get(), node.content.c_str());
    }
    const bool has_content = node.kind == TreeNode::Kind::file;
    archive_entry_set_size(entry.get(), has_content ? static_cast<la_int64_t>(node.content.size()) : 0);
    if (archive_write_header(handle, entry.get()) < ARCHIVE_WARN) {
        return archive_error(handle, "archive.write", path);
    }
    if (has_content && archive_write_data(handle, node.content.data(), node.content.size()) < 0) {
        return archive_error(handle, "archive.write", path);
    }
    return {};
}

la_ssize_t append_to_string(archive* /*handle*/, void* sink, const void* data, std::size_t size) {
    static_cast<std::string*>(sink)->append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
}

Result<void> write_all(archive* handle, const Tree& tree, std::uint64_t newest, std::string& sink) {
    archive_write_set_bytes_per_block(handle, 0);
    if (archive_write_open(handle, &sink, nullptr, append_to_string, nullptr) != ARCHIVE_OK) {
        return archive_error(handle, "archive.write", "archive");
    }
    // The kernel and tar both take equal inode numbers for hard links, so each entry gets its own.
    std::int64_t inode = 1;
    for (const auto& [path, node] : tree) {
        BEDPLATE_TRY(write_entry(handle, path, node, newest, inode++));
    }
    return {};
}

}  // namespace

void put(Tree& tree, const std::string& path, TreeNode node) {
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
        tree.try_emplace(path.substr(0, slash), TreeNode{.kind = TreeNode::Kind::directory, .mode = 0755});
    }
    tree.insert_or_assign(path, std::move(node));
}

Result<TarFacts> read_tar(const std::filesystem::path& path, const PathFilter& wanted, Tree& tree) {
    const Utf8Names names;
    Reader reader(archive_read_new());
    archive_read_support_format_tar(reader.get());
    archive_read_support_filter_all(reader.get());
    if (archive_read_open_filename(reader.get(), path.c_str(), std::size_t{1} << 20U) != ARCHIVE_OK) {
        return archive_error(reader.get(), "archive.read", path.string());
    }
    return read_entries(reader.get(), path.string(), wanted, tree);
}

Result<Tree> read_cpio(std::string_view data) {
    const Reader reader(archive_read_new());
    return read_cpio_by(reader.get(), data, [](std::string_view) { return true; });
}

Result<Tree> read_initramfs(std::string_view data, const PathFilter& wanted) {
    const Reader reader(archive_read_new());
    archive_read_support_filter_all(reader.get());
    return read_cpio_by(reader.get(), data, wanted);
}

Result<std::string> uncompressed(std::string_view data, const std::string& name) {
    const Reader reader(archive_read_new());
    archive_read_support_format_raw(reader.get());
    archive_read_support_filter_all(reader.get());
    archive_entry* entry = nullptr;
    if (archive_read_open_memory(reader.get(), data.data(), data.size()) != ARCHIVE_OK ||
        archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) {
        return archive_error(reader.get(), "archive.read", name);
    }
    std::string content;
    std::array<char, 65536> part{};
    la_ssize_t n = 0;
    while ((n = archive_read_data(reader.get(), part.data(), part.size())) > 0) {
        content.append(part.data(), static_cast<std::size_t>(n));
    }
    return n < 0 ? archive_error(reader.get(), "archive.read", name)
                 : Result<std::string>(std::move(content));
}

Result<void> read_directory(const std::filesystem::path& directory, Tree& tree) {
    std::error_code error;
    for (auto item = std::filesystem::recursive_directory_iterator(directory, error);
         !error && item != std::filesystem::recursive_directory_iterator(); item.increment(error)) {
        struct stat info{};
        if (::lstat(item->path().c_str(), &info) != 0) {
            return fail("file.read", std::format("cannot stat {}", item->path().string()),
                        item->path().string());
        }
        TreeNode node{.mode = info.st_mode & 07777U};
        if (S_ISLNK(info.st_mode)) {
            node.kind = TreeNode::Kind::symlink;
            node.content = std::filesystem::read_symlink(item->path(), error).string();
        } else if (S_ISDIR(info.st_mode)) {
            node.kind = TreeNode::Kind::directory;
        } else if (S_ISREG(info.st_mode)) {
            BEDPLATE_ASSIGN(node.content, read_text(item->path()));
        } else {
            continue;
        }
        tree.insert_or_assign(item->path().lexically_relative(directory).string(), std::move(node));
    }
    if (error) {
        return fail("file.read", std::format("cannot read {}: {}", directory.string(), error.message()),
                    directory.string());
    }
    return {};
}

Result<void> read_source_files(const std::filesystem::path& directory, Tree& tree) {
    Tree files;
    BEDPLATE_TRY(read_directory(directory, files));
    for (auto& [path, node] : files) {
        if (node.kind != TreeNode::Kind::symlink) {
            node.mode = (node.mode & 0100U) != 0 ? 0755 : 0644;
        }
        put(tree, path, std::move(node));
    }
    return {};
}

Result<std::string> to_tar(const Tree& tree, std::uint64_t newest) {
    const Utf8Names names;
    std::string tar;
    {
        Writer writer(archive_write_new());
        archive_write_set_format_pax_restricted(writer.get());
        BEDPLATE_TRY(write_all(writer.get(), tree, newest, tar));
        archive_write_close(writer.get());
    }
    // libarchive ends with two zero blocks (POSIX 1003.1 pax); whoever appends more entries needs them gone.
    constexpr std::size_t marker = 1024;
    if (tar.size() >= marker) {
        tar.resize(tar.size() - marker);
    }
    return tar;
}

Result<std::string> to_cpio(const Tree& tree, std::uint64_t newest) {
    const Utf8Names names;
    std::string cpio;
    Writer writer(archive_write_new());
    archive_write_set_format_cpio_newc(writer.get());
    BEDPLATE_TRY(write_all(writer.get(), tree, newest, cpio));
    archive_write_close(writer.get());
    cpio.resize((cpio.size() + 3) / 4 * 4, '\0');
    return cpio;
}

Result<void> write_directory(const Tree& tree, const std::filesystem::path& directory) {
    for (const auto& [path, node] : tree) {
        const auto target = directory / path;
        std::error_code error;
        if (node.kind == TreeNode::Kind::directory) {
            std::filesystem::create_directories(target, error);
        } else if (node.kind == TreeNode::Kind::symlink) {
            std::filesystem::create_symlink(node.content, target, error);
        } else {
            BEDPLATE_TRY(write_text(target, node.content, node.mode));
        }
        if (error) {
            return fail("file.write", std::format("cannot make {}: {}", target.string(), error.message()),
                        target.string());
        }
    }
    return {};
}

}  // namespace bedplate::image
