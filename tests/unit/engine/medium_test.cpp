// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/medium.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/fake_platform.hpp"

using namespace bedplate;
using fakes::FakePlatform;

namespace {

const MediumPlaces places{};

std::string manifest_text() {
    Manifest manifest{.version = "0.1.0", .build_id = "b", .source_date_epoch = 1, .suite = "trixie"};
    manifest.payload = {
        .path = "bedplate/payload/node.tar.zst",
        .size = Bytes{10},
        .tar_size = Bytes{20},
        .entries = 1,
        .sha256 = std::string(64, 'a'),
        .kernel = "6.12",
        .chunks = {
            {.offset = Bytes{0}, .size = Bytes{10}, .tar_size = Bytes{20}, .sha256 = std::string(64, 'b')}}};
    return to_json(manifest).dump();
}

/// The files of a medium appear when it is mounted and go when it is unmounted.
void insert_medium(FakePlatform& fake, const std::string& label, bool with_signature) {
    fake.files.add_link("/dev/disk/by-label/" + label, "/dev/sr0");
    fake.commands.on("mount *" + label + "*", [&fake, with_signature](const Command&) {
        fake.files.add_file("/run/bedplate/medium/bedplate/manifest.json", manifest_text());
        if (with_signature) {
            fake.files.add_file("/run/bedplate/medium/bedplate/manifest.json.sig", "signature");
        }
        return CommandResult{};
    });
    fake.commands.on("umount *", [&fake](const Command&) {
        static_cast<void>(fake.files.remove("/run/bedplate/medium/bedplate/manifest.json"));
        return CommandResult{};
    });
}

}  // namespace

TEST_CASE("a medium with a good signature is found by its label") {
    FakePlatform fake;
    insert_medium(fake, "BEDPLATE_0.1.0", true);
    fake.commands.on("ssh-keygen -Y verify *");
    const auto medium = find_medium(fake.platform, places);
    REQUIRE(medium);
    CHECK(medium->manifest.version == "0.1.0");
    CHECK(fake.commands.unexpected().empty());
}

TEST_CASE("the very bytes that are parsed are the ones that were verified") {
    FakePlatform fake;
    insert_medium(fake, "BEDPLATE_0.1.0", true);
    fake.commands.on("ssh-keygen -Y verify *", [](const Command& command) {
        CHECK(command.input == manifest_text());
        return CommandResult{};
    });
    CHECK(find_medium(fake.platform, places));
}

TEST_CASE("a medium whose manifest has no signature is refused before anything in it is believed") {
    FakePlatform fake;
    insert_medium(fake, "BEDPLATE_0.1.0", false);
    const auto medium = find_medium(fake.platform, places);
    REQUIRE(!medium);
    CHECK(medium.error().code == "manifest.unsigned");
    CHECK(fake.commands.count("umount *") == 1);
}

TEST_CASE("a bad signature is an error of its own and is not waited for") {
    FakePlatform fake;
    insert_medium(fake, "BEDPLATE_0.1.0", true);
    fake.commands.on("ssh-keygen -Y verify *",
                     {.out = "", .status = 255, .err = "Could not verify signature."});
    const auto medium = find_medium(fake.platform, places);
    REQUIRE(!medium);
    CHECK(medium.error().code == "manifest.signature");
    CHECK(fake.clock.elapsed() == std::chrono::seconds{0});
}

TEST_CASE("a medium that turns up late is waited for, one that never does is an error after the patience") {
    FakePlatform fake;
    const auto medium = find_medium(fake.platform, places);
    REQUIRE(!medium);
    CHECK(medium.error().code == "medium.none");
    CHECK(fake.clock.elapsed() >= places.patience);
}

TEST_CASE("a drive whose medium was just put in is given time until it can be read") {
    FakePlatform fake;
    insert_medium(fake, "BEDPLATE_0.1.0", true);
    fake.commands.on("ssh-keygen -Y verify *");
    unsigned tries = 0;
    fake.commands.on("mount *BEDPLATE_0.1.0*", [&](const Command&) {
        if (++tries < 3) {
            return CommandResult{.exit_status = 32, .err = "mount: wrong fs type, bad superblock"};
        }
        fake.files.add_file("/run/bedplate/medium/bedplate/manifest.json", manifest_text());
        fake.files.add_file("/run/bedplate/medium/bedplate/manifest.json.sig", "signature");
        return CommandResult{};
    });
    CHECK(find_medium(fake.platform, places));
    CHECK(tries == 3);
}

TEST_CASE("a medium that cannot be mounted is an error before the patience for a missing one ends") {
    FakePlatform fake;
    fake.files.add_link("/dev/disk/by-label/BEDPLATE_0.1.0", "/dev/sr0");
    fake.commands.on("mount *", {.out = "", .status = 32, .err = "mount: wrong fs type, bad superblock"});
    const auto medium = find_medium(fake.platform, places);
    REQUIRE(!medium);
    CHECK(medium.error().code == "medium.mount");
    CHECK(fake.clock.elapsed() >= places.settling);
    CHECK(fake.clock.elapsed() < places.patience);
}

TEST_CASE("other people's volumes are not touched") {
    FakePlatform fake;
    fake.files.add_link("/dev/disk/by-label/UBUNTU_24", "/dev/sdb1");
    CHECK(!find_medium(fake.platform, places));
    CHECK(fake.commands.commands().empty());
}
