// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/extract.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <clocale>

#include <array>
#include <format>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "execute/beneath.hpp"
#include "execute/tree_writer.hpp"

namespace bedplate {
namespace {

struct ArchiveDeleter {
    void operator()(archive* a) const { archive_read_free(a); }
};

/// libarchive converts names by the locale of the thread: without a UTF-8 one it refuses names that are not
/// ASCII.
class Utf8Locale {
public:
    Utf8Locale() : locale_(::newlocale(LC_ALL_MASK, "C.UTF-8", nullptr)) {
        if (locale_ != nullptr) {
            before_ = ::uselocale(locale_);
        }
    }
    ~Utf8Locale() {
        if (locale_ != nullptr) {
            ::uselocale(before_);
            ::freelocale(locale_);
        }
    }
    Utf8Locale(const Utf8Locale&) = delete;
    Utf8Locale& operator=(const Utf8Locale&) = delete;

private:
    locale_t locale_ = nullptr;
    locale_t before_ = nullptr;
};

/// Reads the tar from a chunk stream and writes its entries into a tree.
class Extraction {
public:
    Extraction(PayloadSource& source, const Payload& payload, Clock& clock, TreeWriter& writer,
               const ExtractOptions& options, const std::function<void(Bytes)>& progress)
        : stream_(source, payload, clock, options.stream),
          writer_(writer),
          progress_(progress),
          archive_(archive_read_new()) {}

    Result<ExtractReport> run();

private:
    static la_ssize_t read_callback(archive* a, void* self, const void** buffer);
    Result<std::span<const std::byte>> next_chunk();
    Result<void> open();
    Result<void> take_entry(archive_entry* entry);
    Result<void> take_content(archive_entry* entry, const std::string& path);
    FilePiece own(Bytes offset, std::span<const std::byte> bytes) const;
    std::unexpected<Error> archive_error(std::string_view what);
    Result<void> read_to_end();

