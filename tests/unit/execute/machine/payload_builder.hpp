// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <zstd.h>

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "execute/execute.hpp"

namespace bedplate::test {

/// A payload in memory; tests damage its bytes.
class BytesSource : public PayloadSource {
public:
    std::string bytes;
    std::size_t failing_reads = 0;  ///< so many reads fail before one works
    std::size_t reads = 0;

    Result<std::vector<std::byte>> read(Bytes offset, Bytes size) override {
        ++reads;
        if (failing_reads > 0) {
            --failing_reads;
            return fail("payload.read", "made to fail by the test", name());
        }
        if (offset.value > bytes.size()) {
            return std::vector<std::byte>();
        }
        const auto part = bytes.substr(offset.value, size.value);
        const auto* const data = reinterpret_cast<const std::byte*>(part.data());
        return std::vector<std::byte>(data, data + part.size());
    }
    std::string name() const override { return "payload of the test"; }
};

/// Writes entries into a pax tar in memory.
class TarBuilder {
public:
    using Setup = std::function<void(archive_entry*)>;

    TarBuilder() : archive_(archive_write_new()) {
        archive_write_set_format_pax_restricted(archive_);
        archive_write_set_bytes_per_block(archive_, 512);
        archive_write_set_bytes_in_last_block(archive_, 512);
        archive_write_open(archive_, this, nullptr, &TarBuilder::write_callback, nullptr);
    }
    ~TarBuilder() { archive_write_free(archive_); }
    TarBuilder(const TarBuilder&) = delete;
    TarBuilder& operator=(const TarBuilder&) = delete;

    void file(const std::string& path, const std::string& text, mode_t mode = 0644, const Setup& setup = {}) {
        add(path, S_IFREG, mode, text, setup);
    }
    void directory(const std::string& path, mode_t mode = 0755, const Setup& setup = {}) {
        add(path, S_IFDIR, mode, "", setup);
    }
    void link(const std::string& path, const std::string& target) {
        add(path, S_IFLNK, 0777, "",
            [&](archive_entry* entry) { archive_entry_set_symlink(entry, target.c_str()); });
    }
    void hard_link(const std::string& path, const std::string& target) {
        add(path, S_IFREG, 0644, "",
            [&](archive_entry* entry) { archive_entry_set_hardlink(entry, target.c_str()); });
    }
    void add(const std::string& path, mode_t type, mode_t mode, const std::string& text, const Setup& setup) {
        archive_entry* entry = archive_entry_new();
        archive_entry_set_pathname(entry, path.c_str());
        archive_entry_set_filetype(entry, static_cast<unsigned>(type));
        archive_entry_set_perm(entry, mode);
        archive_entry_set_uid(entry, 0);
        archive_entry_set_gid(entry, 0);
        archive_entry_set_mtime(entry, 1700000000, 0);
        if (type == S_IFREG) {
            archive_entry_set_size(entry, static_cast<la_int64_t>(text.size()));
        }
        if (setup) {
            setup(entry);
        }
        archive_write_header(archive_, entry);
        archive_write_data(archive_, text.data(), text.size());
        archive_entry_free(entry);
        ++entries_;
    }

    /// The tar; with `end` off without the two blocks that end an archive, so that another can follow.
    std::string finish(bool end = true) {
        archive_write_close(archive_);
        if (!end) {
            tar_.resize(tar_.size() - 1024);
        }
        return tar_;
    }
    std::uint64_t entries() const { return entries_; }

private:
    static la_ssize_t write_callback(archive* /*a*/, void* self, const void* data, std::size_t size) {
        static_cast<TarBuilder*>(self)->tar_.append(static_cast<const char*>(data), size);
        return static_cast<la_ssize_t>(size);
    }
    archive* archive_;
    std::string tar_;
    std::uint64_t entries_ = 0;
};

/// Cut the tar into chunks, each a zstd frame, as the image builder does.
inline Payload make_payload(const std::string& tar, std::uint64_t entries, std::size_t chunk_size,
                            BytesSource& source) {
    Payload payload;
    payload.path = "bedplate/payload/node.tar.zst";
    payload.kernel = "6.12.1-test-amd64";
    payload.entries = entries;
    payload.tar_size = Bytes{tar.size()};
    source.bytes.clear();
    for (std::size_t at = 0; at < tar.size(); at += chunk_size) {
        const std::string part = tar.substr(at, chunk_size);
        std::string frame(ZSTD_compressBound(part.size()), '\0');
        frame.resize(ZSTD_compress(frame.data(), frame.size(), part.data(), part.size(), 3));
        payload.chunks.push_back({.offset = Bytes{source.bytes.size()},
                                  .size = Bytes{frame.size()},
                                  .tar_size = Bytes{part.size()},
                                  .sha256 = sha256_hex(frame)});
        source.bytes += frame;
    }
    payload.size = Bytes{source.bytes.size()};
    payload.sha256 = sha256_hex(source.bytes);
    return payload;
}

}  // namespace bedplate::test
