// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/disk_watch.hpp"

#include <algorithm>
#include <filesystem>

#include "base/text.hpp"

namespace bedplate {
namespace {

// Fields of the file, from 0. Kernels before 4.18 have no discards, before 5.5 no flushes.
constexpr std::size_t reads = 0, writes = 4, in_flight = 8, discards = 11, flushes = 15, least_fields = 11;

std::optional<std::vector<std::uint64_t>> numbers_in(std::string_view text) {
    std::vector<std::uint64_t> numbers;
    for (const std::string& word : split(trim(text), ' ')) {
        if (word.empty()) {
            continue;
        }
        const auto number = parse_unsigned(word);
        if (!number) {
            return std::nullopt;
        }
        numbers.push_back(*number);
    }
    return numbers;
}

}  // namespace

std::optional<DiskActivity> parse_disk_stat(std::string_view text) {
    const auto numbers = numbers_in(text);
    if (!numbers || numbers->size() < least_fields) {
        return std::nullopt;
    }
    const auto field = [&](std::size_t at) { return at < numbers->size() ? (*numbers)[at] : 0; };
    return DiskActivity{.completed = field(reads) + field(writes) + field(discards) + field(flushes),
                        .in_flight = field(in_flight)};
}

std::optional<std::uint64_t> parse_disk_inflight(std::string_view text) {
    const auto numbers = numbers_in(text);
    return numbers && numbers->size() == 2 ? std::optional((*numbers)[0] + (*numbers)[1]) : std::nullopt;
}

bool HangDetector::observe(std::chrono::steady_clock::time_point now, const DiskActivity& activity,
                           bool flushing) {
    if (activity.in_flight == 0 && !flushing) {
        busy_.clear();
        return false;
    }
    busy_.push_back({now, activity.completed});
    const auto ended_since = [&](std::chrono::milliseconds span) -> std::optional<std::uint64_t> {
        // The youngest sample that is at least that old.
        const auto old =
            std::ranges::find_last_if(busy_, [&](const Sample& sample) { return now - sample.time >= span; });
        return old.empty() ? std::nullopt : std::optional(activity.completed - old.front().completed);
    };
    const auto silent = ended_since(limits_.silent);
    const auto slow = ended_since(limits_.slow);
    const auto longest = std::max(limits_.silent, limits_.slow);
    while (busy_.size() > 1 && now - busy_[1].time >= longest) {
        busy_.pop_front();
    }
    return (silent && *silent == 0) || (slow && *slow < limits_.requests);
}

DiskWatch::DiskWatch(const FileSystem& files, const std::vector<Subject>& disks, HangLimits limits)
    : files_(files) {
    for (const Subject& disk : disks) {
        watched_.push_back({.subject = disk, .detector = HangDetector(limits)});
    }
}

const Disk* DiskWatch::hung(std::chrono::steady_clock::time_point now, bool flushing) {
    const Disk* found = nullptr;
    for (Watched& watched : watched_) {
        const auto folder = std::filesystem::path("/sys/class/block") / watched.subject.disk->name;
        const auto text = files_.read(folder / "stat");
        auto activity = text ? parse_disk_stat(*text) : std::nullopt;
        if (const auto under_way = files_.read(folder / "inflight"); activity && under_way) {
            activity->in_flight = std::max(activity->in_flight, parse_disk_inflight(*under_way).value_or(0));
        }
        const bool waited_for = flushing && watched.subject.system;
        if (activity && watched.detector.observe(now, *activity, waited_for) && found == nullptr) {
            found = watched.subject.disk;
        }
    }
    return found;
}

}  // namespace bedplate
