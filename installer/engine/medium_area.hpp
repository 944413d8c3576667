// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/documents.hpp"
#include "engine/medium.hpp"

namespace bedplate {

/// The regular files of a cpio archive in the "new ASCII" format, by path, up to its trailer (cpio(5)); what
/// follows is not looked at. Errors: site-area.damaged.
[[nodiscard]] Result<std::map<std::string, std::string>> read_newc(std::string_view archive);

/// Where the boot loader did not hand the medium's site area to the kernel (a unified kernel image, the
/// network): unpack it from the medium into `documents.medium_area`. False where the medium has none. Errors:
/// those of find_medium, site-area.damaged.
[[nodiscard]] Result<bool> unpack_medium_area(Platform& platform, const MediumPlaces& places,
                                              const DocumentPlaces& documents);

}  // namespace bedplate
