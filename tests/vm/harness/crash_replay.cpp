// SPDX-License-Identifier: GPL-3.0-or-later
#include "crash_replay.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <format>
#include <ranges>

#include "disk_images.hpp"

namespace bedplate::vm {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t piece_size = 4U * 1024 * 1024;

std::unexpected<Error> failed_write(const fs::path& image) {
    return fail_errno("image.write", "write to", image.string(), errno);
}

/// A random subset in which no request with FUA is missing that a later one presupposes.
std::vector<std::size_t> random_subset(const WriteLog& log, const std::vector<std::size_t>& writes,
                                       std::mt19937_64& random) {
    std::bernoulli_distribution reached(std::uniform_real_distribution(0.0, 1.0)(random));
    std::vector<bool> chosen(writes.size());
    bool later = false;
    for (std::size_t i = writes.size(); i-- > 0;) {
        chosen[i] = reached(random) || (later && log.entries()[writes[i]].fua);
        later = later || chosen[i];
    }
    std::vector<std::size_t> subset;
    for (std::size_t i = 0; i < writes.size(); ++i) {
        if (chosen[i]) {
            subset.push_back(writes[i]);
        }
    }
    return subset;
}

}  // namespace

std::string CrashState::to_text() const {
    std::string text = std::format("window {}", window);
    if (!applied.empty()) {
        text +=
            std::format(", {} requests of it from {} to {}", applied.size(), applied.front(), applied.back());
    }
    return torn_after == 0 ? text : text + std::format(", the last one cut off after {} sectors", torn_after);
}

std::vector<CrashState> states_of_window(const WriteLog& log, const FlushWindow& window, std::size_t number,
                                         unsigned subsets, std::mt19937_64& random) {
    std::vector<CrashState> states{CrashState{.window = number}};
    std::vector<std::size_t> writes, several_sectors;
    for (auto i = window.first; i < window.last; ++i) {
        const auto& entry = log.entries()[i];
        if (entry.size.value != 0) {
            writes.push_back(i);
            if (!entry.discard && entry.size > log.sector_size()) {
                several_sectors.push_back(writes.size() - 1);
            }
        }
    }
    if (writes.empty()) {
        return states;
    }
    for (unsigned i = 0; i < subsets; ++i) {
        states.push_back({.window = number, .applied = random_subset(log, writes, random)});
    }
    if (!several_sectors.empty()) {
        const auto torn = several_sectors[random() % several_sectors.size()];
        const auto sectors = log.entries()[writes[torn]].size.value / log.sector_size().value;
        states.push_back({.window = number,
                          .applied = {writes.begin(), writes.begin() + static_cast<std::ptrdiff_t>(torn) + 1},
                          .torn_after = static_cast<std::size_t>(1 + random() % (sectors - 1))});
    }
    return states;
}

Result<ReplayedDisk> ReplayedDisk::open(const fs::path& image, const WriteLog& log) {
    Descriptor file(::open(image.c_str(), O_RDWR | O_CLOEXEC));
    if (!file.is_open()) {
        return fail_errno("image.open", "open", image.string(), errno);
    }
    return ReplayedDisk(image, log, std::move(file), Bytes{fs::file_size(image)});
}

Result<void> ReplayedDisk::write(Bytes offset, std::span<const std::byte> data) const {
    const auto put = ::pwrite(file_.get(), data.data(), data.size(), static_cast<off_t>(offset.value));
    return put == static_cast<ssize_t>(data.size()) ? Result<void>{} : failed_write(image_);
}

Result<void> ReplayedDisk::make_hole(Bytes offset, Bytes size) const {
    const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    return ::fallocate(file_.get(), mode, static_cast<off_t>(offset.value), static_cast<off_t>(size.value)) ==
                   0
               ? Result<void>{}
               : failed_write(image_);
}

