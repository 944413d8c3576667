// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.hpp"

namespace bedplate::vm {

/// What the tiny guest prints as soon as its shell is there.
inline constexpr std::string_view tiny_guest_marker = "@tiny-guest-up@";
/// Its shell's prompt.
inline constexpr std::string_view tiny_guest_prompt = "tiny-guest# ";

/// An initramfs of busybox alone, with a shell on the console: the smallest Linux that can be talked to. Made
/// at `file`. Errors: those of busybox and cpio.
[[nodiscard]] Result<void> make_tiny_initramfs(const std::filesystem::path& file);

/// Pack a folder as an initramfs (cpio newc, owned by root). Errors: command.*.
[[nodiscard]] Result<void> pack_initramfs(const std::filesystem::path& folder,
                                          const std::filesystem::path& file);

}  // namespace bedplate::vm
