// SPDX-License-Identifier: GPL-3.0-or-later
// Every way in which the medium starts a machine, up to the installer's first lines (docs/boot-matrix.md).
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <format>
#include <fstream>
#include <iostream>
#include <thread>

#include "harness/accelerator.hpp"
#include "harness/medium_copy.hpp"
#include "harness/web_server.hpp"
#include "machine.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"

using namespace bedplate;
using namespace bedplate::vm;
using std::chrono::minutes;

namespace {

using Kind = MediumSpec::Kind;

struct Cell {
    std::string_view name;
    Firmware firmware;
    Kind kind;
    SerialPort serial = SerialPort::com1;
};

constexpr Cell cells[] = {
    {"uefi-cd", Firmware::uefi, Kind::cdrom},
    {"uefi-usb-disk", Firmware::uefi, Kind::usb_stick},
    {"uefi-usb-cd", Firmware::uefi, Kind::usb_cd},
    {"secure-cd", Firmware::uefi_secure_boot, Kind::cdrom},
    {"secure-usb-disk", Firmware::uefi_secure_boot, Kind::usb_stick},
    {"secure-usb-cd", Firmware::uefi_secure_boot, Kind::usb_cd},
    {"bios-cd", Firmware::bios, Kind::cdrom},
    {"bios-usb-disk", Firmware::bios, Kind::usb_stick},
    {"bios-usb-cd", Firmware::bios, Kind::usb_cd},
    {"uefi-cd-com2", Firmware::uefi, Kind::cdrom, SerialPort::com2},
    {"bios-cd-com2", Firmware::bios, Kind::cdrom, SerialPort::com2},
};
/// The three that `make check` starts: one of each firmware, of each kind of medium.
constexpr std::string_view quick_cells[] = {"secure-cd", "bios-usb-disk", "uefi-usb-cd"};

/// Firmware to the first lines of the installer; under emulation the kernel takes most of it.
constexpr minutes first_line_timeout{5};

/// For a service tag that no machine has: what comes after the first lines is a refusal.
std::string nobodys_site() {
    return site_text(
        {.ssh_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA x",
         .service_tag = "NOBODY1"});
}

std::filesystem::path medium_for(const Workspace& workspace, SerialPort serial) {
    const auto medium = workspace / (serial == SerialPort::com2 ? "com2.iso" : "com1.iso");
    if (!std::filesystem::exists(medium)) {
        must(personalized_copy(medium, nobodys_site(),
                               {.console = serial == SerialPort::com2 ? "ttyS1" : ""}));
    }
    return medium;
}

std::string_view expected_firmware(Firmware firmware) {
    switch (firmware) {
        case Firmware::bios:
            return "BIOS";
        case Firmware::uefi:
            return "UEFI, Secure Boot off";
        default:
            return "UEFI, Secure Boot on";
    }
}

/// The machine's own words, since those of the kernel are not on the console of an unattended installation.
void check_first_lines(const Workspace& workspace, const Cell& cell) {
    INFO(cell.name);
    VmSpec spec{.firmware = cell.firmware, .memory = mib(1536)};
    spec.medium = MediumSpec{.kind = cell.kind, .iso = medium_for(workspace, cell.serial)};
    spec.serial = cell.serial;
    spec.efi_variables = workspace / std::format("{}.fd", cell.name);
    for (int attempt = 1;; ++attempt) {
        const auto vm = must(Vm::start(spec, workspace.path(), must(choose_accelerator())));
        const auto seen = vm->serial().wait_for("unattended installation", scaled(first_line_timeout));
        if (!seen && vm->starved() && attempt < 3) {
            continue;
        }
        if (!seen) {
            must(vm->screendump(workspace / std::format("{}.png", cell.name)));
        }
        must(seen);
        must(vm->serial().wait_for(std::format("started by {}", expected_firmware(cell.firmware)),
                                   scaled(minutes(2))));
        const auto ended = vm->power_cut();
        std::cout << std::format("  {:<18} {:5.1f} s\n", cell.name,
                                 static_cast<double>(ended.wall.count()) / 1000)
                  << std::flush;
        return;
    }
}

}  // namespace

TEST_CASE("a machine without any serial port is not held up by the consoles that it is told of",
          "[boot-matrix]") {
    for (const auto firmware : {Firmware::uefi, Firmware::bios}) {
        Workspace workspace(firmware == Firmware::bios ? "bios-no-serial" : "uefi-no-serial");
        const auto port = must(free_port());
        std::ofstream(workspace / "nginx.conf") << std::format(
            "daemon off;\npid nginx.pid;\nerror_log stderr;\nevents {{}}\n"
            "http {{ access_log /dev/stdout; server {{ listen {}; return 204; }} }}\n",
            port);
        const WebServer web(workspace.path());
        const auto medium = workspace / "medium.iso";
        must(personalized_copy(
            medium, nobodys_site(),
            {.kernel_arguments = {std::format("bedplate.report=http://10.0.2.2:{}/report", port)}}));
        VmSpec spec{.firmware = firmware, .memory = mib(1536)};
        spec.medium = MediumSpec{.iso = medium};
        spec.serial = SerialPort::none;
        spec.nics = {NicSpec{}};
        const auto vm = must(Vm::start(spec, workspace.path(), must(choose_accelerator())));
        const auto deadline = std::chrono::steady_clock::now() + scaled(first_line_timeout);
        while (web.requests("POST /report") == 0 && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::seconds(1));
        }
        must(vm->screendump(workspace / "screen.png"));
        CHECK(web.requests("POST /report") > 0);
        workspace.succeeded();
    }
}

TEST_CASE("a medium starts under Secure Boot from a CD, with BIOS from a stick and from a USB CD drive",
          "[boot-quick]") {
    Workspace workspace("boot-quick");
    for (const auto& cell : cells) {
        if (std::ranges::find(quick_cells, cell.name) != std::end(quick_cells)) {
            check_first_lines(workspace, cell);
        }
    }
    workspace.succeeded();
}

TEST_CASE("a medium starts a machine with every firmware, from every kind of drive, on both serial ports",
          "[boot-matrix]") {
    for (const auto& cell : cells) {
        DYNAMIC_SECTION(cell.name) {
            Workspace workspace(std::format("boot-{}", cell.name));
            check_first_lines(workspace, cell);
            workspace.succeeded();
        }
    }
}