Result<void> ReplayedDisk::apply(const LoggedWrite& entry, Bytes limit) {
    if (entry.discard) {
        return make_hole(entry.offset, std::min(limit, entry.size));
    }
    std::vector<std::byte> buffer;
    const auto size = std::min(limit, entry.size).value;
    for (std::uint64_t at = 0; at < size; at += buffer.size()) {
        buffer.resize(std::min<std::uint64_t>(piece_size, size - at));
        BEDPLATE_TRY(log_->read(entry, Bytes{at}, buffer));
        // Zeroes stay a hole where there is one: the image is read again and again.
        if (std::ranges::all_of(buffer, [](std::byte b) { return b == std::byte{0}; })) {
            BEDPLATE_TRY(make_hole(entry.offset + Bytes{at}, Bytes{buffer.size()}));
        } else {
            BEDPLATE_TRY(write(entry.offset + Bytes{at}, buffer));
        }
    }
    return {};
}

// Only what is data: a request may discard gigabytes of holes.
Result<std::vector<ReplayedDisk::Saved>> ReplayedDisk::save(const LoggedWrite& entry) const {
    std::vector<Saved> saved;
    const auto end = (entry.offset + entry.size).value;
    for (auto at = entry.offset.value; at < end;) {
        const auto data = ::lseek(file_.get(), static_cast<off_t>(at), SEEK_DATA);
        if (data < 0 || static_cast<std::uint64_t>(data) >= end) {
            break;
        }
        const auto hole = static_cast<std::uint64_t>(::lseek(file_.get(), data, SEEK_HOLE));
        Saved piece{.offset = Bytes{static_cast<std::uint64_t>(data)},
                    .data = std::vector<std::byte>(std::min(hole, end) - static_cast<std::uint64_t>(data))};
        if (::pread(file_.get(), piece.data.data(), piece.data.size(), data) !=
            static_cast<ssize_t>(piece.data.size())) {
            return fail_errno("image.open", "read", image_.string(), errno);
        }
        at = std::min(hole, end);
        saved.push_back(std::move(piece));
    }
    return saved;
}

Result<void> ReplayedDisk::during(const CrashState& state, const std::function<Result<void>()>& look) {
    std::vector<std::pair<const LoggedWrite*, std::vector<Saved>>> undo;
    for (const auto index : state.applied) {
        const auto& entry = log_->entries()[index];
        BEDPLATE_ASSIGN(auto before, save(entry));
        undo.emplace_back(&entry, std::move(before));
        const bool torn = state.torn_after != 0 && index == state.applied.back();
        BEDPLATE_TRY(apply(entry, torn ? log_->sector_size() * state.torn_after : entry.size));
    }
    auto seen = look();
    for (const auto& [entry, before] : undo | std::views::reverse) {
        BEDPLATE_TRY(make_hole(entry->offset, entry->size));
        for (const auto& piece : before) {
            BEDPLATE_TRY(write(piece.offset, piece.data));
        }
    }
    return seen;
}

Result<void> materialise(const WriteLog& log, const CrashState& state, const fs::path& before, Bytes size,
                         const fs::path& image) {
    if (before.empty()) {
        BEDPLATE_TRY(make_blank_disk(image, size));
    } else {
        BEDPLATE_TRY(copy_sparse(before, image));
    }
    BEDPLATE_ASSIGN(auto disk, ReplayedDisk::open(image, log));
    const auto windows = flush_windows(log);
    const auto first = state.window < windows.size() ? windows[state.window].first : log.entries().size();
    for (std::size_t i = 0; i < first; ++i) {
        BEDPLATE_TRY(disk.apply(log.entries()[i]));
    }
    for (const auto index : state.applied) {
        const auto& entry = log.entries()[index];
        const bool torn = state.torn_after != 0 && index == state.applied.back();
        BEDPLATE_TRY(disk.apply(entry, torn ? log.sector_size() * state.torn_after : entry.size));
    }
    return {};
}

}  // namespace bedplate::vm
