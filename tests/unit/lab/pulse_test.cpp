// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "lab/guest/ring.hpp"

using namespace bedplate::pulse;

namespace {

Id id_of(std::uint8_t first) {
    Id id{};
    id.front() = first;
    return id;
}

Beat beat_of(std::uint64_t sequence, std::uint8_t boot = 1, std::uint64_t resumed = 0) {
    return {.sequence = sequence,
            .monotonic_ns = 5,
            .wall_ns = 6,
            .boot = id_of(boot),
            .machine = id_of(9),
            .resumed = resumed};
}

class RingOnDisk {
public:
    void write(const Beat& beat) {
        const auto block = to_block(beat);
        std::ranges::copy(block, at(beat.sequence));
    }
    void tear(std::uint64_t sequence) { std::fill_n(at(sequence) + 512, 512, std::byte{0x5a}); }
    [[nodiscard]] std::vector<std::byte>::iterator at(std::uint64_t sequence) {
        return bytes_.begin() + static_cast<std::ptrdiff_t>(RingLayout::place(sequence));
    }
    [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
    [[nodiscard]] std::span<const std::byte> block(std::uint64_t sequence) const {
        return bytes().subspan(RingLayout::place(sequence), block_size);
    }

private:
    std::vector<std::byte> bytes_ = std::vector<std::byte>(RingLayout::blocks * block_size);
};

}  // namespace

TEST_CASE("a beat survives the way through a datagram and a block, and nothing else is one") {
    auto beat = beat_of(7, 2, 3);
    beat.buffered = 4;
    beat.holes = 5;
    beat.foreign = 6;
    beat.write_us = 8;
    auto datagram = to_datagram(beat);
    CHECK(from_datagram(datagram) == beat);
    CHECK_FALSE(from_datagram(std::span(datagram).first(beat_size - 1)));
    for (std::size_t i = 0; i < datagram.size(); ++i) {
        auto changed = datagram;
        changed[i] ^= std::byte{0x10};
        CHECK_FALSE(from_datagram(changed));
    }
    auto block = to_block(beat);
    CHECK(from_block(block) == beat);
    block.back() ^= std::byte{1};
    CHECK_FALSE(from_block(block));
    CHECK_FALSE(from_block(std::vector<std::byte>(block_size)));
}

TEST_CASE("ids are read as Linux and SMBIOS write them") {
    const std::string text = "e3b0c442-98fc-1c14-9afb-f4c8996fb924";
    const auto id = parse_id(text);
    REQUIRE(id);
    CHECK(to_text(*id) == text);
    CHECK(parse_id("E3B0C442-98FC-1C14-9AFB-F4C8996FB924") == id);
    CHECK_FALSE(parse_id("e3b0c442"));
    CHECK_FALSE(parse_id(text + "0"));
    CHECK_FALSE(parse_id("x3b0c442-98fc-1c14-9afb-f4c8996fb924"));
}

TEST_CASE("a ring tells its highest sequence and what is missing before it") {
    RingOnDisk ring;
    CHECK(examine(ring.bytes()).last == 0);
    CHECK(examine(ring.bytes()).holes == 0);
    for (std::uint64_t i = 1; i <= 3; ++i) {
        ring.write(beat_of(i));
    }
    CHECK(examine(ring.bytes()).last == 3);
    CHECK(examine(ring.bytes()).holes == 0);
    ring.tear(2);
    CHECK(examine(ring.bytes()).last == 3);
    CHECK(examine(ring.bytes()).holes == 1);
}

TEST_CASE("a ring that went round may be torn at its oldest block, which the next one replaces") {
    RingOnDisk ring;
    const auto last = 3 * RingLayout::blocks + 17;
    for (std::uint64_t i = 1; i <= last; ++i) {
        ring.write(beat_of(i));
    }
    CHECK(examine(ring.bytes()).holes == 0);
    ring.tear(last + 1);
    CHECK(examine(ring.bytes()).last == last);
    CHECK(examine(ring.bytes()).holes == 0);
    ring.tear(last);
    CHECK(examine(ring.bytes()).last == last - 1);
    ring.tear(last - 100);
    CHECK(examine(ring.bytes()).holes == 2);  // and the oldest, whose place is not the next one's any more
}

TEST_CASE("a block in a place that is not its own says nothing") {
    RingOnDisk ring;
    ring.write(beat_of(1));
    const auto stray = to_block(beat_of(700));
    std::ranges::copy(stray, ring.at(2));
    CHECK(examine(ring.bytes()).last == 1);
}

TEST_CASE("a second writer is known by blocks that were not there when this boot began") {
    RingOnDisk ring;
    const auto own = beat_of(600, 2, 100);
    ring.write(beat_of(88, 1));
    CHECK_FALSE(is_foreign(ring.block(88), own));  // before this boot
    ring.write(beat_of(101, 1));
    CHECK(is_foreign(ring.block(101), own));
    ring.write(beat_of(102, 2, 100));
    CHECK_FALSE(is_foreign(ring.block(102), own));
    CHECK_FALSE(is_foreign(ring.block(103), own));  // empty
}

TEST_CASE("the kernel's command line tells the pulse who it is") {
    const auto settings = parse_settings(
        "BOOT_IMAGE=/boot/vmlinuz quiet pulse.address=10.77.0.200/24 pulse.collector=10.77.0.1:9700\n");
    REQUIRE(settings);
    CHECK(settings->address == "10.77.0.200");
    CHECK(settings->prefix == 24);
    CHECK(settings->collector == "10.77.0.1");
    CHECK(settings->port == 9700);
    CHECK(settings->period_ms == 100);
    const auto again = parse_settings(to_command_line(*settings));
    REQUIRE(again);
    CHECK(to_command_line(*again) == to_command_line(*settings));
    for (const auto* wrong : {"", "pulse.address=10.0.0.1/24", "pulse.collector=10.0.0.2:1",
                              "pulse.address=10.0.0.1/33 pulse.collector=10.0.0.2:1",
                              "pulse.address=10.0.0.1/24 pulse.collector=10.0.0.2:0",
                              "pulse.address=10.0.0.1/24 pulse.collector=10.0.0.2:70000",
                              "pulse.address=10.0.0.1/24 pulse.collector=10.0.0.2:1 pulse.period_ms=1",
                              "pulse.address=10.0.0.1/24 pulse.collector=10.0.0.2:1 pulse.colour=red"}) {
        INFO(wrong);
        CHECK_FALSE(parse_settings(wrong));
    }
}
