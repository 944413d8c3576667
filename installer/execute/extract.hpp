// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/manifest.hpp"
#include "base/quantities.hpp"
#include "base/result.hpp"
#include "execute/chunk_stream.hpp"

namespace bedplate {

struct ExtractOptions {
    ChunkStream::Options stream;
    unsigned writers = 1;
    std::set<std::string> digests;  ///< paths in the tree ("boot/vmlinuz-...") whose SHA-256 is wanted
};

struct ExtractReport {
    std::uint64_t entries = 0;
    Bytes bytes;                                 ///< of the tar
    std::map<std::string, std::string> digests;  ///< of the files asked for, as far as the tree has them
};

/// Unpack the payload below `root`: owners and groups by number, permissions, times, extended attributes,
/// capabilities, access control lists, flags, hard links, sparse files and devices as the tar has them; a
/// later entry replaces an earlier one of the same name. What is there already is overwritten in place, so
/// that an extraction that was cut off can simply be repeated. Nothing is synced to disk. `progress` gets the
/// bytes of the tar consumed so far. Errors: those of ChunkStream and TreeWriter, extract.archive (what
/// libarchive says), extract.count (entries or bytes differ from the manifest).
[[nodiscard]] Result<ExtractReport> extract_payload(PayloadSource& source, const Payload& payload,
                                                    const std::filesystem::path& root, Clock& clock,
                                                    const ExtractOptions& options,
                                                    const std::function<void(Bytes done)>& progress);

}  // namespace bedplate
