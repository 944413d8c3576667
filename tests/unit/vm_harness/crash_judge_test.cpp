// SPDX-License-Identifier: GPL-3.0-or-later
// The judge of crash states, on recordings of what the executor writes to a disk.
#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "base/text.hpp"
#include "execute/disk_table.hpp"
#include "execute/partition_writer.hpp"
#include "harness/crash_judge.hpp"
#include "harness/disk_images.hpp"
#include "log_builder.hpp"
#include "platform/descriptor.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;
using namespace bedplate::vm;

namespace {

constexpr Bytes disk_size = gib(2);
constexpr Bytes block{512};
constexpr Bytes esp_start = mib(2);

const NodeExpectation node{
    .disk_serial = "S1", .disk_model = "M", .cluster = "c", .hostname = "h", .generation = 1};

/// A disk on a file whose requests are logged as QEMU logs them.
class RecordedDisk : public BlockDevice {
public:
    RecordedDisk(const std::filesystem::path& image, LogBuilder& log)
        : file_(::open(image.c_str(), O_RDWR | O_CLOEXEC)), log_(log) {}
    Bytes size() const override { return disk_size; }
    Bytes logical_block_size() const override { return block; }
    Result<void> read(Bytes offset, std::span<std::byte> data) override {
        return ::pread(file_.get(), data.data(), data.size(), static_cast<off_t>(offset.value)) ==
                       static_cast<ssize_t>(data.size())
                   ? Result<void>{}
                   : fail("block.read", "short");
    }
    Result<void> write(Bytes offset, std::span<const std::byte> data) override {
        log_.write(offset.value / block.value,
                   std::string(reinterpret_cast<const char*>(data.data()), data.size()));
        return ::pwrite(file_.get(), data.data(), data.size(), static_cast<off_t>(offset.value)) ==
                       static_cast<ssize_t>(data.size())
                   ? Result<void>{}
                   : fail("block.write", "short");
    }
    Result<void> discard(Bytes /*offset*/, Bytes /*size*/) override {
        return fail("block.discard", "nothing is discarded here");
    }
    Result<void> flush() override {
        log_.flush();
        return {};
    }

private:
    Descriptor file_;
    LogBuilder& log_;
};

action::WritePartitionTable planned_table() {
    NodeSpec spec;
    spec.hostname = node.hostname;
    spec.cluster_name = node.cluster;
    const PlanIds ids(spec, DiskIdentity{.serial = node.disk_serial, .model = node.disk_model});
    const auto type = Guid::parse("c12a7328-f81f-11d2-ba4b-00a0c93ec93b").value();
    return {.disk_guid = ids.disk(),
            .logical_block_size = block,
            .partitions = {{.number = 1,
                            .name = "bedplate-esp",
                            .type = type,
                            .guid = ids.partition("esp"),
                            .first = Lba{esp_start.value / block.value},
                            .last = Lba{gib(1).value / block.value - 1}}}};
}

struct Recorded {
    fakes::TempDir folder;
    LogBuilder log{512};
    std::unique_ptr<RecordedDisk> disk;

    Recorded() {
        REQUIRE(make_blank_disk(folder / "after", disk_size));
        disk = std::make_unique<RecordedDisk>(folder / "after", log);
    }
    CrashReport judge() {
        log.save(folder / "log");
        const Recording recording{
            .before = {}, .log = folder / "log", .after = folder / "after", .node = node};
        const auto report = judge_crashes(recording, {.subsets = 40, .seed = 1}, {}, folder / "scratch");
        REQUIRE(report);
        return *report;
    }
};

}  // namespace

TEST_CASE("whatever a cut leaves of a new partition table, the next run takes the disk up") {
    Recorded recorded;
    REQUIRE(write_partition_table(*recorded.disk, planned_table(), recorded.folder.path()));
    const auto report = recorded.judge();
    CHECK(join(report.violations, "\n").empty());
    CHECK(report.old_states >= 1);
    CHECK(report.states == report.old_states + report.incomplete);
    CHECK(report.incomplete > 40);
}

TEST_CASE("a table whose parts are not told apart by a flush is found") {
    // The same blocks in one window: a protective MBR alone is among what can be left.
    Recorded recorded;
    {
        LogBuilder other(512);
        REQUIRE(make_blank_disk(recorded.folder / "source", disk_size));
        RecordedDisk source(recorded.folder / "source", other);
        REQUIRE(write_partition_table(source, planned_table(), recorded.folder.path()));
        const auto ranges = table_ranges(source).value();
        for (const auto& range : ranges) {
            std::vector<std::byte> data(range.size.value);
            REQUIRE(source.read(range.offset, data));
            REQUIRE(recorded.disk->write(range.offset, data));
        }
        REQUIRE(recorded.disk->flush());
    }
    const auto report = recorded.judge();
    REQUIRE_FALSE(report.violations.empty());
    CHECK(report.violations.front().contains("disk.not-blank"));
}

TEST_CASE("a loader before everything else is there is found") {
    Recorded recorded;
    REQUIRE(write_partition_table(*recorded.disk, planned_table(), recorded.folder.path()));
    std::vector<std::byte> first(512, std::byte{0x55});
    REQUIRE(recorded.disk->write(esp_start, first));
    REQUIRE(recorded.disk->flush());
    const auto report = recorded.judge();
    REQUIRE_FALSE(report.violations.empty());
    CHECK(report.violations.back().contains("is not complete"));
    CHECK(report.complete == 0);
}

TEST_CASE("a recording that does not give the disk's content is not believed") {
    Recorded recorded;
    REQUIRE(write_partition_table(*recorded.disk, planned_table(), recorded.folder.path()));
    REQUIRE(flip_bit(recorded.folder / "after", gib(1).value));
    CHECK(recorded.judge().violations.back().contains("replayed to its end"));
}
