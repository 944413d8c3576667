// SPDX-License-Identifier: GPL-3.0-or-later
// The only process of the machine that the drills watch: every 100 ms it writes a block to its disk, waits
// until the disk has it, and only then says so on the network. What was said and is not on the disk after an
// accident is lost data; how long nothing is said is how long the machine did not serve.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <format>
#include <memory>
#include <thread>

#include "lab/guest/machine.hpp"
#include "lab/guest/ring.hpp"

namespace {

using namespace bedplate;
using namespace bedplate::pulse;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto whole_block = static_cast<ssize_t>(block_size);

struct Free {
    void operator()(void* memory) const { std::free(memory); }
};

/// Memory as O_DIRECT wants it.
class Aligned {
public:
    explicit Aligned(std::size_t size)
        : memory_(static_cast<std::byte*>(std::aligned_alloc(block_size, size))), size_(size) {}
    [[nodiscard]] std::span<std::byte> bytes() const { return {memory_.get(), size_}; }

private:
    std::unique_ptr<std::byte, Free> memory_;
    std::size_t size_;
};

/// The machine cannot go on: it says why, and starts anew when the kernel's panic is over.
[[noreturn]] void give_up(const std::string& why) {
    say(why);
    std::this_thread::sleep_for(std::chrono::seconds(5));
    std::_Exit(1);
}

std::uint64_t nanoseconds(auto time) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

/// Calls `ready` until it says yes; the last devices appear a while after their drivers.
void wait_for(const std::string& what, const auto& ready) {
    for (int tries = 0; !ready(); ++tries) {
        if (tries == 600) {
            give_up("there is no " + what);
        }
        std::this_thread::sleep_for(milliseconds(100));
    }
}

class Pulse {
public:
    Pulse(const Settings& settings, const std::string& disk)
        : settings_(settings),
          durable_(::open(disk.c_str(), O_RDWR | O_DIRECT | O_DSYNC | O_CLOEXEC)),
          buffered_(::open(disk.c_str(), O_RDWR | O_CLOEXEC)),
          socket_(open_socket(settings)),
          block_(block_size) {
        beat_.boot = parse_id(trimmed(text_of("/proc/sys/kernel/random/boot_id"))).value_or(Id{});
        beat_.machine = parse_id(trimmed(text_of("/sys/class/dmi/id/product_uuid"))).value_or(Id{});
    }

    /// What the disk holds of earlier boots.
    void resume() {
        const auto found = examine(region_at(RingLayout::ring_offset));
        beat_.resumed = found.last;
        beat_.holes = found.holes;
        beat_.sequence = found.last;
        beat_.buffered = examine(region_at(RingLayout::buffered_offset)).last;
        say(std::format("boot {} goes on after {} (buffered {}, holes {})", to_text(beat_.boot), found.last,
                        beat_.buffered, found.holes));
    }

    [[noreturn]] void run() {
        PowerButton button;
        auto next = Clock::now();
        while (!button.pressed()) {
            if (step()) {
                ::send(socket_.get(), datagram_.data(), datagram_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            }
            // A beat that took long is not made up for by a burst of others.
            next = std::max(next + milliseconds(settings_.period_ms), Clock::now());
            std::this_thread::sleep_until(next);
        }
        say("the power button was pressed");
        power_off();
    }

private:
    static std::string_view trimmed(std::string_view text) {
        return text.substr(0, text.find_last_not_of("\n ") + 1);
    }

    std::span<const std::byte> region_at(std::uint64_t offset) {
        const auto size = RingLayout::blocks * block_size;
        const auto n = ::pread(durable_.get(), region_.bytes().data(), size, static_cast<off_t>(offset));
        if (n != static_cast<ssize_t>(size)) {
            give_up(std::format("the disk cannot be read: {}", std::strerror(errno)));
        }
        return region_.bytes();
    }

    /// True once the next beat is on the disk. After an error the same one is tried again.
    bool step() {
        Beat next = beat_;
        ++next.sequence;
        next.monotonic_ns = nanoseconds(Clock::now());
        next.wall_ns = nanoseconds(std::chrono::system_clock::now());
        const auto place = RingLayout::place(next.sequence);
        const auto at = static_cast<off_t>(RingLayout::ring_offset + place);
        auto memory = block_.bytes();
        if (::pread(durable_.get(), memory.data(), block_size, at) == whole_block &&
            is_foreign(memory, beat_)) {
            ++next.foreign;
            say(std::format("block {} was written by another boot", next.sequence));
        }
        const auto block = to_block(next);
        std::ranges::copy(block, memory.begin());
        const auto began = Clock::now();
        if (::pwrite(durable_.get(), memory.data(), block_size, at) != whole_block) {
            say(std::format("block {} is not written: {}", next.sequence, std::strerror(errno)));
            return false;
        }
        beat_ = next;
        beat_.write_us = static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began).count());
        datagram_ = to_datagram(next);
        write_buffered(block, place);
        return true;
    }

    /// As programs write that never ask for it to be on the disk. It may wait, and is not acknowledged.
    void write_buffered(const Block& block, std::uint64_t place) const {
        [[maybe_unused]] const auto n = ::pwrite(buffered_.get(), block.data(), block.size(),
                                                 static_cast<off_t>(RingLayout::buffered_offset + place));
    }

    Settings settings_;
    Descriptor durable_, buffered_, socket_;
    Aligned block_;
    Aligned region_{RingLayout::blocks * block_size};
    Beat beat_;
    Datagram datagram_{};
};

}  // namespace

int main() {
    mount_system();
    load_modules();
    const auto settings = parse_settings(text_of("/proc/cmdline"));
    if (!settings) {
        give_up("the kernel's command line has no pulse.address=A/PREFIX and pulse.collector=A:PORT");
    }
    std::optional<std::string> disk;
    wait_for("disk with the pulse's mark", [&] { return (disk = find_disk()).has_value(); });
    wait_for("network interface", [&] { return bring_up_network(*settings); });
    Pulse pulse(*settings, *disk);
    pulse.resume();
    pulse.run();
}
