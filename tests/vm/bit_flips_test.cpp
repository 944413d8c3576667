// SPDX-License-Identifier: GPL-3.0-or-later
// Every single bit of the real image is somebody's to answer for.
#include <catch2/catch_test_macros.hpp>
#include <format>
#include <fstream>
#include <iostream>
#include <random>

#include "base/text.hpp"
#include "harness/disk_images.hpp"
#include "harness/medium_copy.hpp"
#include "machine.hpp"
#include "require.hpp"

using namespace bedplate;
using namespace bedplate::vm;

namespace fs = std::filesystem;

namespace {

constexpr unsigned flips = 200;

bool verifies(const fs::path& bedplate, const fs::path& iso) {
    const auto result =
        must(host_commands().run({.argv = {bedplate.string(), "image", "verify", iso.string()},
                                  .timeout = std::chrono::minutes{5},
                                  .directory = top_directory()}));
    return result.exit_status == 0;
}

}  // namespace

TEST_CASE("two hundred flipped bits, one at a time, are found by verifying", "[media-bits]") {
    Workspace workspace("media-bits");
    const auto iso = workspace / "medium.iso";
    fs::copy_file(must(find_iso()), iso);
    const auto bedplate = must(find_bedplate());
    REQUIRE(verifies(bedplate, iso));
    const auto payload = must(offset_in_iso(iso, "/bedplate/payload/node.tar.zst"));
    const auto size = fs::file_size(iso);
    const auto seed = std::random_device{}();
    std::mt19937_64 random(seed);
    std::cout << std::format("  seed {}\n", seed);
    for (unsigned i = 0; i < flips; ++i) {
        // Half of them anywhere, which is nearly always the payload; half before it, where everything else
        // lies.
        const auto end = i % 2 == 0 ? size : payload;
        const auto offset = std::uniform_int_distribution<std::uint64_t>(0, end - 1)(random);
        must(flip_bit(iso, offset));
        CAPTURE(seed, offset);
        CHECK_FALSE(verifies(bedplate, iso));
        must(flip_bit(iso, offset));
    }
    CHECK(verifies(bedplate, iso));
    workspace.succeeded();
}
