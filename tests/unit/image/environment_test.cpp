// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/environment.hpp"

#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "image/bootfiles.hpp"
#include "image/elf.hpp"
#include "image/files.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;
using namespace bedplate::image;

namespace {

constexpr std::string_view modules_dep =
    "kernel/fs/ext4/ext4.ko.xz: kernel/fs/jbd2/jbd2.ko.xz kernel/fs/mbcache.ko.xz\n"
    "kernel/fs/jbd2/jbd2.ko.xz:\n"
    "kernel/fs/mbcache.ko.xz:\n"
    "kernel/drivers/net/ethernet/broadcom/tg3.ko.xz: kernel/drivers/net/phy/libphy.ko.xz\n"
    "kernel/drivers/net/phy/libphy.ko.xz:\n"
    "kernel/arch/x86/crypto/crc32c-intel.ko.xz:\n"
    "kernel/sound/snd.ko.xz:\n";

using Paths = std::set<std::string>;

}  // namespace

TEST_CASE("modules come with what they depend on and nothing else") {
    CHECK(select_modules(modules_dep, "", {"drivers/net/ethernet/*"}) ==
          Paths{"kernel/drivers/net/ethernet/broadcom/tg3.ko.xz", "kernel/drivers/net/phy/libphy.ko.xz"});
    CHECK(select_modules(modules_dep, "", {"fs/ext4/ext4"}) ==
          Paths{"kernel/fs/ext4/ext4.ko.xz", "kernel/fs/jbd2/jbd2.ko.xz", "kernel/fs/mbcache.ko.xz"});
    CHECK(select_modules(modules_dep, "", {"no/such/*"}).empty());
}

TEST_CASE("soft dependencies count, with dashes and underscores the same") {
    const auto selected =
        select_modules(modules_dep, "# comment\nsoftdep ext4 pre: crc32c_intel\n", {"fs/ext4/*"});
    CHECK(selected.contains("kernel/arch/x86/crypto/crc32c-intel.ko.xz"));
}

TEST_CASE("the libraries that a program needs are read from its ELF file") {
    const auto self = read_text(std::filesystem::read_symlink("/proc/self/exe"));
    REQUIRE(self);
    const auto needed = needed_libraries(*self);
    CHECK(std::ranges::find(needed, "libc.so.6") != needed.end());
    CHECK(needed_libraries("#!/bin/sh\n").empty());
    CHECK(needed_libraries(self->substr(0, 100)).empty());

    Tree tree;
    put_file(tree, "usr/bin/test", *self);
    CHECK(missing_libraries(tree).size() == needed.size());
    put_file(tree, "usr/lib/libc.so.6", "");
    CHECK(missing_libraries(tree).size() == needed.size() - 1);
}

TEST_CASE("a shim needs both of Microsoft's signatures") {
    const std::string both =
        "signature 1\n - subject: /CN=Microsoft Corporation UEFI CA 2011\nsignature 2\n - issuer: "
        "/CN=Microsoft UEFI "
        "CA 2023\n";
    CHECK(check_shim_signatures(both));
    const auto old =
        check_shim_signatures("signature 1\n - issuer: /CN=Microsoft Corporation UEFI CA 2011\n");
    REQUIRE(!old);
    CHECK(old.error().code == "image.shim");
    CHECK(old.error().kind == ErrorKind::refused);
    CHECK(old.error().message.contains("2023"));
}
