// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/quantities.hpp"
#include "base/result.hpp"
#include "image/files.hpp"

namespace bedplate::image {

/// Where a file lies on the medium; files are in one piece each.
struct Extent {
    Bytes offset, size;
};

/// The directory of an ISO 9660 image (or of the disk or drive it was written to), by its Joliet tree
/// (ECMA-119 with Microsoft's Joliet extension), which has the names as they were given.
class IsoDirectory {
public:
    /// Errors (refused): iso.format (no ISO image with Joliet names, or a damaged directory); file.*.
    [[nodiscard]] static Result<IsoDirectory> read(const File& image);

    [[nodiscard]] const std::map<std::string, Extent>& files() const { return files_; }
    /// Errors: iso.no-file.
    [[nodiscard]] Result<Extent> find(const std::string& path) const;
    [[nodiscard]] const std::string& volume() const { return volume_; }

    /// The content of a file that is not large (at most 16 MiB).
    [[nodiscard]] Result<std::string> read_file(const File& image, const std::string& path) const;

private:
    std::string volume_;
    std::map<std::string, Extent> files_;
};

}  // namespace bedplate::image
