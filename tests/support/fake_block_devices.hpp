// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "platform/block_devices.hpp"

namespace bedplate::fakes {

/// One write, flush or discard that reached a fake disk.
struct BlockOperation {
    enum class Kind { write, flush, discard };
    Kind kind = Kind::write;
    std::string disk;  ///< path of the whole disk
    Bytes offset;      ///< on the whole disk
    Bytes size;
};

/// What happens to writes that were not flushed when the power goes.
enum class Unflushed {
    lost,  ///< none of them arrived
    kept,  ///< all of them arrived, and of the interrupted write the first half
    some,  ///< any blocks of them arrived, drawn by the seed
};

/// Sparse disks in memory. Every write, flush and discard is recorded and may be made to fail, or the power
/// cut at it. May be used from several threads.
class FakeBlockDevices : public BlockDevices {
public:
    /// A disk of zero bytes at `path`; its size is a multiple of the block size.
    void add_disk(const std::filesystem::path& path, Bytes size, Bytes logical_block_size = Bytes{512});
    /// A partition or another name of (a part of) a disk: the same bytes under a second path.
    void add_part(const std::filesystem::path& path, const std::filesystem::path& disk, Bytes offset,
                  Bytes size);
    /// Somebody holds the disk: opening it for writing fails with block.busy.
    void set_busy(const std::filesystem::path& path) { busy_.insert(path.string()); }
    void remove(const std::filesystem::path& path) { parts_.erase(path.string()); }

    Result<std::unique_ptr<BlockDevice>> open(const std::filesystem::path& path, BlockAccess access) override;
    /// Called with the path of a disk that is about to be locked, by lock() or by opening it for writing:
    /// what udev still does until then.
    std::function<void(const std::string& path)> before_lock;
    /// Fails with block.locked while this program holds the disk's lock already: it would wait for itself.
    Result<std::unique_ptr<DiskLock>> lock(const std::filesystem::path& path) override;
    /// Fails with block.locked while the disk is locked: udev would not make the node.
    Result<void> wait_for(const std::filesystem::path& path) override;
    /// Paths of the disks that are locked now, by lock() or because they are open for writing.
    [[nodiscard]] std::set<std::string> locked() const;

    /// The n-th write, flush or discard from now (1 = the next), on any disk, fails; later ones work again.
    void fail_at(std::size_t n) { fail_at_ = attempts_ + n; }
    /// At the n-th write, flush or discard from now the power goes: it and everything after it fails.
    void cut_power_at(std::size_t n, Unflushed unflushed = Unflushed::lost, unsigned seed = 1);
    /// The machine is on again; the disks hold what had arrived on them.
    void restore_power();
    [[nodiscard]] bool has_power() const { return power_; }

    /// Everything that arrived, in order.
    [[nodiscard]] const std::vector<BlockOperation>& operations() const { return operations_; }
    /// Paths as they were given to open() for writing, in order.
    [[nodiscard]] const std::vector<std::string>& opened_for_writing() const { return opened_; }
    /// Bytes as a reader sees them; for setting up and for checking, without being recorded.
    [[nodiscard]] std::string peek(const std::filesystem::path& path, Bytes offset, Bytes size) const;
    void poke(const std::filesystem::path& path, Bytes offset, std::string_view data);

private:
    static constexpr std::size_t page_size = 4096;
    using Pages = std::map<std::uint64_t, std::array<std::byte, page_size>>;
    struct Disk {
        std::string path;
        Bytes size;
        Bytes logical_block_size;
        Pages stable;                       ///< what survives a power cut
        Pages current;                      ///< what a reader sees
        std::set<std::uint64_t> unflushed;  ///< pages in which the two may differ
    };
    struct Part {
        std::shared_ptr<Disk> disk;
        Bytes offset;
        Bytes size;
    };
    class Device;
    class Lock;

    static void copy_out(const Pages& pages, Bytes offset, std::span<std::byte> data);
    static void copy_in(Pages& pages, Bytes offset, std::span<const std::byte> data);
    Result<void> write(Disk& disk, Bytes offset, std::span<const std::byte> data);
    Result<void> flush(Disk& disk);
    Result<void> discard(Disk& disk, Bytes offset, Bytes size);
    void keep_some(Disk& disk);
    /// Counts one attempt. Errors: `code` where this attempt is to fail or there is no power.
    Result<void> attempt(std::string_view code, const Disk& disk);

    mutable std::recursive_mutex mutex_;
    std::map<std::string, Part> parts_;
    std::set<std::string> busy_, locked_;
    std::vector<BlockOperation> operations_;
    std::vector<std::string> opened_;
    std::size_t attempts_ = 0;
    std::optional<std::size_t> fail_at_;
    std::optional<std::size_t> cut_at_;
    Unflushed unflushed_ = Unflushed::lost;
    unsigned seed_ = 1;
    bool power_ = true;
};

}  // namespace bedplate::fakes
