// SPDX-License-Identifier: GPL-3.0-or-later
// What the payload of an image holds, for comparison with an installed disk.
#include <archive.h>
#include <archive_entry.h>

#include <format>
#include <fstream>
#include <memory>

#include "base/digest.hpp"
#include "medium_copy.hpp"
#include "offline_node.hpp"
#include "workspace.hpp"

namespace bedplate::vm {
namespace {

namespace fs = std::filesystem;

struct CloseArchive {
    void operator()(archive* reader) const { archive_read_free(reader); }
};
using Archive = std::unique_ptr<archive, CloseArchive>;

std::string plain(std::string path) {
    while (path.starts_with("./") || path.starts_with("/")) {
        path.erase(0, path.find('/') + 1);
    }
    while (path.ends_with("/")) {
        path.pop_back();
    }
    return path == "." ? std::string() : path;
}

Result<std::string> content_of(archive* reader) {
    Sha256 digest;
    const void* data = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    std::uint64_t done = 0;
    const std::string zero(64U * 1024, '\0');
    while (true) {
        const int status = archive_read_data_block(reader, &data, &size, &offset);
        if (status == ARCHIVE_EOF) {
            return "f " + digest.finish();
        }
        if (status < ARCHIVE_OK) {
            return fail("payload.read", archive_error_string(reader));
        }
        for (; done < static_cast<std::uint64_t>(offset);) {  // a sparse file's hole
            const auto piece =
                std::min<std::uint64_t>(zero.size(), static_cast<std::uint64_t>(offset) - done);
            digest.update(std::string_view(zero).substr(0, piece));
            done += piece;
        }
        digest.update(std::string_view(static_cast<const char*>(data), size));
        done += size;
    }
}

Result<std::string> description(archive* reader, archive_entry* entry, const FileTree& tree) {
    if (const char* target = archive_entry_hardlink(entry)) {
        const auto found = tree.find(plain(target));
        return found == tree.end() ? fail("payload.read", std::format("a link to nothing: {}", target))
                                   : Result<std::string>(found->second);
    }
    switch (archive_entry_filetype(entry)) {
        case AE_IFDIR:
            return "d";
        case AE_IFLNK:
            return std::string("l ") + archive_entry_symlink(entry);
        case AE_IFREG:
            return content_of(reader);
        default:
            return "s";
    }
}

Result<FileTree> read_payload(const fs::path& file) {
    const Archive reader(archive_read_new());
    archive_read_support_filter_zstd(reader.get());
    archive_read_support_format_tar(reader.get());
    if (archive_read_open_filename(reader.get(), file.c_str(), 1U << 20U) != ARCHIVE_OK) {
        return fail("payload.read", archive_error_string(reader.get()), file.string());
    }
    FileTree tree;
    archive_entry* entry = nullptr;
    while (true) {
        const int status = archive_read_next_header(reader.get(), &entry);
        if (status == ARCHIVE_EOF) {
            return tree;
        }
        if (status < ARCHIVE_WARN) {
            return fail("payload.read", archive_error_string(reader.get()), file.string());
        }
        const auto path = plain(archive_entry_pathname(entry));
        BEDPLATE_ASSIGN(auto what, description(reader.get(), entry, tree));
        if (!path.empty()) {
            tree[path] = std::move(what);
        }
    }
}

}  // namespace

Result<FileTree> payload_files(const fs::path& iso) {
    const auto kept = top_directory() / "build/vm/payload-files.json";
    BEDPLATE_ASSIGN(const auto lock, lock_kept("payload-files"));
    const auto stamp = std::format("{} {} {}", iso.string(), fs::file_size(iso),
                                   fs::last_write_time(iso).time_since_epoch().count());
    if (std::ifstream in(kept); in) {
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        const auto json = parse_json(text, "payload-files.json", text.size());
        if (json && json->value("of", "") == stamp) {
            return json->at("files").get<FileTree>();
        }
    }
    const auto payload = top_directory() / "build/vm/node.tar.zst";
    fs::create_directories(payload.parent_path());
    BEDPLATE_TRY(extract_from_iso(iso, "/bedplate/payload/node.tar.zst", payload));
    auto tree = read_payload(payload);
    fs::remove(payload);
    if (tree) {
        std::ofstream(kept) << Json{{"of", stamp}, {"files", *tree}}.dump();
    }
    return tree;
}

}  // namespace bedplate::vm
