// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "lab/libvirt.hpp"
#include "platform/platform.hpp"

namespace bedplate::lab {

/// "kvm" where a kernel really runs under it, else "qemu". There are machines whose /dev/kvm opens and
/// answers while guests hang: the image's own kernel is started, and has to come as far as asking for its
/// root file system within ten seconds. Errors: iso.*, file.*.
[[nodiscard]] Result<std::string> choose_emulator(Platform& platform, Libvirt& libvirt,
                                                  const std::filesystem::path& iso,
                                                  const std::filesystem::path& folder);

}  // namespace bedplate::lab
