// SPDX-License-Identifier: GPL-3.0-or-later
// What the simulated machine has mounted, and how.
#include <algorithm>
#include <format>

#include "tests/unit/execute/machine/machine.hpp"

namespace bedplate::test {
namespace {

Result<CommandResult> mounted() {
    return CommandResult{.exit_status = 0, .out = {}, .err = {}, .duration = {}};
}

}  // namespace

void Machine::show_mounts() {
    std::string text = "22 1 0:2 / / rw - rootfs rootfs rw\n";
    for (const auto& [point, device] : mounts) {
        text += std::format("36 22 253:0 / {} {} - ext4 {} rw\n", point,
                            read_only.contains(point) ? "ro" : "rw", device);
    }
    files.fake.add_file("/proc/self/mountinfo", text);
}

void Machine::answer_mounts() {
    commands.on("mount *", [this](const Command& command) {
        const std::string& point = command.argv.back();
        std::filesystem::create_directories(point);
        mounts[point] = command.argv.at(command.argv.size() - 2);
        show_mounts();
        return mounted();
    });
    const auto remount = [this](const Command& command) {
        const std::string& point = command.argv.back();
        if (command.argv.at(2) == "remount,ro") {
            read_only.insert(point);
        } else {
            read_only.erase(point);
        }
        show_mounts();
        return mounted();
    };
    commands.on("mount --options remount,r? *", remount);
    commands.on("umount *", [this](const Command& command) {
        const std::string& point = command.argv.back();
        if (command.argv.at(1) == "--recursive") {
            std::erase_if(mounts, [&](const auto& mount) {
                return mount.first == point || mount.first.starts_with(point + "/");
            });
        } else {
            mounts.erase(point);
        }
        std::erase_if(read_only, [&](const std::string& point_of) { return !mounts.contains(point_of); });
        show_mounts();
        return mounted();
    });
}

}  // namespace bedplate::test
