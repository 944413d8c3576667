// SPDX-License-Identifier: GPL-3.0-or-later
#include "accelerator.hpp"

#include <fcntl.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "platform/descriptor.hpp"
#include "tiny_guest.hpp"
#include "vm.hpp"
#include "workspace.hpp"

namespace bedplate::vm {
namespace {

namespace fs = std::filesystem;

/// The tiny guest is there after two seconds where KVM works.
constexpr std::chrono::seconds trial_timeout{8};

std::string first_line(const fs::path& file) {
    std::string line;
    std::ifstream in(file);
    std::getline(in, line);
    return line;
}

Result<bool> kvm_works() {
    if (!Descriptor(::open("/dev/kvm", O_RDWR | O_CLOEXEC)).is_open()) {
        return false;
    }
    Workspace workspace("accelerator-trial");
    VmSpec spec{.firmware = Firmware::bios, .memory = mib(256)};
    BEDPLATE_ASSIGN(const auto kernel, find_kernel());
    BEDPLATE_TRY(make_tiny_initramfs(workspace / "tiny.cpio"));
    spec.direct_boot =
        DirectBoot{kernel, workspace / "tiny.cpio", "console=ttyS0 quiet panic=-1 no_timer_check"};
    const auto vm = Vm::start(spec, workspace.path(), Accelerator::kvm);
    const bool works = vm && (*vm)->serial().wait_for(tiny_guest_marker, trial_timeout).has_value();
    workspace.succeeded();
    return works;
}

}  // namespace

std::string_view to_string(Accelerator accelerator) {
    return accelerator == Accelerator::kvm ? "kvm" : "tcg";
}

Result<Accelerator> choose_accelerator() {
    if (const char* wanted = std::getenv("BEDPLATE_ACCEL")) {
        return std::string_view(wanted) == "kvm" ? Accelerator::kvm : Accelerator::tcg;
    }
    const auto boot_id = first_line("/proc/sys/kernel/random/boot_id");
    const auto known = top_directory() / "build/vm/accelerator";
    BEDPLATE_ASSIGN(const auto lock, lock_kept("accelerator"));
    const auto line = first_line(known);
    for (const auto accelerator : {Accelerator::kvm, Accelerator::tcg}) {
        if (line == std::string(to_string(accelerator)) + " " + boot_id) {
            return accelerator;
        }
    }
    BEDPLATE_ASSIGN(const bool works, kvm_works());
    const auto accelerator = works ? Accelerator::kvm : Accelerator::tcg;
    std::ofstream(known) << to_string(accelerator) << " " << boot_id << "\n";
    return accelerator;
}

}  // namespace bedplate::vm
