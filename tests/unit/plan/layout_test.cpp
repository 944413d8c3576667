// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/layout.hpp"

#include <catch2/catch_test_macros.hpp>

#include "example.hpp"

namespace bedplate {
namespace {

const PlanIds ids(test::make_node(), DiskIdentity{.wwn = "", .serial = "SYS1", .model = "", .by_path = ""});

Layout small_layout() {
    Layout layout;
    layout.esp = gib(1);
    layout.boot = gib(2);
    layout.root = gib(6);
    layout.var = gib(3);
    layout.log = gib(1);
    layout.ceph = {};
    layout.swap = mib(512);
    return layout;
}

/// 1 MiB in front, 1 MiB BIOS boot, ESP, /boot, 1 MiB LVM header, volumes; then the backup GPT.
Bytes exact_size(Bytes backup_gpt) {
    return mib(1) + mib(1) + gib(1) + gib(2) + mib(1) + gib(10) + mib(512) + backup_gpt;
}

constexpr Bytes backup_512{33ULL * 512};
constexpr Bytes backup_4096{5ULL * 4096};

}  // namespace

TEST_CASE("partitions start and end at whole MiB, in blocks of the disk") {
    struct Row {
        Bytes block;
        std::uint64_t per_mib;
    };
    for (const Row& row : {Row{Bytes{512}, 2048}, Row{kib(4), 256}}) {
        const auto layout = lay_out(small_layout(), gib(20), row.block, Below{}, ids, "");
        REQUIRE(layout);
        REQUIRE(layout->partitions.size() == 4);
        const auto& bios = layout->partition(bios_boot_number);
        const auto& esp = layout->partition(esp_number);
        const auto& boot = layout->partition(boot_number);
        const auto& lvm = layout->partition(lvm_number);
        CHECK(bios.first.value == row.per_mib);
        CHECK(bios.last.value == 2 * row.per_mib - 1);
        CHECK(esp.first.value == 2 * row.per_mib);
        CHECK(esp.last.value == (2 + 1024) * row.per_mib - 1);
        CHECK(boot.first.value == (2 + 1024) * row.per_mib);
        CHECK(boot.last.value == (2 + 1024 + 2048) * row.per_mib - 1);
        CHECK(lvm.first.value == (2 + 1024 + 2048) * row.per_mib);
        // The last MiB of 20 GiB holds the backup GPT.
        CHECK(lvm.last.value == (20 * 1024 - 1) * row.per_mib - 1);
        CHECK(layout->size_of(esp) == gib(1));
        CHECK(layout->volumes_start == mib(2 + 1024 + 2048 + 1));
    }
}

TEST_CASE("a layout fits exactly, and one sector less is too small") {
    for (const auto& [block, backup] : {std::pair{Bytes{512}, backup_512}, std::pair{kib(4), backup_4096}}) {
        const Bytes exact = exact_size(backup);
        const auto fits = lay_out(small_layout(), exact, block, Below{}, ids, "");
        REQUIRE(fits);
        CHECK(fits->volumes_free == Bytes{});
        const auto last_usable = exact.value / block.value - 1 - backup.value / block.value;
        CHECK(fits->partition(lvm_number).last.value == last_usable);

        const auto small = lay_out(small_layout(), exact - block, block, Below{}, ids, "sdb");
        REQUIRE(!small);
        CHECK(small.error().code == "disk.too-small");
        CHECK(small.error().kind == ErrorKind::refused);
        CHECK(small.error().message.contains(std::to_string(exact.value)));
        CHECK(small.error().message.contains(std::to_string((exact - block).value)));
        CHECK(small.error().hint.contains(std::format("{} bytes or more would be enough", exact.value)));
    }
}

TEST_CASE("volume sizes are rounded up to extents of 4 MiB, partitions to MiB") {
    Layout layout = small_layout();
    layout.root = Bytes{gib(6).value + 1};
    layout.esp = Bytes{gib(1).value + 1};
    const auto result = lay_out(layout, gib(20), Bytes{512}, Below{}, ids, "");
    REQUIRE(result);
    CHECK(result->volumes.front().size == gib(6) + mib(4));
    CHECK(result->size_of(result->partition(esp_number)) == gib(1) + mib(1));
}

TEST_CASE("what the volumes do not need is counted in whole extents") {
    const auto result =
        lay_out(small_layout(), exact_size(backup_512) + mib(7), Bytes{512}, Below{}, ids, "");
    REQUIRE(result);
    CHECK(result->volumes_free == mib(4));
}

TEST_CASE("volumes of size 0 are left out") {
    Layout layout = small_layout();
    layout.var = {};
    layout.swap = {};
    const auto result = lay_out(layout, gib(20), Bytes{512}, Below{}, ids, "");
    REQUIRE(result);
    REQUIRE(result->volumes.size() == 2);
    CHECK(result->volumes[0].name == "root");
    CHECK(result->volumes[1].name == "log");
}

TEST_CASE("layouts that can not work are refused with the reason") {
    const auto code = [](const Layout& layout, Bytes size, Bytes block) {
        const auto result = lay_out(layout, size, block, Below{}, ids, "");
        return result ? std::string() : result.error().code;
    };
    Layout layout = small_layout();
    layout.root = {};
    CHECK(code(layout, gib(20), Bytes{512}) == "layout.missing");
    layout = small_layout();
    layout.boot = {};
    CHECK(code(layout, gib(20), Bytes{512}) == "layout.missing");
    layout = small_layout();
    layout.esp = mib(200);
    CHECK(code(layout, gib(20), Bytes{512}).empty());
    CHECK(code(layout, gib(20), kib(4)) == "layout.esp-too-small");
    layout = small_layout();
    layout.root = Bytes{~0ULL};
    CHECK(code(layout, gib(20), Bytes{512}) == "disk.too-small");
    CHECK(code(small_layout(), gib(20), Bytes{520}) == "disk.block-size");
    CHECK(code(small_layout(), Bytes{}, Bytes{512}) == "disk.too-small");
}

TEST_CASE("identifiers depend on cluster, host, disk and generation, the disk GUID not on the latter") {
    const DiskIdentity disk{.wwn = "", .serial = "SYS1", .model = "", .by_path = ""};
    const NodeSpec node = test::make_node();
    NodeSpec next = node;
    next.install.generation = 2;
    NodeSpec other = node;
    other.hostname = "node2";
    CHECK(PlanIds(node, disk).disk() == PlanIds(next, disk).disk());
    CHECK(PlanIds(node, disk).disk() != PlanIds(other, disk).disk());
    CHECK(PlanIds(node, disk).partition("esp") != PlanIds(next, disk).partition("esp"));
    CHECK(PlanIds(node, disk).partition("boot") != PlanIds(node, disk).file_system("boot"));
    CHECK(volume_id_text(0x0a1b2c3d) == "0A1B-2C3D");
}

}  // namespace bedplate
