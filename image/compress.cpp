// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/compress.hpp"

#include <zstd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/digest.hpp"
#include "image/files.hpp"

namespace bedplate::image {

namespace {

struct ContextDeleter {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
using Context = std::unique_ptr<ZSTD_CCtx, ContextDeleter>;

Result<std::string> run_compression(ZSTD_CCtx* context, std::string_view data) {
    std::string frame(ZSTD_compressBound(data.size()), '\0');
    const std::size_t size = ZSTD_compress2(context, frame.data(), frame.size(), data.data(), data.size());
    if (ZSTD_isError(size) != 0U) {
        return fail("zstd", std::format("zstd cannot compress: {}", ZSTD_getErrorName(size)));
    }
    frame.resize(size);
    frame.shrink_to_fit();
    return frame;
}

/// Frames that are finished out of order wait here until those before them are written.
class FrameWriter {
public:
    FrameWriter(File file, std::size_t count) : file_(std::move(file)), chunks_(count) {}

    Result<void> add(std::size_t index, std::string frame, std::size_t tar_size) {
        Chunk chunk{.offset = {},
                    .size = Bytes{frame.size()},
                    .tar_size = Bytes{tar_size},
                    .sha256 = sha256_hex(frame)};
        const std::lock_guard lock(mutex_);
        chunks_[index] = std::move(chunk);
        waiting_.emplace(index, std::move(frame));
        while (!waiting_.empty() && waiting_.begin()->first == next_) {
            chunks_[next_].offset = end_;
            BEDPLATE_TRY(file_.write(end_, waiting_.begin()->second));
            end_ += chunks_[next_].size;
            waiting_.erase(waiting_.begin());
            ++next_;
        }
        return {};
    }
    [[nodiscard]] std::vector<Chunk> take() { return std::move(chunks_); }

private:
    std::mutex mutex_;
    File file_;
    Bytes end_;
    std::size_t next_ = 0;
    std::map<std::size_t, std::string> waiting_;
    std::vector<Chunk> chunks_;
};

}  // namespace

Result<std::string> compress_frame(std::string_view data, int level, unsigned workers) {
    const Context context(ZSTD_createCCtx());
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
    // One worker and many give the same bytes, none gives others: always ask for at least one.
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_nbWorkers, static_cast<int>(std::max(1U, workers)));
    return run_compression(context.get(), data);
}

Result<std::string> decompress_frame(std::string_view frame, std::size_t expected) {
    std::string data(expected, '\0');
    const std::size_t size = ZSTD_decompress(data.data(), data.size(), frame.data(), frame.size());
    if (ZSTD_isError(size) != 0U || size != expected) {
        return fail("zstd", ZSTD_isError(size) != 0U
                                ? std::format("zstd cannot decompress: {}", ZSTD_getErrorName(size))
                                : std::format("a frame holds {} bytes instead of {}", size, expected));
    }
    return data;
}

Result<void> for_each_parallel(std::size_t count, unsigned workers,
                               const std::function<Result<void>(std::size_t)>& work) {
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::optional<Error> first;
    {
        std::vector<std::jthread> threads;
        for (unsigned i = 0; i < std::max(1U, workers); ++i) {
            threads.emplace_back([&] {
                for (std::size_t index = next++; index < count; index = next++) {
                    if (auto result = work(index); !result) {
                        const std::lock_guard lock(mutex);
                        if (!first) {
                            first = std::move(result).error();
                        }
                        next = count;
                    }
                }
            });
        }
    }
    if (first) {
        return std::unexpected(*std::move(first));
    }
    return {};
}

Result<std::vector<Chunk>> write_chunks(std::string_view tar, int level, unsigned workers,
                                        const std::filesystem::path& to,
                                        const std::function<void(double)>& progress) {
    BEDPLATE_ASSIGN(auto file, File::open(to, File::Mode::create));
    const std::size_t count = (tar.size() + chunk_size - 1) / chunk_size;
    FrameWriter writer(std::move(file), count);
    std::atomic<std::size_t> finished{0};
    const auto compress_one = [&](std::size_t index) -> Result<void> {
        thread_local const Context context(ZSTD_createCCtx());
        ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
        const auto piece = tar.substr(index * chunk_size, chunk_size);
        BEDPLATE_ASSIGN(auto frame, run_compression(context.get(), piece));
        BEDPLATE_TRY(writer.add(index, std::move(frame), piece.size()));
        if (progress) {
            progress(static_cast<double>(++finished) / static_cast<double>(count));
        }
        return {};
    };
    BEDPLATE_TRY(for_each_parallel(count, workers, compress_one));
    return writer.take();
}

Json chunks_to_json(const std::vector<Chunk>& chunks) {
    Json list = Json::array();
    for (const auto& chunk : chunks) {
        list.push_back(
            {{"size", chunk.size.value}, {"tar_size", chunk.tar_size.value}, {"sha256", chunk.sha256}});
    }
    return list;
}

Result<std::vector<Chunk>> chunks_from_json(const Json& json, const std::string& origin) {
    std::vector<Chunk> chunks;
    Bytes offset;
    try {
        for (const auto& item : json) {
            Chunk chunk{.offset = offset,
                        .size = Bytes{item.at("size").get<std::uint64_t>()},
                        .tar_size = Bytes{item.at("tar_size").get<std::uint64_t>()},
                        .sha256 = item.at("sha256").get<std::string>()};
            offset += chunk.size;
            chunks.push_back(std::move(chunk));
        }
    } catch (const Json::exception& error) {
        return fail("artefact.damaged", std::format("{}: {}", origin, error.what()), origin,
                    "delete the cache entry and build again");
    }
    return chunks;
}

}  // namespace bedplate::image
