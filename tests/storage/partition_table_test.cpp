// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <fstream>
#include <sstream>

#include "execute/disk_table.hpp"
#include "execute/partition_writer.hpp"
#include "platform/linux/linux.hpp"
#include "tests/support/fake_block_devices.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;

namespace {

Guid guid(std::string_view text) {
    return Guid::parse(text).value();
}

action::WritePartitionTable planned(Bytes block) {
    const std::uint64_t mebibyte = mib(1).value / block.value;
    const auto partition = [&](std::uint32_t number, std::string name, std::string_view type,
                               std::uint64_t from, std::uint64_t to) {
        return action::PlannedPartition{.number = number,
                                        .name = std::move(name),
                                        .type = guid(type),
                                        .guid = Guid::derive("storage test", std::to_string(number)),
                                        .first = Lba{from * mebibyte},
                                        .last = Lba{to * mebibyte - 1}};
    };
    return {.disk_guid = Guid::derive("storage test", "disk"),
            .logical_block_size = block,
            .partitions = {partition(1, "bios", partition_type::bios_boot, 1, 2),
                           partition(2, "esp", partition_type::esp, 2, 302),
                           partition(3, "boot", partition_type::linux_boot, 302, 814),
                           partition(4, "lvm", partition_type::lvm, 814, 2000)}};
}

std::filesystem::path make_disk(const fakes::TempDir& folder, Bytes size) {
    const auto path = folder / "disk.img";
    std::ofstream(path).close();
    std::filesystem::resize_file(path, size.value);
    return path;
}

std::string sfdisk_dump(const std::filesystem::path& path, Bytes block) {
    const auto runner = linux_command_runner();
    std::string text = run_checked(*runner, {.argv = {"sfdisk", "--sector-size", std::to_string(block.value),
                                                      "--dump", path.string()}})
                           .value();
    // The name of the temporary file is the only thing that differs between runs.
    for (std::size_t at = text.find(path.string()); at != std::string::npos; at = text.find(path.string())) {
        text.replace(at, path.string().size(), "DISK");
    }
    return text;
}

std::string golden(std::string_view name) {
    std::ifstream file(std::string(BEDPLATE_SOURCE_DIR "/tests/storage/") + std::string(name));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<std::byte> bytes_of(BlockDevice& device, Bytes offset, Bytes size) {
    std::vector<std::byte> data(size.value);
    REQUIRE(device.read(offset, data));
    return data;
}

}  // namespace

TEST_CASE(
    "the partition table is exactly the planned one, to sfdisk as well, with blocks of 512 and 4096 bytes") {
    for (const Bytes block : {Bytes{512}, Bytes{4096}}) {
        const fakes::TempDir folder;
        const auto path = make_disk(folder, gib(2));
        const auto devices = linux_block_devices(block);
        const auto plan = planned(block);
        const auto device = devices->open(path, BlockAccess::write).value();
        const auto written = write_partition_table(*device, plan, folder.path());
        INFO((written ? "" : written.error().to_text()));
        REQUIRE(written);
        const auto table = read_disk_table(*device).value();
        REQUIRE(table);
        CHECK_FALSE(table_difference(*table, plan));
        CHECK(sfdisk_dump(path, block) == golden(block == Bytes{512} ? "gpt-512.sfdisk" : "gpt-4096.sfdisk"));
    }
}

TEST_CASE("writing a table leaves the partitions' contents alone") {
    const fakes::TempDir folder;
    const auto path = make_disk(folder, gib(2));
    const auto devices = linux_block_devices();
    const auto device = devices->open(path, BlockAccess::write).value();
    const std::vector<std::byte> data(4096, std::byte{0x5a});
    for (const Bytes at : {mib(1), mib(2), mib(814), mib(1999)}) {
        REQUIRE(device->write(at, data));
    }
    REQUIRE(write_partition_table(*device, planned(Bytes{512}), folder.path()));
    for (const Bytes at : {mib(1), mib(2), mib(814), mib(1999)}) {
        CHECK(bytes_of(*device, at, Bytes{4096}) == data);
    }
}

TEST_CASE("what was where the new partitions begin and end is overwritten, and nothing else") {
    const fakes::TempDir folder;
    const auto path = make_disk(folder, gib(2));
    const auto device = linux_block_devices()->open(path, BlockAccess::write).value();
    const std::vector<std::byte> old(4096, std::byte{0x5a});
    const std::vector<std::byte> zeros(4096);
    const auto inside = {mib(1), mib(2) - Bytes{4096}, mib(2), mib(302) - Bytes{4096}, mib(814), mib(1999)};
    const auto between = {mib(1) - Bytes{4096}, mib(6), mib(301) - Bytes{4096}, mib(818), mib(2000)};
    for (const auto& places : {inside, between}) {
        for (const Bytes at : places) {
            REQUIRE(device->write(at, old));
        }
    }
    REQUIRE(clear_partition_ends(*device, planned(Bytes{512})));
    for (const Bytes at : inside) {
        CHECK(bytes_of(*device, at, Bytes{4096}) == zeros);
    }
    for (const Bytes at : between) {
        CHECK(bytes_of(*device, at, Bytes{4096}) == old);
    }
}

TEST_CASE("the backup is written before the table and the protective MBR last") {
    fakes::FakeBlockDevices devices;
    const fakes::TempDir folder;
    devices.add_disk("/dev/sda", gib(2));
    const auto device = devices.open("/dev/sda", BlockAccess::write).value();
    REQUIRE(write_partition_table(*device, planned(Bytes{512}), folder.path()));
    const auto& operations = devices.operations();
    REQUIRE(operations.size() == 7);
    CHECK(operations[1].offset == gib(2) - Bytes{512});
    CHECK(operations[2].kind == fakes::BlockOperation::Kind::flush);
    CHECK(operations[4].offset == Bytes{512});
    CHECK(operations[5].offset == Bytes{0});
    CHECK(operations[6].kind == fakes::BlockOperation::Kind::flush);
}

TEST_CASE("a table with one wrong bit, in either copy, counts as none") {
    const fakes::TempDir folder;
    const auto path = make_disk(folder, gib(2));
    const auto device = linux_block_devices()->open(path, BlockAccess::write).value();
    REQUIRE(write_partition_table(*device, planned(Bytes{512}), folder.path()));
    const auto ranges = table_ranges(*device).value();
    for (std::size_t i = 0; i < 4; ++i) {
        auto data = bytes_of(*device, ranges[i].offset, ranges[i].size);
        const auto good = data;
        data[40] ^= std::byte{1};
        REQUIRE(device->write(ranges[i].offset, data));
        CHECK_FALSE(read_disk_table(*device).value());
        REQUIRE(device->write(ranges[i].offset, good));
        CHECK(read_disk_table(*device).value());
    }
}

TEST_CASE("each difference from the plan is named") {
    const auto plan = planned(Bytes{512});
    DiskTable table{.disk_guid = plan.disk_guid, .partitions = plan.partitions};
    CHECK_FALSE(table_difference(table, plan));
    table.partitions[2].last = Lba{table.partitions[2].last.value + 1};
    CHECK(table_difference(table, plan).value() == "partition 3 (boot) is not as planned");
    table.partitions.pop_back();
    CHECK(table_difference(table, plan).value() == "there are 3 partitions, planned are 4");
    table.disk_guid = Guid();
    CHECK(table_difference(table, plan).value().starts_with("the disk's GUID"));
}

TEST_CASE("a partition that does not fit on the disk is an error with libparted's reason") {
    const fakes::TempDir folder;
    const auto path = make_disk(folder, mib(900));
    const auto device = linux_block_devices()->open(path, BlockAccess::write).value();
    const auto written = write_partition_table(*device, planned(Bytes{512}), folder.path());
    REQUIRE_FALSE(written);
    CHECK(written.error().code == "parted.partition");
    CHECK(bytes_of(*device, Bytes{0}, mib(1)) == std::vector<std::byte>(mib(1).value));
}

TEST_CASE("CRC-32 is that of the UEFI specification") {
    const std::string text = "123456789";
    CHECK(crc32(std::as_bytes(std::span(text))) == 0xcbf43926U);
}

TEST_CASE("the copy of a partition table is on stable storage before the table itself is begun") {
    const fakes::TempDir folder;
    fakes::FakeBlockDevices devices;
    devices.add_disk("/dev/sda", gib(4));
    const auto device = devices.open("/dev/sda", BlockAccess::write).value();
    REQUIRE(write_partition_table(*device, planned(Bytes{512}), folder.path()));
    bool stable = false;
    for (const auto& operation : devices.operations()) {
        const bool at_start =
            operation.kind == fakes::BlockOperation::Kind::write && operation.offset < gib(1);
        CHECK((!at_start || stable));
        stable = stable || operation.kind == fakes::BlockOperation::Kind::flush;
    }
    CHECK(devices.operations().back().kind == fakes::BlockOperation::Kind::flush);
}
