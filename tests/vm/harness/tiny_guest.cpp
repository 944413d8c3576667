// SPDX-License-Identifier: GPL-3.0-or-later
#include "tiny_guest.hpp"

#include <algorithm>
#include <format>
#include <fstream>
#include <string>
#include <vector>

#include "workspace.hpp"

namespace bedplate::vm {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view init_script = R"(#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox --install -s /bin
export PATH=/bin PS1='{prompt}'
echo "{marker}"
exec setsid cttyhack sh
)";

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    if (const auto at = text.find(what); at != std::string::npos) {
        text.replace(at, what.size(), with);
    }
    return text;
}

}  // namespace

Result<void> pack_initramfs(const fs::path& folder, const fs::path& file) {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        names.push_back(entry.path().lexically_relative(folder).string());
    }
    std::ranges::sort(names);  // parents before children
    std::string list;
    for (const auto& name : names) {
        list += name + "\n";
    }
    Command pack{.argv = {"cpio", "--create", "--format=newc", "--owner=0:0", "--quiet", "-F",
                          fs::absolute(file).string()}};
    pack.input = list;
    pack.directory = folder;
    BEDPLATE_TRY(run_checked(host_commands(), pack));
    return {};
}

Result<void> make_tiny_initramfs(const fs::path& file) {
    const fs::path folder = file.string() + ".d";
    fs::remove_all(folder);
    fs::create_directories(folder / "bin");
    std::error_code error;
    fs::copy_file("/bin/busybox", folder / "bin/busybox", error);
    if (error) {
        return fail("test.no-busybox", error.message(), "/bin/busybox",
                    "the package busybox-static provides it");
    }
    std::ofstream(folder / "init") << replaced(
        replaced(std::string(init_script), "{prompt}", tiny_guest_prompt), "{marker}", tiny_guest_marker);
    fs::permissions(folder / "init", fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
    BEDPLATE_TRY(pack_initramfs(folder, file));
    fs::remove_all(folder);
    return {};
}

}  // namespace bedplate::vm
