// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/manifest.hpp"
#include "base/result.hpp"

namespace bedplate::image {

/// One zstd frame; `workers` threads, which do not change the result. Errors: zstd.
[[nodiscard]] Result<std::string> compress_frame(std::string_view data, int level, unsigned workers);

/// What one frame decodes to; `expected` is its size. Errors: zstd.
[[nodiscard]] Result<std::string> decompress_frame(std::string_view frame, std::size_t expected);

/// Bytes of tar in one chunk of the payload: large enough for zstd, small enough to hold a few of them per
/// core in the installer's memory.
inline constexpr std::size_t chunk_size = std::size_t{4} << 20U;

/// `tar` in chunks, each an independent frame, compressed on `workers` threads and written to `to` one after
/// another. The chunks' offsets count from the start of that file. Errors: zstd, file.write.
[[nodiscard]] Result<std::vector<Chunk>> write_chunks(std::string_view tar, int level, unsigned workers,
                                                      const std::filesystem::path& to,
                                                      const std::function<void(double)>& progress);

/// The chunks as a small JSON document beside the frames, and back.
[[nodiscard]] Json chunks_to_json(const std::vector<Chunk>& chunks);
[[nodiscard]] Result<std::vector<Chunk>> chunks_from_json(const Json& json, const std::string& origin);

/// Run `work(0..count-1)` on `workers` threads; the first error stops the rest.
[[nodiscard]] Result<void> for_each_parallel(std::size_t count, unsigned workers,
                                             const std::function<Result<void>(std::size_t)>& work);

}  // namespace bedplate::image
