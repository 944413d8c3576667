// SPDX-License-Identifier: GPL-3.0-or-later
#include "guests/trial.hpp"

#include "guests/xml.hpp"
#include "platform/time_scale.hpp"

namespace bedplate::guests {

namespace {

constexpr std::string_view trial_name = "bp-kvm-trial";
/// A kernel without an initramfs says so, and then that it panics, once everything else works.
constexpr std::string_view came_up = "Unable to mount root fs";

std::string trial_xml(const std::filesystem::path& kernel, const std::filesystem::path& console) {
    pugi::xml_document document;
    auto domain = add(document, "domain", {{"type", "kvm"}});
    add(domain, "name", {}, std::string(trial_name));
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

Result<bool> kvm_works(Platform& platform, const Trial& trial, const std::string& kernel,
                       const std::filesystem::path& folder) {
    const auto kernel_file = folder / "trial-kernel", console = folder / "trial.console";
    BEDPLATE_TRY(platform.files.write(kernel_file, kernel));
    BEDPLATE_TRY(trial.end(std::string(trial_name)));
    bool works = false;
    if (trial.start(trial_xml(kernel_file, console))) {
        const auto deadline = platform.clock.steady() + scaled(std::chrono::seconds(10));
        while (!works && platform.clock.steady() < deadline) {
            platform.clock.sleep(std::chrono::milliseconds(200));
            works = platform.files.read(console).value_or("").contains(came_up);
        }
    }
    // It is gone by itself where it panicked.
    BEDPLATE_TRY(trial.end(std::string(trial_name)));
    BEDPLATE_TRY(platform.files.remove(kernel_file));
    BEDPLATE_TRY(platform.files.remove(console));
    return works;
}

}  // namespace bedplate::guests
