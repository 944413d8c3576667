// SPDX-License-Identifier: GPL-3.0-or-later
#include "ext4_reader.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <format>

#include "base/digest.hpp"

namespace bedplate::vm {
namespace {

constexpr std::uint32_t filetype = 0x2, recover = 0x4, meta_bg = 0x10, extents_feature = 0x40, bits64 = 0x80,
                        flex_bg = 0x200, checksum_seed = 0x2000;
constexpr std::uint32_t understood = filetype | extents_feature | bits64 | flex_bg | checksum_seed;
constexpr std::uint32_t extents_flag = 0x80000;
constexpr std::uint16_t format_mask = 0xf000, directory = 0x4000, regular = 0x8000, link = 0xa000;
constexpr int max_depth = 64;

template <typename T>
T at(std::string_view data, std::size_t offset) {
    T value{};
    std::memcpy(&value, data.data() + offset, sizeof(T));
    return value;
}

std::uint64_t split64(std::string_view data, std::size_t low, std::size_t high) {
    return at<std::uint32_t>(data, low) | std::uint64_t{at<std::uint32_t>(data, high)} << 32U;
}

std::unexpected<Error> wrong(std::string what) {
    return fail("ext4.format", std::move(what));
}

}  // namespace

Result<Ext4Reader> Ext4Reader::open(int file, Bytes offset) {
    Ext4Reader reader(file, offset);
    BEDPLATE_TRY(reader.read_super_block());
    return reader;
}

Result<std::string> Ext4Reader::bytes(std::uint64_t position, std::size_t size) const {
    std::string data(size, '\0');
    if (::pread(file_, data.data(), size, static_cast<off_t>(offset_ + position)) !=
        static_cast<ssize_t>(size)) {
        return wrong(std::format("cannot read {} bytes at {}", size, position));
    }
    return data;
}

Result<void> Ext4Reader::read_super_block() {
    BEDPLATE_ASSIGN(const auto super, bytes(1024, 1024));
    if (at<std::uint16_t>(super, 56) != 0xef53) {
        return wrong("there is no ext4 file system");
    }
    const auto incompatible = at<std::uint32_t>(super, 96);
    if ((incompatible & recover) != 0) {
        return wrong("the journal was not replayed: the file system was not unmounted");
    }
    if ((incompatible & ~understood) != 0 || (incompatible & meta_bg) != 0) {
        return wrong(std::format("features {:#x} are not understood", incompatible));
    }
    block_size_ = std::uint64_t{1024} << at<std::uint32_t>(super, 24);
    inodes_per_group_ = at<std::uint32_t>(super, 40);
    inode_size_ = at<std::uint16_t>(super, 88);
    first_block_ = at<std::uint32_t>(super, 20);
    descriptor_size_ = (incompatible & bits64) != 0 ? at<std::uint16_t>(super, 254) : 32;
    if (block_size_ > 65536 || inodes_per_group_ == 0 || inode_size_ < 128 || descriptor_size_ < 32) {
        return wrong("the super block makes no sense");
    }
    return {};
}

Result<Ext4Reader::Inode> Ext4Reader::inode(std::uint64_t number) const {
    const auto group = (number - 1) / inodes_per_group_;
    BEDPLATE_ASSIGN(const auto descriptor,
                    bytes((first_block_ + 1) * block_size_ + group * descriptor_size_, descriptor_size_));
    const auto table = descriptor_size_ >= 64 ? split64(descriptor, 8, 40) : at<std::uint32_t>(descriptor, 8);
    BEDPLATE_ASSIGN(const auto raw,
                    bytes(table * block_size_ + (number - 1) % inodes_per_group_ * inode_size_, 128));
    return Inode{.mode = at<std::uint16_t>(raw, 0),
                 .size = split64(raw, 4, 108),
                 .flags = at<std::uint32_t>(raw, 32),
                 .block = raw.substr(40, 60)};
}

Result<void> Ext4Reader::collect(const std::string& node, std::vector<Extent>& extents, int depth) const {
    if (at<std::uint16_t>(node, 0) != 0xf30a || depth > 5) {
        return wrong("a broken tree of extents");
    }
    const std::size_t entries = std::min<std::size_t>(at<std::uint16_t>(node, 2), node.size() / 12 - 1);
    const bool leaf = at<std::uint16_t>(node, 6) == 0;
    for (std::size_t i = 0; i < entries; ++i) {
        const auto entry = std::string_view(node).substr(12 * (i + 1), 12);
        if (leaf) {
            const auto length = at<std::uint16_t>(entry, 4);
            const bool written = length <= 32768;
            extents.push_back(
                {.logical = at<std::uint32_t>(entry, 0),
                 .length = written ? length : length - 32768U,
                 .physical = at<std::uint32_t>(entry, 8) | std::uint64_t{at<std::uint16_t>(entry, 6)} << 32U,
                 .written = written});
            continue;
        }
        const auto child = at<std::uint32_t>(entry, 4) | std::uint64_t{at<std::uint16_t>(entry, 8)} << 32U;
        BEDPLATE_ASSIGN(const auto below, bytes(child * block_size_, block_size_));
        BEDPLATE_TRY(collect(below, extents, depth + 1));
    }
    return {};
}

Result<void> Ext4Reader::content(const Inode& inode, const std::function<void(std::string_view)>& use) const {
    if ((inode.flags & extents_flag) == 0) {
        return inode.size == 0 ? Result<void>{} : wrong("a file without extents");
    }
    std::vector<Extent> extents;
    BEDPLATE_TRY(collect(inode.block, extents, 0));
    std::uint64_t done = 0;
    const auto zeroes = [&](std::uint64_t until) {
        const std::string zero(64U * 1024, '\0');
        for (; done < until; done += std::min<std::uint64_t>(zero.size(), until - done)) {
            use(std::string_view(zero).substr(0, std::min<std::uint64_t>(zero.size(), until - done)));
        }
    };
    for (const auto& extent : extents) {
        zeroes(std::min(inode.size, extent.logical * block_size_));
        const auto end = std::min(inode.size, (extent.logical + extent.length) * block_size_);
        if (!extent.written) {
            zeroes(end);
        }
        while (done < end) {
            const auto skip = done - extent.logical * block_size_;
            const auto size = std::min<std::uint64_t>(4U << 20U, end - done);
            BEDPLATE_ASSIGN(const auto piece, bytes(extent.physical * block_size_ + skip, size));
            use(piece);
            done += size;
        }
    }
    zeroes(inode.size);
    return {};
}

Result<std::string> Ext4Reader::describe(const Inode& inode) const {
    switch (inode.mode & format_mask) {
        case directory:
            return "d";
        case regular: {
            Sha256 digest;
            BEDPLATE_TRY(content(inode, [&](std::string_view piece) { digest.update(piece); }));
            return "f " + digest.finish();
        }
        case link: {
            if (inode.size < inode.block.size()) {
                return "l " + inode.block.substr(0, inode.size);
            }
            std::string target;
            BEDPLATE_TRY(content(inode, [&](std::string_view piece) { target += piece; }));
            return "l " + target;
        }
        default:
            return "s";
    }
}

Result<void> Ext4Reader::walk(std::uint64_t number, const std::string& path, FileTree& tree,
                              int depth) const {
    if (depth > max_depth) {
        return wrong("folders in a circle");
    }
    BEDPLATE_ASSIGN(const auto folder, inode(number));
    std::string entries;
    BEDPLATE_TRY(content(folder, [&](std::string_view piece) { entries += piece; }));
    for (std::size_t i = 0; i + 8 <= entries.size();) {
        const auto child = at<std::uint32_t>(entries, i);
        const auto length = at<std::uint16_t>(entries, i + 4);
        const auto name = std::string_view(entries).substr(i + 8, static_cast<unsigned char>(entries[i + 6]));
        if (length < 8) {
            return wrong("a broken folder: /" + path);
        }
        i += length;
        if (child == 0 || name.empty() || name == "." || name == "..") {
            continue;
        }
        const auto full = path.empty() ? std::string(name) : std::format("{}/{}", path, name);
        BEDPLATE_ASSIGN(const auto node, inode(child));
        BEDPLATE_ASSIGN(tree[full], describe(node));
        if (tree[full] == "d") {
            BEDPLATE_TRY(walk(child, full, tree, depth + 1));
        }
    }
    return {};
}

Result<FileTree> Ext4Reader::read_all() const {
    constexpr std::uint64_t root = 2;
    FileTree tree;
    BEDPLATE_TRY(walk(root, "", tree, 0));
    return tree;
}

}  // namespace bedplate::vm
