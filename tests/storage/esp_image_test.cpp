// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/esp_image.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "platform/linux/linux.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;

namespace {

EspContents contents(const fakes::TempDir& folder, Bytes size, Bytes block) {
    std::ofstream(folder / "shim") << std::string(900'000, 's');
    return {
        .size = size,
        .logical_block_size = block,
        .volume_id = 0x1234abcd,
        .copies = {{"EFI/BOOT/BOOTX64.EFI", folder / "shim"}, {"EFI/debian/shimx64.efi", folder / "shim"}},
        .texts = {{"bedplate/node.json", "{}\n"}},
        .timestamp = 1'700'000'000};
}

std::filesystem::path dirty_partition(const fakes::TempDir& folder, Bytes size) {
    const auto path = folder / "partition.img";
    {
        std::ofstream file(path, std::ios::binary);
        file << std::string(mib(8).value, '\xff');
    }
    std::filesystem::resize_file(path, size.value);
    return path;
}

Result<CommandResult> run(std::vector<std::string> argv) {
    return linux_command_runner()->run(
        {.argv = std::move(argv), .environment = {{"MTOOLS_SKIP_CHECK", "1"}}});
}

}  // namespace

TEST_CASE("an ESP shows nothing before its first block is written, and a sound FAT32 afterwards") {
    for (const Bytes block : {Bytes{512}, Bytes{4096}}) {
        const fakes::TempDir folder;
        const Bytes size = mib(300);
        const auto commands = linux_command_runner();
        const auto image = EspImage::build(*commands, folder.path(), contents(folder, size, block)).value();
        const auto path = dirty_partition(folder, size);
        const auto devices = linux_block_devices(block);
        {
            const auto partition = devices->open(path, BlockAccess::write).value();
            REQUIRE(image->write_to(*partition, /*withhold=*/true));
            CHECK(image->equals(*partition).value());
        }
        CHECK(run({"blkid", "--probe", path.string()})->exit_status == 2);
        CHECK(run({"mtype", "-i", path.string(), "::/bedplate/node.json"})->exit_status != 0);
        {
            const auto partition = devices->open(path, BlockAccess::write).value();
            REQUIRE(partition->write(Bytes{0}, image->first_block()));
        }
        CHECK(run({"mtype", "-i", path.string(), "::/bedplate/node.json"})->out == "{}\n");
        const auto check = run({"fsck.vfat", "-n", path.string()});
        INFO(check->out);
        CHECK(check->exit_status == 0);
        const auto probed = run({"blkid", "--probe", "--output", "export", path.string()});
        CHECK(probed->out.contains("UUID=1234-ABCD"));
        CHECK(probed->out.contains("VERSION=FAT32"));
    }
}

TEST_CASE("the same contents give the same image, byte for byte") {
    const fakes::TempDir folder;
    const auto commands = linux_command_runner();
    const auto path = dirty_partition(folder, mib(100));
    const auto partition = linux_block_devices()->open(path, BlockAccess::write).value();
    {
        const auto image =
            EspImage::build(*commands, folder.path(), contents(folder, mib(100), Bytes{512})).value();
        REQUIRE(image->write_to(*partition, /*withhold=*/false));
    }
    const auto again =
        EspImage::build(*commands, folder.path(), contents(folder, mib(100), Bytes{512})).value();
    CHECK(again->equals(*partition).value());
    auto other = contents(folder, mib(100), Bytes{512});
    other.texts["bedplate/node.json"] = "{ }\n";
    CHECK_FALSE(EspImage::build(*commands, folder.path(), other).value()->equals(*partition).value());
}

TEST_CASE("an ESP that is too small for FAT32 is refused") {
    const fakes::TempDir folder;
    const auto commands = linux_command_runner();
    const auto image = EspImage::build(*commands, folder.path(), contents(folder, mib(32), Bytes{512}));
    REQUIRE_FALSE(image);
    CHECK(image.error().code == "esp.too-small");
}
