// SPDX-License-Identifier: GPL-3.0-or-later
#include "rescue.hpp"

#include <catch2/catch_test_macros.hpp>
#include <format>
#include <fstream>

#include "base/text.hpp"
#include "harness/accelerator.hpp"
#include "harness/medium_copy.hpp"
#include "harness/tiny_guest.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"

namespace bedplate::vm {
namespace {

namespace fs = std::filesystem;
using std::chrono::minutes;

constexpr int max_starts = 3;

/// The installer's kernel and environment as they are on the medium, with the folder in a second archive
/// behind it.
DirectBoot direct_boot(const Workspace& workspace, const fs::path& folder) {
    const auto iso = must(find_iso());
    must(extract_from_iso(iso, "/boot/vmlinuz", workspace / "vmlinuz"));
    must(extract_from_iso(iso, "/boot/installer.cpio.zst", workspace / "initrd.cpio"));
    const auto staged = workspace / "staged";
    fs::remove_all(staged);  // a test may start several shells one after another
    fs::create_directories(staged);
    fs::copy(folder, staged / "cases", fs::copy_options::recursive);
    must(pack_initramfs(staged, workspace / "cases.cpio"));
    std::ofstream initrd(workspace / "initrd.cpio", std::ios::binary | std::ios::app);
    // The kernel wants each archive to begin at a multiple of four bytes.
    while (initrd.tellp() % 4 != 0) {
        initrd.put('\0');
    }
    initrd << std::ifstream(workspace / "cases.cpio", std::ios::binary).rdbuf();
    return {workspace / "vmlinuz", workspace / "initrd.cpio",
            "console=tty0 console=ttyS0,115200n8 bedplate.mode=rescue quiet no_timer_check"};
}

}  // namespace

RescueShell::RescueShell(const Workspace& workspace, VmSpec spec, const fs::path& folder) {
    spec.direct_boot = direct_boot(workspace, folder);
    for (int attempt = 1;; ++attempt) {
        vm_ = must(Vm::start(spec, workspace.path(), must(choose_accelerator())));
        const auto seen =
            vm_->serial().wait_for("This is the Bedplate installer environment", scaled(minutes(4)));
        if (seen || !vm_->starved() || attempt == max_starts) {
            must(seen);
            // What is typed before the shell has set the terminal up is thrown away.
            must(vm_->serial().wait_for("^root@installer:~# ", scaled(minutes(2))));
            break;
        }
    }
    CHECK(run("udevadm settle; cd /cases; PS1=; stty -echo", minutes(2)).status == 0);
}

Said RescueShell::run(const std::string& command, std::chrono::seconds timeout) {
    const auto number = ++count_;
    auto& serial = vm_->serial();
    // The marks are put together by the shell, so that the echo of what is typed is not taken for them.
    must(serial.type(
        std::format("{{ {} ; }} >/run/said 2>&1; s=$?; echo \"@said\"-{}@; cat /run/said; echo; echo "
                    "\"@status\"-{}=$s@\n",
                    command, number, number)));
    const auto mark = std::format("@status-{}=", number);
    const auto line = must(serial.wait_for(mark + "[0-9]+@", scaled(timeout)));
    const auto text = serial.text();
    const auto begin = text.rfind(std::format("@said-{}@", number));
    const auto end = text.rfind(mark);
    Said said{
        .status = static_cast<unsigned>(std::stoul(line.substr(line.find(mark) + mark.size()))),
        .text = begin == std::string::npos || end <= begin ? std::string() : text.substr(begin, end - begin)};
    return said;
}

void write_profile(const fs::path& folder, const std::string& name, const std::string& select) {
    const auto directory = folder / "profiles" / name;
    fs::create_directories(directory);
    std::ofstream(directory / (name + ".yaml")) << std::format(R"(schema: bedplate/profile/v1
name: {}
description: A case of the VM tests
match:
  system: {{manufacturer: "Dell Inc."}}
disks:
  system: {{select: {{{}}}, exactly: 1}}
layout: {{esp: 512MiB, boot: 1GiB, volume_group: sys, root: 6GiB, var: 3GiB, log: 1GiB, swap: 512MiB}}
network:
  bonds:
    - {{name: bond0, mode: active-backup, select: {{driver: "*"}}, at_least: 1}}
  roles: {{management: bond0}}
)",
                                                               to_lower(name), select);
}

}  // namespace bedplate::vm
