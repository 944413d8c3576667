// SPDX-License-Identifier: GPL-3.0-or-later
#include "crash_judge.hpp"

#include <algorithm>
#include <format>
#include <map>
#include <optional>

#include "base/text.hpp"
#include "disk_images.hpp"
#include "inventory/run_record.hpp"
#include "platform/linux/linux.hpp"

namespace bedplate::vm {
namespace {

namespace fs = std::filesystem;

struct Stretch {
    Bytes offset, size;
};

constexpr Bytes table_area = mib(2);
constexpr Bytes loader_area = kib(64);

/// Where firmware and installer look before they look at anything else: both ends of the disk, and the
/// beginning of each EFI system partition that is or was there.
Result<std::vector<Stretch>> head_of(const Recording& recording, Bytes size) {
    std::vector<Stretch> head{{Bytes{0}, table_area}, {size - table_area, table_area}};
    const auto blocks = linux_block_devices(recording.node.block_size);
    for (const auto& image : {recording.before, recording.after}) {
        if (image.empty()) {
            continue;
        }
        BEDPLATE_ASSIGN(const auto device, blocks->open(image, BlockAccess::read));
        BEDPLATE_ASSIGN(const auto table, read_gpt(*device));
        if (table) {
            for (const auto& entry : table->entries) {
                head.push_back({entry.start, loader_area});
            }
        }
    }
    return head;
}

/// As content_digest, but whatever stands where a run says how far it came: a finished node is none the worse
/// for it.
Result<std::string> digest_without_record(const fs::path& image, Bytes block_size) {
    const auto blocks = linux_block_devices(block_size);
    const Bytes offset = run_record_offset(block_size);
    std::vector<std::byte> record(block_size.value);
    const std::vector<std::byte> zeros(block_size.value);
    BEDPLATE_ASSIGN(const auto device, blocks->open(image, BlockAccess::write));
    BEDPLATE_TRY(device->read(offset, record));
    BEDPLATE_TRY(device->write(offset, zeros));
    auto digest = content_digest(image);
    BEDPLATE_TRY(device->write(offset, record));
    return digest;
}

class Judge {
public:
    Judge(const Recording& recording, const CrashSampling& sampling, const FileTree& payload,
          const WriteLog& log, ReplayedDisk& disk, std::vector<Stretch> head)
        : recording_(recording),
          sampling_(sampling),
          payload_(payload),
          log_(log),
          disk_(disk),
          head_(std::move(head)),
          random_(sampling.seed) {}

    Result<CrashReport> run() {
        BEDPLATE_ASSIGN(initial_, content_digest(disk_.image()));
        BEDPLATE_ASSIGN(initial_without_record_,
                        digest_without_record(disk_.image(), recording_.node.block_size));
        BEDPLATE_ASSIGN(final_, content_digest(recording_.after));
        BEDPLATE_ASSIGN(now_, judge_disk(disk_.image(), recording_.node));
        const auto windows = flush_windows(log_);
        for (std::size_t i = 0; i < windows.size(); ++i) {
            for (const auto& state : states_of_window(log_, windows[i], i, sampling_.subsets, random_)) {
                BEDPLATE_TRY(judge(state));
            }
            BEDPLATE_TRY(advance(windows[i]));
        }
        BEDPLATE_TRY(judge({.window = windows.size()}));
        report_.boundaries = windows.size() + 1;
        BEDPLATE_ASSIGN(const auto end, content_digest(disk_.image()));
        if (end != final_) {
            report_.violations.emplace_back("the log, replayed to its end, does not give the disk's content");
        }
        return std::move(report_);
    }

private:
    bool in_head(const LoggedWrite& entry) const {
        return std::ranges::any_of(head_, [&](const Stretch& stretch) {
            return entry.offset < stretch.offset + stretch.size && stretch.offset < entry.offset + entry.size;
        });
    }

    Result<void> advance(const FlushWindow& window) {
        bool touched = false;
        for (auto i = window.first; i < window.last; ++i) {
            const auto& entry = log_.entries()[i];
            BEDPLATE_TRY(disk_.apply(entry));
            touched = touched || (entry.size.value != 0 && in_head(entry));
            changed_ = changed_ || entry.size.value != 0;
            if (entry.size.value != 0) {
                compared_.clear();
            }
        }
        if (touched) {
            BEDPLATE_ASSIGN(now_, judge_disk(disk_.image(), recording_.node));
        }
        return {};
    }

