// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "lab/guest/ring.hpp"
#include "platform/command_runner.hpp"

namespace bedplate::lab {

/// What the disk image of the pulse, the machine that the drills watch, is made of.
struct GuestParts {
    std::filesystem::path
        medium;  ///< an image of ours: kernel, its modules and the boot loaders come from it
    std::filesystem::path program;  ///< bedplate-pulse, linked statically
    pulse::Settings settings;
    std::filesystem::path scratch;  ///< a folder for what is left over; it is emptied
};

/// Write a raw disk image (64 MiB, sparse) that starts with BIOS and with UEFI: Debian's kernel with one
/// program as its only process. Nothing is mounted. An image that is there is replaced. Errors: iso.*,
/// archive.*, file.*, those of mkfs.vfat, mcopy and xorriso, guest.size (kernel and modules leave no room for
/// the rings).
[[nodiscard]] Result<void> make_guest(CommandRunner& commands, const GuestParts& parts,
                                      const std::filesystem::path& output);

/// The program where it is installed or built: beside this one. Errors: guest.program.
[[nodiscard]] Result<std::filesystem::path> pulse_program();

/// The modules in an order in which each can be loaded: after all that it needs. `modules_dep` is depmod's
/// text, in which a line has everything that a module needs, also by way of others.
[[nodiscard]] std::vector<std::string> load_order(std::string_view modules_dep,
                                                  const std::set<std::string>& modules);

/// GRUB's configuration: it starts at once.
[[nodiscard]] std::string guest_menu(const pulse::Settings& settings);

}  // namespace bedplate::lab
