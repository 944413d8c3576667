// SPDX-License-Identifier: GPL-3.0-or-later
// Hidden: BEDPLATE_BENCH_TAR=tree.tar BEDPLATE_BENCH_DIR=empty-folder test_storage '[bench]'
#include <sys/resource.h>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

#include "execute/extract.hpp"
#include "platform/linux/linux.hpp"
#include "tests/unit/execute/machine/payload_builder.hpp"

using namespace bedplate;

namespace {

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

TEST_CASE("how long unpacking a tree takes", "[.][bench]") {
    const char* const tar_path = std::getenv("BEDPLATE_BENCH_TAR");
    const char* const folder = std::getenv("BEDPLATE_BENCH_DIR");
    if (tar_path == nullptr || folder == nullptr) {
        SKIP("BEDPLATE_BENCH_TAR and BEDPLATE_BENCH_DIR are not set");
    }
    test::BytesSource source;
    Payload payload;
    {
        std::ifstream file(tar_path, std::ios::binary);
        const std::string tar{std::istreambuf_iterator<char>(file), {}};
        payload = test::make_payload(tar, 0, std::size_t{4} << 20U, source);
    }
    const auto clock = system_clock();
    const double cpu_before = cpu_seconds();
    const auto start = std::chrono::steady_clock::now();
    const auto report = extract_payload(
        source, payload, folder, *clock,
        {.stream = {.threads = 2, .buffers = 16, .verify = true}, .writers = 2}, [](Bytes) {});
    // The number of entries is not known beforehand: everything is unpacked when that is noticed.
    const bool complete = report || report.error().code == "extract.count";
    INFO((report ? "" : report.error().to_text()));
    CHECK(complete);
    std::cout << "unpacked " << payload.tar_size.value << " bytes from " << payload.size.value << " in "
              << seconds_since(start) << " s, " << cpu_seconds() - cpu_before << " s of processor time\n";
}
