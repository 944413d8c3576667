// SPDX-License-Identifier: GPL-3.0-or-later
#include "platform/deadline.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "platform/descriptor.hpp"
#include "platform/linux/linux.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;
using namespace std::chrono_literals;

TEST_CASE("a call that comes back in time gives its result") {
    CHECK(within<int>(10s, [] { return 7; }) == 7);
}

TEST_CASE("a call that does not come back is left behind, and says so when it does") {
    const auto may_end = std::make_shared<std::atomic<bool>>(false);
    const auto late = std::make_shared<std::atomic<bool>>(false);
    const auto result = within<int>(
        20ms,
        [may_end] {
            while (!*may_end) {
                std::this_thread::sleep_for(1ms);
            }
            return 7;
        },
        [late] { *late = true; });
    CHECK_FALSE(result);
    CHECK_FALSE(*late);
    *may_end = true;
    for (int i = 0; i < 5000 && !*late; ++i) {
        std::this_thread::sleep_for(1ms);
    }
    CHECK(*late);
}

TEST_CASE("a lock on a disk keeps others out until it is given back") {
    const fakes::TempDir folder;
    const auto path = folder / "disk";
    std::ofstream(path) << "x";
    const auto devices = linux_block_devices();
    auto lock = devices->lock(path);
    REQUIRE(lock);
    const Descriptor other(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    CHECK(::flock(other.get(), LOCK_SH | LOCK_NB) != 0);
    lock->reset();
    CHECK(::flock(other.get(), LOCK_SH | LOCK_NB) == 0);
    CHECK(devices->lock(folder / "none").error().code == "block.open");
}
