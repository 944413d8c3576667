// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/partition_writer.hpp"

#include <fcntl.h>
#include <parted/parted.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <format>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "execute/disk_table.hpp"
#include "platform/descriptor.hpp"

namespace bedplate {
namespace {

/// libparted reports through one handler of the whole process; what it said last is kept here.
class PartedMessages {
public:
    static PartedMessages& instance() {
        static PartedMessages messages;
        return messages;
    }
    std::mutex& mutex() { return mutex_; }
    void clear() { last_.clear(); }
    [[nodiscard]] const std::string& last() const { return last_; }

private:
    PartedMessages() { ped_exception_set_handler(&PartedMessages::handle); }

    // Whatever libparted asks: the answer is to stop, unless it only tells.
    static PedExceptionOption handle(PedException* exception) {
        instance().last_ = exception->message == nullptr ? "no reason given" : exception->message;
        const bool may_ignore = (exception->options & PED_EXCEPTION_IGNORE) != 0;
        if (exception->type <= PED_EXCEPTION_WARNING && may_ignore) {
            return PED_EXCEPTION_IGNORE;
        }
        return (exception->options & PED_EXCEPTION_CANCEL) != 0 ? PED_EXCEPTION_CANCEL
                                                                : PED_EXCEPTION_UNHANDLED;
    }

    std::mutex mutex_;
    std::string last_;
};

std::unexpected<Error> parted_failed(std::string code, std::string_view what) {
    const std::string& why = PartedMessages::instance().last();
    return fail("parted." + std::move(code),
                std::format("{}: {}", what, why.empty() ? "no reason given" : why));
}

template <auto destroy>
struct PedDeleter {
    template <typename T>
    void operator()(T* object) const {
        destroy(object);
    }
};
using PartedDevice = std::unique_ptr<PedDevice, PedDeleter<ped_device_destroy>>;
using PartedDisk = std::unique_ptr<PedDisk, PedDeleter<ped_disk_destroy>>;
using Constraint = std::unique_ptr<PedConstraint, PedDeleter<ped_constraint_destroy>>;

/// A sparse file that stands for the disk.
class Scratch : public BlockDevice {
public:
    static Result<std::unique_ptr<Scratch>> make(const std::filesystem::path& work, Bytes size, Bytes block) {
        std::string path = (work / "partition-table.XXXXXX").string();
        Descriptor descriptor(::mkostemp(path.data(), O_CLOEXEC));
        if (!descriptor.is_open() || ::ftruncate(descriptor.get(), static_cast<off_t>(size.value)) != 0) {
            return fail_errno("parted.scratch", "make a file in", work.string(), errno);
        }
        return std::unique_ptr<Scratch>(new Scratch(std::move(descriptor), std::move(path), size, block));
    }
    ~Scratch() override { ::unlink(path_.c_str()); }

