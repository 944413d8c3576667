// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/chunk_stream.hpp"

#include <sys/mman.h>
#include <zstd.h>

#include <algorithm>
#include <cstdlib>
#include <format>

namespace bedplate {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20U;

struct ContextDeleter {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

Bytes largest_tar_size(const Payload& payload) {
    Bytes largest{1};
    for (const Chunk& chunk : payload.chunks) {
        largest = std::max(largest, chunk.tar_size);
    }
    return largest;
}

}  // namespace

/// Buffers of one size that are used again and again: fresh memory would cost a page fault every 4 KiB, which
/// is dear under emulation.
class ChunkStream::Pool {
public:
    Pool(std::size_t count, std::size_t size) : size_((size + huge_page - 1) / huge_page * huge_page) {
        for (std::size_t i = 0; i < count; ++i) {
            auto* const memory = static_cast<std::byte*>(std::aligned_alloc(huge_page, size_));
            if (memory == nullptr) {
                break;
            }
            // Only advice: without huge pages everything works, slower.
            static_cast<void>(::madvise(memory, size_, MADV_HUGEPAGE));
            free_.push_back(memory);
            all_.push_back(memory);
        }
    }
    ~Pool() {
        for (std::byte* memory : all_) {
            std::free(memory);
        }
    }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Null when `stop` is requested, or when `take` says under the lock that there is nothing to decode.
    std::byte* acquire(const std::stop_token& stop, const std::function<bool()>& take) {
        std::unique_lock lock(mutex_);
        if (all_.empty() || !freed_.wait(lock, stop, [&] { return !free_.empty(); }) || !take()) {
            return nullptr;
        }
        std::byte* const memory = free_.back();
        free_.pop_back();
        return memory;
    }
    void release(std::byte* memory) {
        {
            const std::scoped_lock lock(mutex_);
            free_.push_back(memory);
        }
        freed_.notify_all();
    }
    [[nodiscard]] bool empty() const { return all_.empty(); }

private:
    std::size_t size_;
    std::mutex mutex_;
    std::condition_variable_any freed_;
    std::vector<std::byte*> free_, all_;
};

ChunkStream::ChunkStream(PayloadSource& source, const Payload& payload, Clock& clock, Options options)
    : source_(source),
      payload_(payload),
      clock_(clock),
      options_(options),
      pool_(std::make_shared<Pool>(std::max<std::size_t>(3, options.buffers),
                                   largest_tar_size(payload).value)) {
    for (unsigned i = 0; i < std::max(1U, options.threads); ++i) {
        threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
    }
}

ChunkStream::~ChunkStream() {
    for (std::jthread& thread : threads_) {
        thread.request_stop();
    }
    threads_.clear();
}

// Index and buffer are taken together, so that the chunk that is wanted next always has its buffer.
bool ChunkStream::claim(const std::stop_token& stop, std::size_t& index, std::byte*& buffer) {
    buffer = pool_->acquire(stop, [&] {
        const std::scoped_lock lock(mutex_);
        if (claimed_ >= payload_.chunks.size()) {
            return false;
        }
        index = claimed_++;
        return true;
    });
    return buffer != nullptr;
}

Result<DecodedChunk> ChunkStream::decode(std::size_t index, std::byte* buffer, void* context) {
    const Chunk& chunk = payload_.chunks[index];
    // From here on the buffer has an owner, whatever happens.
    auto owner =
        std::shared_ptr<std::byte>(buffer, [pool = pool_](std::byte* memory) { pool->release(memory); });
    BEDPLATE_ASSIGN(const auto frame, read_chunk(source_, payload_, index, clock_, options_.verify));
    const std::size_t size = ZSTD_decompressDCtx(static_cast<ZSTD_DCtx*>(context), buffer,
                                                 chunk.tar_size.value, frame.data(), frame.size());
    if (ZSTD_isError(size) != 0 || size != chunk.tar_size.value) {
        const std::string why = ZSTD_isError(size) != 0 ? std::string(ZSTD_getErrorName(size))
                                                        : std::format("{} bytes came out", size);
        return fail("payload.decode",
                    std::format("chunk {} of the payload does not decode to {} bytes: {}", index,
                                chunk.tar_size.value, why),
                    std::format("{} at offset {}", source_.name(), chunk.offset.value),
                    "the image was not built correctly: build it again");
    }
    struct Held {
        std::shared_ptr<std::byte> owner;
        std::span<const std::byte> bytes;
    };
    auto held = std::make_shared<Held>(std::move(owner), std::span<const std::byte>(buffer, size));
    return DecodedChunk(held, &held->bytes);
}

void ChunkStream::work(const std::stop_token& stop) {
    const std::unique_ptr<ZSTD_DCtx, ContextDeleter> context(ZSTD_createDCtx());
    std::size_t index = 0;
    std::byte* buffer = nullptr;
    while (!stop.stop_requested() && claim(stop, index, buffer)) {
        auto chunk = decode(index, buffer, context.get());
        {
            const std::scoped_lock lock(mutex_);
            if (!chunk) {
                claimed_ = payload_.chunks.size();  // nothing after a bad chunk is wanted
            }
            decoded_.emplace(index, std::move(chunk));
        }
        ready_.notify_all();
    }
}

Result<DecodedChunk> ChunkStream::next() {
    if (handed_out_ >= payload_.chunks.size()) {
        return DecodedChunk{};
    }
    if (pool_->empty()) {
        return fail("payload.memory", "there is no memory for decoding the payload", source_.name());
    }
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [&] { return decoded_.contains(handed_out_); });
    auto found = decoded_.extract(handed_out_++);
    return std::move(found.mapped());
}

}  // namespace bedplate
