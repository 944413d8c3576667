// SPDX-License-Identifier: GPL-3.0-or-later
#include "platform/block_devices.hpp"

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <fstream>
#include <thread>

#include "platform/linux/linux.hpp"
#include "tests/support/fake_block_devices.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;

namespace {

Result<void> put(BlockDevice& device, std::uint64_t offset, std::string_view text) {
    return device.write(Bytes{offset}, std::as_bytes(std::span(text)));
}

std::string get(BlockDevice& device, std::uint64_t offset, std::size_t size) {
    std::string text(size, '?');
    REQUIRE(device.read(Bytes{offset}, std::as_writable_bytes(std::span(text))).has_value());
    return text;
}

void make_file(const std::filesystem::path& path, std::uintmax_t size) {
    std::ofstream(path).close();
    std::filesystem::resize_file(path, size);
}

/// What both the real devices (on a file) and the fake promise.
void check_device(BlockDevices& devices, const std::filesystem::path& path, std::uint64_t size) {
    {
        auto device = devices.open(path, BlockAccess::write);
        REQUIRE(device.has_value());
        CHECK((*device)->size() == Bytes{size});
        CHECK((*device)->logical_block_size() == Bytes{4096});
        CHECK(put(**device, 5000, "hello").has_value());
        CHECK(put(**device, size - 3, "end").has_value());
        CHECK(put(**device, size - 3, "over").error().code == "block.write");
        CHECK(put(**device, size + 10, "x").error().code == "block.write");
        CHECK(put(**device, ~0ULL, "xx").error().code == "block.write");
        CHECK((*device)->flush().has_value());
    }
    auto device = devices.open(path, BlockAccess::read);
    REQUIRE(device.has_value());
    CHECK(get(**device, 4999, 7) == std::string("\0hello\0", 7));
    CHECK(get(**device, size - 4, 4) == std::string("\0end", 4));
    CHECK(get(**device, size, 0).empty());
    CHECK(put(**device, 0, "x").error().code == "block.read-only");
    std::string text(8, ' ');
    CHECK((*device)->read(Bytes{size - 4}, std::as_writable_bytes(std::span(text))).error().code ==
          "block.short-read");
    CHECK(devices.open(path.string() + "-none", BlockAccess::read).error().code == "block.open");
}

}  // namespace

TEST_CASE("a sparse file stands for a disk") {
    const fakes::TempDir dir;
    make_file(dir / "disk", 1ULL << 40U);
    const auto devices = linux_block_devices(Bytes{4096});
    check_device(*devices, dir / "disk", 1ULL << 40U);
    CHECK(std::filesystem::file_size(dir / "disk") == 1ULL << 40U);
}

TEST_CASE("a fake disk behaves like a real one") {
    fakes::FakeBlockDevices devices;
    devices.add_disk("/dev/sda", Bytes{1ULL << 40U}, Bytes{4096});
    check_device(devices, "/dev/sda", 1ULL << 40U);
}

TEST_CASE("what is neither a disk nor a file is not opened") {
    const fakes::TempDir dir;
    const auto devices = linux_block_devices();
    CHECK(devices->open(dir.path(), BlockAccess::read).error().code == "block.open");
    CHECK(devices->open("/dev/null", BlockAccess::write).error().code == "block.open");
}

TEST_CASE("waiting for a device ends as soon as it is there") {
    const fakes::TempDir dir;
    const auto devices = linux_block_devices();
    const auto started = std::chrono::steady_clock::now();
    const std::jthread udev([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
        make_file(dir / "node", 512);
    });
    CHECK(devices->wait_for(dir / "node").has_value());
    CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds{10});
}

TEST_CASE("a fake part shows the bytes of its disk") {
    fakes::FakeBlockDevices devices;
    devices.add_disk("/dev/sda", mib(10));
    devices.add_part("/dev/sda1", "/dev/sda", mib(1), mib(2));
    auto part = devices.open("/dev/sda1", BlockAccess::write);
    REQUIRE(part.has_value());
    CHECK((*part)->size() == mib(2));
    CHECK(put(**part, 0, "boot").has_value());
    CHECK(devices.peek("/dev/sda", mib(1), Bytes{4}) == "boot");
    REQUIRE(devices.operations().size() == 1);
    CHECK(devices.operations()[0].disk == "/dev/sda");
    CHECK(devices.operations()[0].offset == mib(1));
    CHECK(put(**part, mib(2).value, "x").error().code == "block.write");
    devices.set_busy("/dev/sda");
    CHECK(devices.open("/dev/sda", BlockAccess::write).error().code == "block.busy");
    CHECK(devices.open("/dev/sda", BlockAccess::read).has_value());
    CHECK(devices.opened_for_writing() == std::vector<std::string>{"/dev/sda1"});
    CHECK(devices.wait_for("/dev/sda2").error().code == "block.timeout");
}

TEST_CASE("a power cut loses what was not flushed") {
    fakes::FakeBlockDevices devices;
    devices.add_disk("/dev/sda", mib(1));
    devices.cut_power_at(4);
    {
        auto disk = devices.open("/dev/sda", BlockAccess::write);
        REQUIRE(disk.has_value());
        CHECK(put(**disk, 0, "one").has_value());
        CHECK((*disk)->flush().has_value());
        CHECK(put(**disk, 512, "two").has_value());
        CHECK(get(**disk, 512, 3) == "two");
        CHECK(put(**disk, 1024, "three").error().code == "block.write");
        CHECK((*disk)->flush().error().code == "block.flush");
    }
    CHECK_FALSE(devices.has_power());
    CHECK_FALSE(devices.open("/dev/sda", BlockAccess::read).has_value());
    devices.restore_power();
    auto disk = devices.open("/dev/sda", BlockAccess::read);
    REQUIRE(disk.has_value());
    CHECK(get(**disk, 0, 3) == "one");
    CHECK(get(**disk, 512, 3) == std::string(3, '\0'));
}

TEST_CASE("a power cut may also let everything arrive and tear the last write") {
    fakes::FakeBlockDevices devices;
    devices.add_disk("/dev/sda", mib(1));
    devices.cut_power_at(2, fakes::Unflushed::kept);
    auto disk = devices.open("/dev/sda", BlockAccess::write);
    REQUIRE(disk.has_value());
    CHECK(put(**disk, 0, "one").has_value());
    CHECK_FALSE(put(**disk, 512, std::string(1024, 'x')).has_value());
    devices.restore_power();
    CHECK(devices.peek("/dev/sda", Bytes{0}, Bytes{3}) == "one");
    CHECK(devices.peek("/dev/sda", Bytes{512}, Bytes{1024}) ==
          std::string(512, 'x') + std::string(512, '\0'));
}

TEST_CASE("one write can be made to fail") {
    fakes::FakeBlockDevices devices;
    devices.add_disk("/dev/sda", mib(1));
    devices.fail_at(2);
    auto disk = devices.open("/dev/sda", BlockAccess::write);
    REQUIRE(disk.has_value());
    CHECK(put(**disk, 0, "a").has_value());
    CHECK(put(**disk, 0, "b").error().code == "block.write");
    CHECK(put(**disk, 0, "c").has_value());
    CHECK(devices.peek("/dev/sda", Bytes{0}, Bytes{1}) == "c");
}
