// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/emulator.hpp"

#include "guests/trial.hpp"
#include "image/inspect.hpp"

namespace bedplate::lab {

namespace {

constexpr std::string_view kernel_in_image = "boot/vmlinuz";

}  // namespace

Result<std::string> choose_emulator(Platform& platform, Libvirt& libvirt, const std::filesystem::path& iso,
                                    const std::filesystem::path& folder) {
    if (!platform.files.exists("/dev/kvm")) {
        return "qemu";
    }
    BEDPLATE_ASSIGN(const auto image, image::open_image(iso, image::File::Mode::read));
    BEDPLATE_ASSIGN(const auto kernel, image.directory.read_file(image.file, std::string(kernel_in_image)));
    BEDPLATE_ASSIGN(
        const bool works,
        guests::kvm_works(platform,
                          {.start = [&](const auto& xml) { return libvirt.start_transient(xml); },
                           .end = [&](const auto& domain) { return libvirt.end_transient(domain); }},
                          kernel, folder));
    return std::string(works ? "kvm" : "qemu");
}

}  // namespace bedplate::lab
