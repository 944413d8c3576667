// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "base/manifest.hpp"
#include "base/result.hpp"
#include "execute/execute.hpp"
#include "platform/clock.hpp"

namespace bedplate {

/// One chunk as it stands in the payload file: read, and equal to its SHA-256. A read that fails, or whose
/// bytes have another digest, is repeated a few times with growing pauses, since virtual media drop out and
/// come back. Errors: payload.read, payload.truncated, payload.corrupt (naming chunk, offset and source).
/// With `verify` off the digest is not computed: only for bytes that were verified before and have not left
/// memory since.
[[nodiscard]] Result<std::vector<std::byte>> read_chunk(PayloadSource& source, const Payload& payload,
                                                        std::size_t index, Clock& clock, bool verify = true);

/// Read and verify every chunk on `threads` threads; `progress` is called with the bytes done so far, from
/// one thread at a time. `keep` gets each verified chunk, from several threads at once. Errors: those of
/// read_chunk.
[[nodiscard]] Result<void> verify_chunks(
    PayloadSource& source, const Payload& payload, unsigned threads, Clock& clock,
    const std::function<void(Bytes done)>& progress,
    const std::function<void(const Chunk& chunk, std::span<const std::byte> bytes)>& keep = {});

/// What a chunk decodes to. The memory goes back to the stream when the last holder lets go of it.
using DecodedChunk = std::shared_ptr<const std::span<const std::byte>>;

/// The payload's tar, chunk by chunk and in order, read, verified and decoded ahead by several threads.
///
/// At most `buffers` decoded chunks exist at any time, those that are still held outside included; so a
/// holder must not wait for next() while it holds all of them.
class ChunkStream {
public:
    struct Options {
        unsigned threads = 1;
        std::size_t buffers = 3;  ///< at least 3
        bool verify = true;
    };

    ChunkStream(PayloadSource& source, const Payload& payload, Clock& clock, Options options);
    ~ChunkStream();
    ChunkStream(const ChunkStream&) = delete;
    ChunkStream& operator=(const ChunkStream&) = delete;

    /// The next chunk; null after the last. To be called from one thread. Errors: those of read_chunk,
    /// payload.decode.
    [[nodiscard]] Result<DecodedChunk> next();

private:
    class Pool;
    void work(const std::stop_token& stop);
    /// Index of the next chunk to decode and a buffer for it; false when there is nothing left to do.
    bool claim(const std::stop_token& stop, std::size_t& index, std::byte*& buffer);
    Result<DecodedChunk> decode(std::size_t index, std::byte* buffer, void* context);

    PayloadSource& source_;
    const Payload& payload_;
    Clock& clock_;
    Options options_;
    std::shared_ptr<Pool> pool_;
    std::mutex mutex_;
    std::condition_variable_any ready_;
    std::map<std::size_t, Result<DecodedChunk>> decoded_;
    std::size_t claimed_ = 0, handed_out_ = 0;
    std::vector<std::jthread> threads_;
};

}  // namespace bedplate
