// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "base/quantities.hpp"
#include "base/result.hpp"
#include "platform/descriptor.hpp"
#include "write_log.hpp"

namespace bedplate::vm {

/// What a disk can hold after the power went: everything up to a flush, and of the requests after it some.
struct CrashState {
    std::size_t window = 0;            ///< of flush_windows(): all windows before it are complete
    std::vector<std::size_t> applied;  ///< entries of this window that reached the disk, in order
    std::size_t torn_after = 0;        ///< sectors of the last applied entry that did; 0: all of them
    [[nodiscard]] std::string to_text() const;
};

/// The states of one window: the flush boundary at its beginning, `subsets` random subsets of its requests,
/// and one request of several sectors that was cut off in the middle. A request with FUA is never left out
/// while a later one is there.
[[nodiscard]] std::vector<CrashState> states_of_window(const WriteLog& log, const FlushWindow& window,
                                                       std::size_t number, unsigned subsets,
                                                       std::mt19937_64& random);

/// A disk image that is brought from one crash state to the next.
class ReplayedDisk {
public:
    /// `image` holds what the disk held before the recording. Errors: image.open.
    [[nodiscard]] static Result<ReplayedDisk> open(const std::filesystem::path& image, const WriteLog& log);

    /// Apply one entry, or its first sectors only. Errors: image.write, log.read.
    [[nodiscard]] Result<void> apply(const LoggedWrite& entry, Bytes limit);
    [[nodiscard]] Result<void> apply(const LoggedWrite& entry) { return apply(entry, entry.size); }

    /// Call `look` while the image holds the state's requests as well, then take them back.
    [[nodiscard]] Result<void> during(const CrashState& state, const std::function<Result<void>()>& look);

    [[nodiscard]] const std::filesystem::path& image() const { return image_; }
    [[nodiscard]] Bytes size() const { return size_; }

private:
    struct Saved {
        Bytes offset;
        std::vector<std::byte> data;
    };
    ReplayedDisk(std::filesystem::path image, const WriteLog& log, Descriptor file, Bytes size)
        : image_(std::move(image)), log_(&log), file_(std::move(file)), size_(size) {}
    [[nodiscard]] Result<std::vector<Saved>> save(const LoggedWrite& entry) const;
    [[nodiscard]] Result<void> write(Bytes offset, std::span<const std::byte> data) const;
    [[nodiscard]] Result<void> make_hole(Bytes offset, Bytes size) const;

    std::filesystem::path image_;
    const WriteLog* log_;
    Descriptor file_;
    Bytes size_;
};

/// The disk as it is at the beginning of this window, made anew at `image` from `before` (empty: a blank disk
/// of `size`). Errors: those of ReplayedDisk and of copying.
[[nodiscard]] Result<void> materialise(const WriteLog& log, const CrashState& state,
                                       const std::filesystem::path& before, Bytes size,
                                       const std::filesystem::path& image);

}  // namespace bedplate::vm