    Result<void> judge(const CrashState& state) {
        ++report_.states;
        CrashState head{.window = state.window, .torn_after = state.torn_after};
        for (const auto index : state.applied) {
            if (in_head(log_.entries()[index])) {
                head.applied.push_back(index);
            }
        }
        if (!state.applied.empty() && !head.applied.empty() && head.applied.back() != state.applied.back()) {
            head.torn_after = 0;  // what was torn lies elsewhere
        }
        DiskJudgement found = now_;
        if (!head.applied.empty()) {
            ++report_.judged;
            BEDPLATE_TRY(disk_.during(head, [&]() -> Result<void> {
                BEDPLATE_ASSIGN(found, judge_disk(disk_.image(), recording_.node));
                return {};
            }));
        }
        return found.loader ? classify_bootable(state, found) : classify_rest(state, found);
    }

    Result<void> classify_bootable(const CrashState& state, const DiskJudgement& found) {
        if (!changed_ && state.applied.empty()) {
            ++report_.old_states;
            return {};
        }
        // The same requests on the same disk were compared before: a commit alone in its window comes up
        // often.
        if (const auto known = compared_.find(state.applied);
            known != compared_.end() && state.torn_after == 0) {
            ++(known->second ? report_.old_states : report_.complete);
            return {};
        }
        ++report_.compared;
        Complaints complaints;
        bool old = false;
        BEDPLATE_TRY(disk_.during(state, [&]() -> Result<void> {
            BEDPLATE_ASSIGN(const auto digest, content_digest(disk_.image()));
            old = digest == initial_;
            if (!old && digest != final_) {
                BEDPLATE_ASSIGN(const auto rest,
                                digest_without_record(disk_.image(), recording_.node.block_size));
                old = rest == initial_without_record_;
            }
            if (!old && (digest != final_ || !final_checked_)) {
                complaints = check_complete(disk_.image(), recording_.node, payload_);
                final_checked_ = final_checked_ || (digest == final_ && complaints.empty());
            }
            return {};
        }));
        if (complaints.empty() && state.torn_after == 0) {
            compared_[state.applied] = old;
        }
        if (!complaints.empty()) {
            violation(state, std::format("it boots ({}) and is not complete: {}", found.contents,
                                         elide(vm::to_text(complaints), 2000)));
        } else {
            ++(old ? report_.old_states : report_.complete);
            remember(state, old ? "old" : "complete");
        }
        return {};
    }

    Result<void> classify_rest(const CrashState& state, const DiskJudgement& found) {
        if (found.verdict != Verdict::use && found.verdict != Verdict::erase) {
            violation(state, std::format("the next run refuses the disk as {} ({}): it holds {}",
                                         bedplate::to_string(found.occupant),
                                         bedplate::to_string(found.verdict), found.contents));
            return {};
        }
        const bool untouched = !changed_ && state.applied.empty();
        ++(untouched ? report_.old_states : report_.incomplete);
        remember(state, std::format("{} {}", bedplate::to_string(found.occupant), found.contents));
        return {};
    }

    void violation(const CrashState& state, const std::string& what) {
        constexpr std::size_t most = 200;
        if (report_.violations.size() < most) {
            report_.violations.push_back(state.to_text() + ": " + what);
        }
    }

    void remember(const CrashState& state, const std::string& kind) {
        if (kinds_.emplace(kind, report_.interesting.size()).second) {
            report_.interesting.push_back(state);
        }
    }

    const Recording& recording_;
    const CrashSampling& sampling_;
    const FileTree& payload_;
    const WriteLog& log_;
    ReplayedDisk& disk_;
    std::vector<Stretch> head_;
    std::mt19937_64 random_;
    std::string initial_, initial_without_record_, final_;
    DiskJudgement now_;
    bool changed_ = false;        ///< anything was written before the present window
    bool final_checked_ = false;  ///< the final content was read file by file
    std::map<std::vector<std::size_t>, bool>
        compared_;  ///< requests -> the disk was the old one; else complete
    std::map<std::string, std::size_t> kinds_;
    CrashReport report_;
};

}  // namespace

std::string CrashReport::to_text() const {
    return std::format(
        "{} states at {} flush boundaries: {} old, {} incomplete and not bootable, {} complete, {} "
        "violations "
        "({} judged by themselves, {} compared whole)",
        states, boundaries, old_states, incomplete, complete, violations.size(), judged, compared);
}

Result<CrashReport> judge_crashes(const Recording& recording, const CrashSampling& sampling,
                                  const FileTree& payload, const fs::path& scratch) {
    BEDPLATE_ASSIGN(const auto log, WriteLog::open(recording.log));
    const Bytes size{fs::file_size(recording.after)};
    // No request is applied yet: the state before the first window.
    if (recording.before.empty()) {
        BEDPLATE_TRY(make_blank_disk(scratch, size));
    } else {
        BEDPLATE_TRY(copy_sparse(recording.before, scratch));
    }
    BEDPLATE_ASSIGN(auto disk, ReplayedDisk::open(scratch, log));
    BEDPLATE_ASSIGN(auto head, head_of(recording, size));
    return Judge(recording, sampling, payload, log, disk, std::move(head)).run();
}

}  // namespace bedplate::vm
