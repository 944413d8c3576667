// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/esp_image.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <format>
#include <set>

#include "platform/descriptor.hpp"

namespace bedplate {
namespace {

namespace fs = std::filesystem;

constexpr Bytes piece_size = mib(1);
// Below this number of clusters a file system is FAT16 to everybody, whatever it says about itself
// (FAT specification 1.03, page 14). A few are kept in hand for the tables and the reserved blocks.
constexpr std::uint64_t least_fat32_clusters = 65525 + 16;

std::vector<std::string> parents_of(const std::set<std::string>& files) {
    std::set<std::string> folders;
    for (const std::string& file : files) {
        for (fs::path folder = fs::path(file).parent_path(); !folder.empty(); folder = folder.parent_path()) {
            folders.insert(folder.string());
        }
    }
    return {folders.begin(), folders.end()};
}

class Builder {
public:
    Builder(CommandRunner& commands, const fs::path& image, const fs::path& work, const EspContents& contents)
        : commands_(commands), image_(image.string()), work_(work), contents_(contents) {}

    Result<void> build() {
        BEDPLATE_TRY(make_file());
        BEDPLATE_TRY(format());
        BEDPLATE_TRY(make_folders());
        for (const auto& [to, from] : contents_.copies) {
            BEDPLATE_TRY(copy(from, to));
        }
        const fs::path staged = work_ / "esp-text";
        for (const auto& [to, text] : contents_.texts) {
            BEDPLATE_TRY(write_text(staged, text));
            auto copied = copy(staged, to);
            ::unlink(staged.c_str());
            BEDPLATE_TRY(copied);
        }
        return {};
    }

private:
    Result<void> run(std::vector<std::string> argv) {
        // mtools refuses images whose geometry it does not like and asks questions; neither is wanted here.
        BEDPLATE_TRY(run_checked(commands_,
                                 {.argv = std::move(argv),
                                  .environment = {{"MTOOLS_SKIP_CHECK", "1"},
                                                  {"SOURCE_DATE_EPOCH", std::to_string(contents_.timestamp)},
                                                  {"TZ", "UTC"}}}));
        return {};
    }

