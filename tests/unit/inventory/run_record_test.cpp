// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/run_record.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bedplate;

namespace {

RunRecord example() {
    return {.cluster = "prod",
            .hostname = "node1",
            .plan_digest = "0123456789abcdef",
            .action = "format.mkfs.root",
            .number = 14,
            .total = 31};
}

}  // namespace

TEST_CASE("a run record is one block and reads as it was written") {
    for (const Bytes block : {Bytes{512}, Bytes{4096}}) {
        const std::string text = encode_run_record(example(), block);
        CHECK(text.size() == block.value);
        CHECK(decode_run_record(text) == example());
        CHECK(run_record_offset(block) + block == mib(1));
    }
    CHECK(example().to_text() == "stopped at action 14 of 31: format.mkfs.root");
}

TEST_CASE("the longest texts fit into a block of 512 bytes") {
    RunRecord record = example();
    record.cluster = std::string(300, 'c');
    record.hostname = "two\nlines";
    record.action = std::string(500, 'a');
    record.plan_digest = std::string(64, 'f');
    const auto found = decode_run_record(encode_run_record(record, Bytes{512}));
    REQUIRE(found);
    CHECK(found->hostname == "two lines");
    CHECK(found->action == std::string(160, 'a'));
    CHECK(found->plan_digest == std::string(16, 'f'));
}

TEST_CASE("a block with any other byte is no run record") {
    const std::string good = encode_run_record(example(), Bytes{512});
    for (std::size_t at = 0; at < good.find('\0'); ++at) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 1);
        INFO("byte " << at);
        CHECK_FALSE(decode_run_record(bad));
    }
    CHECK_FALSE(decode_run_record(""));
    CHECK_FALSE(decode_run_record(std::string(512, '\0')));
    CHECK_FALSE(decode_run_record(good.substr(0, 100)));
}