    ChunkStream stream_;
    TreeWriter& writer_;
    const std::function<void(Bytes)>& progress_;
    std::unique_ptr<archive, ArchiveDeleter> archive_;
    std::array<DecodedChunk, 2> recent_;  ///< the chunk that libarchive reads from, and the one before it
    std::optional<Error> stream_error_;
    ExtractReport report_;
};

Result<std::span<const std::byte>> Extraction::next_chunk() {
    // Before waiting for a buffer, let go of what can be let go of.
    recent_[1] = std::move(recent_[0]);
    writer_.pass_on();
    BEDPLATE_ASSIGN(recent_[0], stream_.next());
    if (!recent_[0]) {
        return std::span<const std::byte>();
    }
    progress_(report_.bytes);
    report_.bytes += Bytes{recent_[0]->size()};
    return *recent_[0];
}

la_ssize_t Extraction::read_callback(archive* a, void* self, const void** buffer) {
    auto& extraction = *static_cast<Extraction*>(self);
    auto chunk = extraction.next_chunk();
    if (!chunk) {
        extraction.stream_error_ = std::move(chunk).error();
        archive_set_error(a, EIO, "the payload cannot be read");
        return ARCHIVE_FATAL;
    }
    *buffer = chunk->data();
    return static_cast<la_ssize_t>(chunk->size());
}

std::unexpected<Error> Extraction::archive_error(std::string_view what) {
    if (stream_error_) {
        return std::unexpected(*stream_error_);
    }
    const char* const text = archive_error_string(archive_.get());
    return fail("extract.archive", std::format("{}: {}", what, text == nullptr ? "unknown reason" : text),
                std::format("after {} entries", report_.entries));
}

Result<void> Extraction::open() {
    if (!archive_ || archive_read_support_format_tar(archive_.get()) != ARCHIVE_OK ||
        archive_read_set_options(archive_.get(), "hdrcharset=UTF-8,!mac-ext") < ARCHIVE_WARN ||
        archive_read_open(archive_.get(), this, nullptr, &Extraction::read_callback, nullptr) != ARCHIVE_OK) {
        return archive_error("the payload is not a tar archive");
    }
    return {};
}

// Most blocks lie within a decoded chunk, which is then kept alive until they are written; what libarchive
// had to put together from two chunks is copied.
FilePiece Extraction::own(Bytes offset, std::span<const std::byte> bytes) const {
    for (const DecodedChunk& chunk : recent_) {
        if (chunk && bytes.data() >= chunk->data() &&
            bytes.data() + bytes.size() <= chunk->data() + chunk->size()) {
            return {.offset = offset, .bytes = bytes, .owner = chunk};
        }
    }
    auto copy = std::make_shared<std::vector<std::byte>>(bytes.begin(), bytes.end());
    return {.offset = offset, .bytes = *copy, .owner = copy};
}

Result<void> Extraction::take_content(archive_entry* entry, const std::string& path) {
    BEDPLATE_ASSIGN(EntryMetadata metadata, read_metadata(entry));
    BEDPLATE_TRY(writer_.begin_file(path, Bytes{static_cast<std::uint64_t>(archive_entry_size(entry))},
                                    std::move(metadata)));
    while (true) {
        const void* data = nullptr;
        std::size_t size = 0;
        la_int64_t offset = 0;
        const int status = archive_read_data_block(archive_.get(), &data, &size, &offset);
        if (status == ARCHIVE_EOF) {
            return writer_.end_file();
        }
        if (status != ARCHIVE_OK) {
            return archive_error(std::format("the content of {} is damaged", path));
        }
        if (size > 0) {
            writer_.add_piece(
                own(Bytes{static_cast<std::uint64_t>(offset)}, {static_cast<const std::byte*>(data), size}));
        }
    }
}

Result<void> Extraction::take_entry(archive_entry* entry) {
    const char* const raw_path = archive_entry_pathname(entry);
    if (raw_path == nullptr) {
        return fail("extract.path", std::format("entry {} has a name that is not UTF-8", report_.entries));
    }
    BEDPLATE_ASSIGN(const std::string path, clean_entry_path(raw_path));
    if (const char* const target = archive_entry_hardlink(entry); target != nullptr) {
        BEDPLATE_ASSIGN(const std::string clean_target, clean_entry_path(target));
        return writer_.hard_link(path, clean_target);
    }
    const mode_t type = archive_entry_filetype(entry);
    if (type == S_IFREG) {
        return take_content(entry, path);
    }
    BEDPLATE_ASSIGN(EntryMetadata metadata, read_metadata(entry));
    switch (type) {
        case S_IFDIR:
            return writer_.directory(path, std::move(metadata));
        case S_IFLNK: {
            const char* const target = archive_entry_symlink(entry);
            return target == nullptr ? fail("extract.path", std::format("{} leads nowhere", path), path)
                                     : writer_.symbolic_link(path, target, metadata);
        }
        case S_IFCHR:
        case S_IFBLK:
        case S_IFIFO:
            return writer_.special(path, type, archive_entry_rdev(entry), metadata);
        default:
            return fail("extract.archive", std::format("{} is of a kind that cannot be unpacked", path),
                        path);
    }
}

// What follows the end-of-archive mark is padding, which still belongs to the chunks and to the count.
Result<void> Extraction::read_to_end() {
    while (true) {
        BEDPLATE_ASSIGN(const auto rest, next_chunk());
        if (rest.empty()) {
            return {};
        }
    }
}

Result<ExtractReport> Extraction::run() {
    BEDPLATE_TRY(open());
    while (true) {
        archive_entry* entry = nullptr;
        const int status = archive_read_next_header(archive_.get(), &entry);
        if (status == ARCHIVE_EOF) {
            break;
        }
        // A warning says that something about the entry could not be understood: then it cannot be right.
        if (status != ARCHIVE_OK) {
            return archive_error("the payload's tar is damaged");
        }
        ++report_.entries;
        BEDPLATE_TRY(take_entry(entry));
    }
    BEDPLATE_TRY(read_to_end());
    BEDPLATE_TRY(writer_.finish());
    progress_(report_.bytes);
    report_.digests = writer_.digests();
    return report_;
}

Result<void> check_counts(const ExtractReport& report, const Payload& payload) {
    if (report.entries != payload.entries || report.bytes != payload.tar_size) {
        return fail("extract.count",
                    std::format("{} entries in {} bytes were unpacked, the manifest says {} in {}",
                                report.entries, report.bytes.value, payload.entries, payload.tar_size.value),
                    {}, "the image was not built correctly: build it again");
    }
    return {};
}

}  // namespace

Result<ExtractReport> extract_payload(PayloadSource& source, const Payload& payload,
                                      const std::filesystem::path& root, Clock& clock,
                                      const ExtractOptions& options,
                                      const std::function<void(Bytes done)>& progress) {
    const Utf8Locale locale;
    BEDPLATE_ASSIGN(const auto writer,
                    TreeWriter::open(root, {.threads = options.writers, .digests = options.digests}));
    BEDPLATE_ASSIGN(ExtractReport report,
                    Extraction(source, payload, clock, *writer, options, progress).run());
    BEDPLATE_TRY(check_counts(report, payload));
    return report;
}

}  // namespace bedplate
