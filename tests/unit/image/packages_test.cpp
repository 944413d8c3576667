// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/packages.hpp"

#include <catch2/catch_test_macros.hpp>

#include "image/config.hpp"
#include "image/files.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;
using namespace bedplate::image;

namespace {

constexpr std::string_view apt_output =
    "Package: zlib1g\nVersion: 1:1.3.dfsg+really1.3.1-1+b1\nArchitecture: amd64\nSource: zlib (1:1.3.1)\n"
    "Maintainer: Mark Brown <broonie@debian.org>\nDescription: compression library\n more text\n"
    "SHA256: aaaa\n\n"
    "Package: adduser\nVersion: 3.152\nArchitecture: all\nMaintainer: A <a@b>\nSHA256: bbbb\n\n"
    "Package: adduser\nStatus: install ok installed\nVersion: 3.152\nArchitecture: all\n";

}  // namespace

TEST_CASE("packages are read from apt's records, each once and sorted") {
    const auto packages = parse_packages(apt_output, "packages");
    REQUIRE(packages);
    REQUIRE(packages->size() == 2);
    CHECK(packages->at(0).name == "adduser");
    CHECK(packages->at(0).source == "adduser");
    CHECK(packages->at(1).source == "zlib");
    CHECK(to_lock_text(*packages).contains("zlib1g=1:1.3.dfsg+really1.3.1-1+b1=amd64=aaaa\n"));
    CHECK(!parse_packages("", "packages"));
}

TEST_CASE("a lock file refuses every difference by name") {
    const auto packages = *parse_packages(apt_output, "packages");
    CHECK(check_lock(packages, to_lock_text(packages), "lock"));
    const auto result = check_lock(packages, "adduser=3.151=all=cccc\nbash=5.2=amd64=dddd\n", "lock");
    REQUIRE(!result);
    CHECK(result.error().kind == ErrorKind::refused);
    CHECK(result.error().code == "packages.lock");
    CHECK(result.error().message.contains("adduser:all: locked 3.151, the mirror has 3.152"));
    CHECK(result.error().message.contains("bash:amd64 is gone"));
    CHECK(result.error().message.contains("zlib1g:amd64 is new"));
}

TEST_CASE("the SBOM names every package with version, digest and package URL") {
    const auto packages = *parse_packages(apt_output, "packages");
    const Json spdx =
        to_spdx({.name = "bedplate-image", .version = "1.0", .build_id = "abc", .suite = "trixie"}, packages);
    CHECK(spdx.at("spdxVersion") == "SPDX-2.3");
    REQUIRE(spdx.at("packages").size() == 3);
    const Json& zlib = spdx.at("packages").at(2);
    CHECK(zlib.at("versionInfo") == "1:1.3.dfsg+really1.3.1-1+b1");
    CHECK(zlib.at("checksums").at(0).at("checksumValue") == "aaaa");
    CHECK(zlib.at("externalRefs").at(0).at("referenceLocator") ==
          "pkg:deb/debian/zlib1g@1%3A1.3.dfsg%2Breally1.3.1-1%2Bb1?arch=amd64&distro=trixie");
    CHECK(spdx.at("creationInfo").at("created") == "1970-01-01T00:00:00Z");
}

TEST_CASE("the configuration in the tree loads, and a mistake in one is found with its place") {
    const auto config = load_image_config(std::string(BEDPLATE_SOURCE_DIR) + "/image/image.yaml", "");
    REQUIRE(config);
    CHECK(config->node.suite == "trixie");
    CHECK(config->node.packages.size() > 50);
    CHECK(config->source_date_epoch % 86400 == 0);
    CHECK(load_image_config(std::string(BEDPLATE_SOURCE_DIR) + "/image/image.yaml", "12345")
              ->source_date_epoch == 12345);

    const fakes::TempDir directory;
    REQUIRE(write_text(directory / "image.yaml", "source_date: 2026-11-22\nsorce: x\n"));
    const auto wrong = load_image_config(directory / "image.yaml", "");
    REQUIRE(!wrong);
    CHECK(wrong.error().code == "image.config");
    CHECK(wrong.error().kind == ErrorKind::findings);
    CHECK(wrong.error().where.ends_with("image.yaml:2:1"));
}
