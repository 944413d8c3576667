// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/emulator.hpp"

#include "image/inspect.hpp"
#include "lab/xml.hpp"
#include "platform/time_scale.hpp"

namespace bedplate::lab {

namespace {

constexpr std::string_view trial = "bp-kvm-trial";
constexpr std::string_view kernel_in_image = "boot/vmlinuz";
/// A kernel without an initramfs says so, and then that it panics, once everything else works.
constexpr std::string_view came_up = "Unable to mount root fs";

std::string trial_xml(const std::filesystem::path& kernel, const std::filesystem::path& console) {
    pugi::xml_document document;
    auto domain = add(document, "domain", {{"type", "kvm"}});
    add(domain, "name", {}, std::string(trial));
    add(domain, "memory", {{"unit", "MiB"}}, "256");
    add(domain, "vcpu", {}, "2");
    auto os = add(domain, "os");
    add(os, "type", {{"arch", "x86_64"}, {"machine", "q35"}}, "hvm");
    add(os, "kernel", {}, kernel.string());
    add(os, "cmdline", {}, "console=ttyS0 panic=-1");
    add(add(domain, "features"), "acpi");
    add(domain, "cpu", {{"mode", "host-passthrough"}});
    add(domain, "on_reboot", {}, "destroy");
    auto serial = add(add(domain, "devices"), "serial", {{"type", "pty"}});
    add(serial, "log", {{"file", console.string()}, {"append", "off"}});
    return to_text(document);
}

}  // namespace

Result<std::string> choose_emulator(Platform& platform, Libvirt& libvirt, const std::filesystem::path& iso,
                                    const std::filesystem::path& folder) {
    if (!platform.files.exists("/dev/kvm")) {
        return "qemu";
    }
    BEDPLATE_ASSIGN(const auto image, image::open_image(iso, image::File::Mode::read));
    BEDPLATE_ASSIGN(const auto kernel, image.directory.read_file(image.file, std::string(kernel_in_image)));
    const auto kernel_file = folder / "trial-kernel", console = folder / "trial.console";
    BEDPLATE_TRY(platform.files.write(kernel_file, kernel));
    BEDPLATE_TRY(libvirt.end_transient(std::string(trial)));
    bool works = false;
    if (libvirt.start_transient(trial_xml(kernel_file, console))) {
        const auto deadline = platform.clock.steady() + scaled(std::chrono::seconds(10));
        while (!works && platform.clock.steady() < deadline) {
            platform.clock.sleep(std::chrono::milliseconds(200));
            works = platform.files.read(console).value_or("").contains(came_up);
        }
    }
    // It is gone by itself where it panicked.
    BEDPLATE_TRY(libvirt.end_transient(std::string(trial)));
    BEDPLATE_TRY(platform.files.remove(kernel_file));
    BEDPLATE_TRY(platform.files.remove(console));
    return std::string(works ? "kvm" : "qemu");
}

}  // namespace bedplate::lab