    const std::string& path() const { return path_; }
    Bytes size() const override { return size_; }
    Bytes logical_block_size() const override { return block_; }
    Result<void> read(Bytes offset, std::span<std::byte> data) override {
        const ssize_t got =
            ::pread(descriptor_.get(), data.data(), data.size(), static_cast<off_t>(offset.value));
        return got == static_cast<ssize_t>(data.size()) ? Result<void>{}
                                                        : fail("block.read", "short read", path_);
    }
    Result<void> write(Bytes offset, std::span<const std::byte> data) override {
        const ssize_t put =
            ::pwrite(descriptor_.get(), data.data(), data.size(), static_cast<off_t>(offset.value));
        return put == static_cast<ssize_t>(data.size()) ? Result<void>{}
                                                        : fail("block.write", "short write", path_);
    }
    Result<void> flush() override { return {}; }
    Result<void> discard(Bytes /*offset*/, Bytes /*size*/) override { return {}; }

private:
    Scratch(Descriptor descriptor, std::string path, Bytes size, Bytes block)
        : descriptor_(std::move(descriptor)), path_(std::move(path)), size_(size), block_(block) {}
    Descriptor descriptor_;
    std::string path_;
    Bytes size_, block_;
};

Result<void> add_partition(PedDisk& disk, const action::PlannedPartition& planned) {
    const auto first = static_cast<PedSector>(planned.first.value);
    const auto last = static_cast<PedSector>(planned.last.value);
    PedPartition* const partition = ped_partition_new(&disk, PED_PARTITION_NORMAL, nullptr, first, last);
    if (partition == nullptr) {
        return parted_failed("partition", std::format("partition {}", planned.number));
    }
    const Constraint exact(ped_constraint_exact(&partition->geom));
    if (!exact || ped_disk_add_partition(&disk, partition, exact.get()) == 0) {
        ped_partition_destroy(partition);
        return parted_failed("partition", std::format("partition {} ({})", planned.number, planned.name));
    }
    if (ped_partition_set_name(partition, planned.name.c_str()) == 0 ||
        ped_partition_set_type_uuid(partition, planned.type.bytes().data()) == 0) {
        return parted_failed("partition", std::format("name and type of partition {}", planned.number));
    }
    if (partition->num != static_cast<int>(planned.number) || partition->geom.start != first ||
        partition->geom.end != last) {
        return fail(
            "parted.partition",
            std::format(
                "libparted made partition {} from block {} to {} of planned partition {} from {} to {}",
                partition->num, partition->geom.start, partition->geom.end, planned.number, first, last));
    }
    return {};
}

Result<void> make_table(const Scratch& scratch, const action::WritePartitionTable& planned) {
    const std::scoped_lock lock(PartedMessages::instance().mutex());
    PartedMessages::instance().clear();
    const PartedDevice device(ped_device_get(scratch.path().c_str()));
    if (!device) {
        return parted_failed("device", "libparted cannot open its file");
    }
    // For a file libparted assumes 512-byte blocks; the disk's own size is given here, before first use.
    device->sector_size = static_cast<long long>(scratch.logical_block_size().value);
    device->phys_sector_size = device->sector_size;
    device->length = static_cast<PedSector>(scratch.size().value / scratch.logical_block_size().value);
    const PartedDisk disk(ped_disk_new_fresh(device.get(), ped_disk_type_get("gpt")));
    if (!disk) {
        return parted_failed("table", "a new partition table");
    }
    for (const action::PlannedPartition& partition : planned.partitions) {
        BEDPLATE_TRY(add_partition(*disk, partition));
    }
    if (ped_disk_commit_to_dev(disk.get()) == 0) {
        return parted_failed("table", "writing the partition table");
    }
    return {};
}

// The copy at the end is on stable storage before the table at the start is begun: whatever part of that a
// power cut leaves (a protective MBR alone looks like somebody's table), the disk is known by the copy as
// this node's.
Result<void> copy_table(Scratch& scratch, BlockDevice& device) {
    BEDPLATE_ASSIGN(const auto ranges, table_ranges(scratch));
    bool in_copy = true;
    for (const TableRange& range : ranges) {
        const bool of_copy = range.offset.value >= device.size().value / 2;
        if (std::exchange(in_copy, of_copy) && !of_copy) {
            BEDPLATE_TRY(device.flush());
        }
        std::vector<std::byte> data(range.size.value);
        BEDPLATE_TRY(scratch.read(range.offset, data));
        BEDPLATE_TRY(device.write(range.offset, data));
    }
    return device.flush();
}

Result<void> zero(BlockDevice& device, Bytes offset, Bytes size) {
    const std::vector<std::byte> zeros(size.value);
    return device.write(offset, zeros);
}

}  // namespace

Result<void> clear_partition_ends(BlockDevice& device, const action::WritePartitionTable& planned) {
    for (const action::PlannedPartition& partition : planned.partitions) {
        const Bytes start = planned.logical_block_size * partition.first.value;
        const Bytes end = planned.logical_block_size * (partition.last.value + 1);
        const Bytes head = std::min(planned.cleared_start, end - start);
        const Bytes tail = std::min(planned.cleared_end, end - start - head);
        BEDPLATE_TRY(zero(device, start, head));
        if (tail > Bytes{}) {
            BEDPLATE_TRY(zero(device, end - tail, tail));
        }
    }
    return device.flush();
}

Result<void> write_partition_table(BlockDevice& device, const action::WritePartitionTable& planned,
                                   const std::filesystem::path& work) {
    BEDPLATE_ASSIGN(const auto scratch, Scratch::make(work, device.size(), device.logical_block_size()));
    BEDPLATE_TRY(make_table(*scratch, planned));
    std::map<std::uint32_t, Guid> guids;
    for (const action::PlannedPartition& partition : planned.partitions) {
        guids.emplace(partition.number, partition.guid);
    }
    BEDPLATE_TRY(set_table_guids(*scratch, planned.disk_guid, guids));
    return copy_table(*scratch, device);
}

}  // namespace bedplate
