// SPDX-License-Identifier: GPL-3.0-or-later
// Reading and verifying chunks, without decoding them.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <format>

#include "base/digest.hpp"
#include "execute/chunk_stream.hpp"

namespace bedplate {
namespace {

constexpr int read_attempts = 5;
constexpr int digest_attempts = 2;
constexpr std::chrono::milliseconds first_pause{250};

std::string chunk_name(const Payload& payload, std::size_t index) {
    const Chunk& chunk = payload.chunks[index];
    return std::format("chunk {} of {} of the payload (offset {}, {} bytes)", index, payload.chunks.size(),
                       chunk.offset.value, chunk.size.value);
}

// Pauses of 0.25, 0.5, 1, 2 s: a BMC's virtual medium that stalls is back by then or gone for good.
Result<std::vector<std::byte>> read_patiently(PayloadSource& source, const Payload& payload,
                                              std::size_t index, Clock& clock) {
    const Chunk& chunk = payload.chunks[index];
    auto pause = first_pause;
    for (int attempt = 1;; ++attempt) {
        auto bytes = source.read(chunk.offset, chunk.size);
        if (bytes && bytes->size() != chunk.size.value) {
            return fail("payload.truncated",
                        std::format("{} ends after {} bytes", chunk_name(payload, index), bytes->size()),
                        source.name(), "make the medium again, and check it with 'bedplate image verify'");
        }
        if (bytes || attempt == read_attempts || bytes.error().code == "payload.truncated") {
            return bytes ? std::move(bytes)
                         : with_context(std::move(bytes).error(),
                                        std::format("reading {}", chunk_name(payload, index)));
        }
        clock.sleep(pause);
        pause *= 2;
    }
}

}  // namespace

Result<std::vector<std::byte>> read_chunk(PayloadSource& source, const Payload& payload, std::size_t index,
                                          Clock& clock, bool verify) {
    const Chunk& chunk = payload.chunks[index];
    for (int attempt = 1;; ++attempt) {
        BEDPLATE_ASSIGN(auto bytes, read_patiently(source, payload, index, clock));
        if (!verify || sha256_hex(bytes) == chunk.sha256) {
            return bytes;
        }
        if (attempt == digest_attempts) {
            return fail("payload.corrupt",
                        std::format("{} is damaged: its SHA-256 is {}, the signed manifest says {}",
                                    chunk_name(payload, index), sha256_hex(bytes), chunk.sha256),
                        source.name(), "make the medium again, and check it with 'bedplate image verify'");
        }
    }
}

Result<void> verify_chunks(
    PayloadSource& source, const Payload& payload, unsigned threads, Clock& clock,
    const std::function<void(Bytes done)>& progress,
    const std::function<void(const Chunk& chunk, std::span<const std::byte> bytes)>& keep) {
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    Bytes done{0};
    std::size_t failed_index = payload.chunks.size();
    Result<void> result;
    const auto work = [&] {
        for (std::size_t index = next++; index < payload.chunks.size(); index = next++) {
            auto bytes = read_chunk(source, payload, index, clock);
            if (bytes && keep) {
                keep(payload.chunks[index], *bytes);
            }
            const std::scoped_lock lock(mutex);
            if (bytes) {
                done += payload.chunks[index].size;
                progress(done);
            } else if (index < failed_index) {  // the first bad chunk is named, whoever met it first
                failed_index = index;
                result = std::unexpected(std::move(bytes).error());
                next = payload.chunks.size();
            }
        }
    };
    {
        std::vector<std::jthread> workers;
        for (unsigned i = 1; i < std::max(1U, threads); ++i) {
            workers.emplace_back(work);
        }
        work();
    }
    return result;
}

}  // namespace bedplate
