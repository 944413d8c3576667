// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "platform/clock.hpp"
#include "platform/file_system.hpp"

namespace bedplate {

inline constexpr std::string_view journal_schema = "bedplate/journal/v1";
/// Where the journal of the installation is kept on the node.
inline constexpr std::string_view node_journal_path = "/var/lib/bedplate/journal.jsonl";

/// One line of a journal after the first line of a run.
struct JournalEntry {
    enum class Type { started, satisfied, finished, failed, note };
    Type type = Type::note;
    std::string time;    ///< RFC 3339
    std::string action;  ///< id; empty for notes that belong to none
    std::string text;    ///< of a note
    std::optional<Json> error;
};

[[nodiscard]] std::string_view to_string(JournalEntry::Type type);

/// One run of `execute`: its first line and what followed.
struct JournalRun {
    std::string time, plan_digest;
    Json consent;
    std::vector<JournalEntry> entries;

    /// The action was carried out or found satisfied in this run.
    [[nodiscard]] bool completed(std::string_view action) const;
};

/// A whole journal file: the runs in the order in which they were made.
struct JournalDocument {
    std::vector<JournalRun> runs;
    /// A run's last line was cut off in the middle (power went away while it was written) and is left out.
    bool torn = false;
};

/// Parse a journal's text. A run's last line without line end or with broken JSON is tolerated and said in
/// `torn`; everything else that is not a journal is an error: journal.schema, journal.syntax (with the line
/// number).
[[nodiscard]] Result<JournalDocument> parse_journal(std::string_view text, std::string_view origin);

/// Read and parse a journal file. Errors: those of FileSystem::read and parse_journal.
[[nodiscard]] Result<JournalDocument> read_journal(const FileSystem& files,
                                                   const std::filesystem::path& path);

/// For people: one line an entry, a blank line between runs, and a last line that says how the run ended.
[[nodiscard]] std::string to_text(const JournalDocument& journal);

/// Writes a journal, one fsync an entry: in RAM from the start, and as well on the target from the moment
/// there is one. May be used from several threads: an entry is on stable storage when append() returns, so
/// what an action waits for stands before it.
class Journal {
public:
    /// Open the file at `path` for one more run and write the run's first line. Errors: file.write.
    [[nodiscard]] static Result<std::unique_ptr<Journal>> begin(FileSystem& files, Clock& clock,
                                                                const std::filesystem::path& path,
                                                                const std::string& plan_digest, Json consent);

    /// Errors: file.write. A mirror that cannot be written is dropped and noted instead, since what it lies
    /// on is the thing that may be failing.
    [[nodiscard]] Result<void> append(JournalEntry::Type type, std::string_view action,
                                      std::string_view text = {}, const Error* error = nullptr);

    /// From now on write every line to `path` as well, after everything this run has written so far.
    [[nodiscard]] Result<void> mirror_to(const std::filesystem::path& path);
    /// Close the mirror, so that the file system it lies on can be unmounted.
    void close_mirror();
    [[nodiscard]] bool mirrored() const;
    /// One more entry of the run that the journal at `path` ends with, when the thread that writes it may be
    /// stuck: the copy on the target is left out. Errors: file.write.
    [[nodiscard]] static Result<void> append_to(FileSystem& files, Clock& clock,
                                                const std::filesystem::path& path, JournalEntry::Type type,
                                                std::string_view action, const Error& error);

private:
    Journal(FileSystem& files, Clock& clock) : files_(files), clock_(clock) {}
    [[nodiscard]] Result<void> write_line(const Json& json);

    FileSystem& files_;
    Clock& clock_;
    mutable std::recursive_mutex mutex_;  ///< recursive: append() notes that the mirror failed
    std::unique_ptr<AppendFile> file_, mirror_;
    std::string run_;  ///< every line of this run, for a mirror that comes later
};

}  // namespace bedplate
