// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/quantities.hpp"
#include "base/result.hpp"

namespace bedplate::vm {

/// A sparse file of `size`, which replaces whatever had the name. Errors: image.create.
[[nodiscard]] Result<void> make_blank_disk(const std::filesystem::path& image, Bytes size);

/// A disk that must not change: a blank one with seeded pseudo-random bytes at its start, at its end and in a
/// MiB of every 128 MiB, which is where partition tables, superblocks and labels would be written. Errors:
/// image.create.
[[nodiscard]] Result<void> make_patterned_disk(const std::filesystem::path& image, Bytes size,
                                               std::uint64_t seed);

/// SHA-256 over the size and all blocks of 64 KiB that are not zero, each with its offset. Two images have
/// the same digest if and only if they have the same bytes; holes cost nothing. Errors: image.read.
[[nodiscard]] Result<std::string> content_digest(const std::filesystem::path& image);

/// A copy in which holes stay holes. Errors: those of cp.
[[nodiscard]] Result<void> copy_sparse(const std::filesystem::path& from, const std::filesystem::path& to);

/// Change one bit of the file at `offset`. Errors: image.write.
[[nodiscard]] Result<void> flip_bit(const std::filesystem::path& file, std::uint64_t offset);

}  // namespace bedplate::vm
