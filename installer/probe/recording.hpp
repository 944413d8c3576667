// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/quantities.hpp"
#include "platform/file_system.hpp"

namespace bedplate {

struct RecordedCommand {
    std::vector<std::string> argv;
    std::string error;  ///< code, where the program could not be run
    int status = 0;
    std::string out, err;
};

struct RecordedDevice {
    Bytes size, logical_block_size;
    std::map<std::uint64_t, std::string> reads;  ///< by offset
};

/// Everything that a probe got to see, by what it asked for (schema bedplate/recording/v1).
struct Recording {
    static constexpr std::string_view schema = "bedplate/recording/v1";

    std::map<std::string, RecordedCommand> commands;          ///< by quote_command()
    std::map<std::string, std::optional<std::string>> files;  ///< nullopt: there is none
    std::map<std::string, bool> exists;
    std::map<std::string, std::vector<std::string>> lists;
    std::map<std::string, std::string> resolved;  ///< empty: there is none
    std::map<std::string, RecordedDevice> devices;
};

/// Writes index.json, commands/ and files/ into `folder`.
[[nodiscard]] Result<void> save(const Recording& recording, FileSystem& files,
                                const std::filesystem::path& folder);
/// Errors: recording.schema, recording.field, those of reading.
[[nodiscard]] Result<Recording> load_recording(const FileSystem& files, const std::filesystem::path& folder);

/// Replaces what identifies this one machine; see record(). `salt` makes the substitutes unpredictable.
void scramble_identifiers(Recording& recording, const std::string& salt);

}  // namespace bedplate