    Result<void> make_file() {
        ::unlink(image_.c_str());
        const Descriptor file(::open(image_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!file.is_open() || ::ftruncate(file.get(), static_cast<off_t>(contents_.size.value)) != 0) {
            return fail_errno("esp.image", "make", image_, errno);
        }
        return {};
    }

    Result<void> format() {
        const unsigned cluster = sectors_per_cluster(contents_.size, contents_.logical_block_size);
        if (cluster == 0) {
            return fail(
                "esp.too-small",
                std::format("an EFI system partition of {} is too small for FAT32 with blocks of {} bytes",
                            to_binary_text(contents_.size), contents_.logical_block_size.value),
                {}, "enlarge layout.esp in the profile");
        }
        return run({"mkfs.vfat", "-F", "32", "-i", std::format("{:08x}", contents_.volume_id), "-n", "EFI",
                    "-S", std::to_string(contents_.logical_block_size.value), "-s", std::to_string(cluster),
                    image_});
    }

    Result<void> make_folders() {
        std::set<std::string> files;
        for (const auto& [path, from] : contents_.copies) {
            files.insert(path);
        }
        for (const auto& [path, text] : contents_.texts) {
            files.insert(path);
        }
        std::vector<std::string> argv{"mmd", "-i", image_};
        for (const std::string& folder : parents_of(files)) {
            argv.push_back("::/" + folder);
        }
        return argv.size() == 3 ? Result<void>{} : run(std::move(argv));
    }

    Result<void> copy(const fs::path& from, const std::string& to) {
        return run({"mcopy", "-i", image_, from.string(), "::/" + to});
    }

    static Result<void> write_text(const fs::path& path, std::string_view text) {
        const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        if (!file.is_open() ||
            ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
            return fail_errno("esp.image", "write", path.string(), errno);
        }
        return {};
    }

    CommandRunner& commands_;
    std::string image_;
    fs::path work_;
    const EspContents& contents_;
};

}  // namespace

unsigned sectors_per_cluster(Bytes size, Bytes logical_block_size) {
    const std::uint64_t blocks = size.value / logical_block_size.value;
    for (std::uint64_t sectors = std::max<std::uint64_t>(1, 4096 / logical_block_size.value); sectors > 0;
         sectors /= 2) {
        // Reserved blocks and two tables of four bytes a cluster come off first.
        const std::uint64_t tables = 2 * (blocks / sectors * 4 / logical_block_size.value + 1) + 32;
        if (blocks > tables && (blocks - tables) / sectors >= least_fat32_clusters) {
            return static_cast<unsigned>(sectors);
        }
    }
    return 0;
}

Result<std::unique_ptr<EspImage>> EspImage::build(CommandRunner& commands, const fs::path& work,
                                                  const EspContents& contents) {
    static std::atomic<unsigned> count = 0;
    std::unique_ptr<EspImage> image(
        new EspImage(work / std::format("esp-{}.img", ++count), contents.logical_block_size));
    BEDPLATE_TRY(Builder(commands, image->path_, work, contents).build());
    BEDPLATE_TRY(image->load());
    return image;
}

EspImage::~EspImage() {
    ::unlink(path_.c_str());
}

Result<std::vector<std::byte>> EspImage::read(Bytes offset, Bytes size) const {
    const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    std::vector<std::byte> data(size.value);
    if (!file.is_open() || ::pread(file.get(), data.data(), data.size(), static_cast<off_t>(offset.value)) !=
                               static_cast<ssize_t>(data.size())) {
        return fail_errno("esp.image", "read", path_.string(), errno);
    }
    return data;
}

// Only what mkfs.vfat and mtools wrote: a gigabyte of partition holds a few megabytes of it.
Result<void> EspImage::load() {
    const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) {
        return fail_errno("esp.image", "open", path_.string(), errno);
    }
    BEDPLATE_ASSIGN(first_block_, read(Bytes{0}, block_));
    const off_t end = ::lseek(file.get(), 0, SEEK_END);
    for (off_t at = ::lseek(file.get(), static_cast<off_t>(block_.value), SEEK_DATA); at >= 0 && at < end;) {
        off_t hole = ::lseek(file.get(), at, SEEK_HOLE);
        hole = hole < 0 ? end : hole;
        for (off_t piece = at; piece < hole; piece += static_cast<off_t>(piece_size.value)) {
            const auto size = std::min<off_t>(static_cast<off_t>(piece_size.value), hole - piece);
            extents_.push_back({.offset = Bytes{static_cast<std::uint64_t>(piece)},
                                .size = Bytes{static_cast<std::uint64_t>(size)}});
        }
        at = ::lseek(file.get(), hole, SEEK_DATA);
    }
    return {};
}

Result<void> EspImage::write_to(BlockDevice& partition, bool withhold) const {
    const std::vector<std::byte> zeros(block_.value);
    BEDPLATE_TRY(partition.write(Bytes{0}, zeros));
    BEDPLATE_TRY(partition.flush());
    for (const Extent& extent : extents_) {
        BEDPLATE_ASSIGN(const auto data, read(extent.offset, extent.size));
        BEDPLATE_TRY(partition.write(extent.offset, data));
    }
    BEDPLATE_TRY(partition.flush());
    if (!withhold) {
        BEDPLATE_TRY(partition.write(Bytes{0}, first_block_));
        BEDPLATE_TRY(partition.flush());
    }
    return {};
}

Result<bool> EspImage::equals(BlockDevice& partition) const {
    for (const Extent& extent : extents_) {
        BEDPLATE_ASSIGN(const auto wanted, read(extent.offset, extent.size));
        std::vector<std::byte> found(extent.size.value);
        BEDPLATE_TRY(partition.read(extent.offset, found));
        if (found != wanted) {
            return false;
        }
    }
    return true;
}

}  // namespace bedplate
