// SPDX-License-Identifier: GPL-3.0-or-later
#include "disk_images.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <format>
#include <span>
#include <vector>

#include "base/digest.hpp"
#include "platform/descriptor.hpp"
#include "workspace.hpp"

namespace bedplate::vm {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t block_size = 64U * 1024;

/// SplitMix64 (Steele, Lea, Flood 2014): a good generator whose n-th number needs no state.
constexpr std::uint64_t scrambled(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}

Result<void> write_pattern(int fd, std::uint64_t offset, std::uint64_t size, std::uint64_t seed) {
    std::vector<std::uint64_t> words(size / sizeof(std::uint64_t));
    for (std::size_t i = 0; i < words.size(); ++i) {
        words[i] = scrambled(seed ^ scrambled(offset + i));
    }
    const auto bytes = std::as_bytes(std::span(words));
    const auto written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written != static_cast<ssize_t>(bytes.size())) {
        return fail("image.create", std::format("writing the pattern: {}", std::strerror(errno)));
    }
    return {};
}

/// Digest of the non-zero blocks in [from, to); `from` is a multiple of the block size.
Result<void> digest_extent(int fd, std::uint64_t from, std::uint64_t to, Sha256& digest,
                           const fs::path& image) {
    std::vector<std::byte> buffer(64 * block_size);
    for (auto at = from; at < to;) {
        const auto wanted = std::min<std::uint64_t>(buffer.size(), to - at);
        const auto got = ::pread(fd, buffer.data(), wanted, static_cast<off_t>(at));
        if (got < 0) {
            return fail("image.read", std::strerror(errno), image.string());
        }
        if (got == 0) {
            break;
        }
        const auto size = static_cast<std::uint64_t>(got);
        for (std::uint64_t i = 0; i < size; i += block_size) {
            const auto block = std::span(buffer).subspan(i, std::min(block_size, size - i));
            // memcmp, since these are whole disks and tests are not optimised.
            if (block[0] != std::byte{0} ||
                std::memcmp(block.data(), block.data() + 1, block.size() - 1) != 0) {
                digest.update(std::format("{}:", at + i));
                digest.update(block);
            }
        }
        at += size;
    }
    return {};
}

}  // namespace

Result<void> make_blank_disk(const fs::path& image, Bytes size) {
    fs::remove(image);
    const Descriptor file(::open(image.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!file.is_open() || ::ftruncate(file.get(), static_cast<off_t>(size.value)) != 0) {
        return fail("image.create", std::strerror(errno), image.string());
    }
    return {};
}

Result<void> make_patterned_disk(const fs::path& image, Bytes size, std::uint64_t seed) {
    BEDPLATE_TRY(make_blank_disk(image, size));
    const Descriptor file(::open(image.c_str(), O_WRONLY | O_CLOEXEC));
    constexpr auto edge = mib(4).value;
    BEDPLATE_TRY(write_pattern(file.get(), 0, edge, seed));
    for (auto at = mib(128).value; at + mib(128).value < size.value; at += mib(128).value) {
        BEDPLATE_TRY(write_pattern(file.get(), at, mib(1).value, seed));
    }
    return write_pattern(file.get(), size.value - edge, edge, seed);
}

Result<std::string> content_digest(const fs::path& image) {
    const Descriptor file(::open(image.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) {
        return fail("image.read", std::strerror(errno), image.string());
    }
    const auto size = fs::file_size(image);
    Sha256 digest;
    digest.update(std::format("{}\n", size));
    std::uint64_t next =
        0;  // blocks below this are done: an extent may begin in the block where the last one ended
    while (true) {
        const auto data = ::lseek(file.get(), static_cast<off_t>(next), SEEK_DATA);
        if (data < 0) {
            break;
        }
        const auto hole = static_cast<std::uint64_t>(::lseek(file.get(), data, SEEK_HOLE));
        const auto from = std::max(next, static_cast<std::uint64_t>(data) / block_size * block_size);
        const auto to = (hole + block_size - 1) / block_size * block_size;
        BEDPLATE_TRY(digest_extent(file.get(), from, std::min(to, size), digest, image));
        next = to;
    }
    return digest.finish();
}

Result<void> copy_sparse(const fs::path& from, const fs::path& to) {
    BEDPLATE_TRY(run_checked(host_commands(),
                             {.argv = {"cp", "--sparse=always", "--reflink=auto", from.string(), to.string()},
                              .timeout = std::chrono::minutes(10)}));
    return {};
}

Result<void> flip_bit(const fs::path& file, std::uint64_t offset) {
    const Descriptor opened(::open(file.c_str(), O_RDWR | O_CLOEXEC));
    unsigned char byte = 0;
    const auto at = static_cast<off_t>(offset);
    if (!opened.is_open() || ::pread(opened.get(), &byte, 1, at) != 1) {
        return fail("image.write", std::strerror(errno), file.string());
    }
    byte ^= 0x10U;
    if (::pwrite(opened.get(), &byte, 1, at) != 1) {
        return fail("image.write", std::strerror(errno), file.string());
    }
    return {};
}

}  // namespace bedplate::vm
