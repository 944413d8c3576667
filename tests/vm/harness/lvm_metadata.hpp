// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/quantities.hpp"
#include "base/result.hpp"

namespace bedplate::vm {

/// LVM's text format (lvmconfig, vgcfgbackup, the metadata area of a physical volume) as JSON: a section is
/// an object. Errors: lvm.syntax.
[[nodiscard]] Result<Json> parse_lvm_text(std::string_view text);

/// A logical volume as a stretch of the physical volume that it lies on.
struct VolumePlace {
    Bytes offset;  ///< from the physical volume's beginning
    Bytes size;
};

/// Where each logical volume lies, by name: only volumes of one linear segment on one physical volume, which
/// is all that the installer makes. Errors: lvm.layout.
[[nodiscard]] Result<std::map<std::string, VolumePlace>> linear_volumes(const Json& metadata);

/// The metadata text of the physical volume that begins at `offset` of an open image. Errors: lvm.label (no
/// physical volume, or one without metadata).
[[nodiscard]] Result<std::string> read_lvm_text(int file, Bytes offset);

}  // namespace bedplate::vm
