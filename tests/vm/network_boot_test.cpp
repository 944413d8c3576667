// SPDX-License-Identifier: GPL-3.0-or-later
// The ways in which firmware finds the installer on a network, with dnsmasq and nginx as `bedplate image pxe`
// configures them, up to the installer's first lines (docs/boot-matrix.md).
#include <catch2/catch_test_macros.hpp>
#include <format>
#include <fstream>
#include <iostream>
#include <thread>

#include "harness/accelerator.hpp"
#include "harness/web_server.hpp"
#include "machine.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"
#include "tests/support/rack/rack.hpp"

using namespace bedplate;
using namespace bedplate::vm;
using std::chrono::minutes;

namespace fs = std::filesystem;

namespace {

/// The boot server's port of the rack, its address, and who is given one.
constexpr std::string_view server_port = "boot100";
constexpr std::string_view server_address = "10.0.100.1";

/// dnsmasq in a folder that has its dnsmasq.conf.
Service dhcp_server(const fs::path& tree, const rack::Rack& rack) {
    const auto pid_file = tree / "dnsmasq.pid", log = tree / "dnsmasq.log";
    return {{"/usr/sbin/dnsmasq", "--keep-in-foreground", "--user=root", "--log-facility=" + log.string(),
             "--pid-file=" + pid_file.string(), "--dhcp-leasefile=" + (tree / "leases").string(),
             "--conf-file=" + (tree / "dnsmasq.conf").string()},
            pid_file,
            tree / "dnsmasq.out",
            rack.inside({})};
}

struct Way {
    std::string_view name;
    Firmware firmware;
    bool http;
    std::string_view started_by;
};

constexpr Way ways[] = {
    {"uefi-http", Firmware::uefi, true, "UEFI, Secure Boot off"},
    {"secure-http", Firmware::uefi_secure_boot, true, "UEFI, Secure Boot on"},
    {"secure-pxe", Firmware::uefi_secure_boot, false, "UEFI, Secure Boot on"},
    {"bios-ipxe", Firmware::bios, false, ""},
};

/// BIOS machines: until iPXE has the kernel. It takes the initramfs too slowly from this network, which drops
/// what a guest does not read at once; the rest is what [media-ipxe] shows. Others: until the site document
/// that the server has turns out not to be for them.
Result<void> first_lines(Vm& vm, const WebServer& web, const Way& way) {
    if (way.firmware == Firmware::bios) {
        const auto deadline = std::chrono::steady_clock::now() + scaled(minutes(5));
        while (web.requests("GET /boot/vmlinuz") == 0) {
            if (std::chrono::steady_clock::now() > deadline) {
                return fail("boot.ipxe", "iPXE did not fetch the kernel");
            }
            std::this_thread::sleep_for(std::chrono::seconds(1));
        }
        return {};
    }
    for (const auto& line :
         {std::string("unattended installation"), std::format("started by {}", way.started_by),
          std::string(R"(code site\.no-node)")}) {
        BEDPLATE_TRY(vm.serial().wait_for(line, scaled(minutes(8))));
    }
    return {};
}

}  // namespace

TEST_CASE("firmware finds the installer by HTTP boot, PXE and iPXE, with dnsmasq and nginx as configured",
          "[media-network]") {
    for (const auto& way : ways) {
        DYNAMIC_SECTION(way.name) {
            Workspace workspace(std::format("boot-{}", way.name));
            const auto rack = must(rack::Rack::start(host_commands(), workspace / "rack", {"n0"}));
            must(rack->add_host(std::string(server_port), 100, std::format("{}/24", server_address)));
            must(rack->connect({.name = "to-n0", .ports = {"n0"}, .native = 100, .lacp = false}));

            // For a service tag that no machine has: what comes after the first lines is a refusal.
            const auto site = workspace / "site.yaml";
            std::ofstream(site) << site_text(
                {.ssh_key = must(make_ssh_key(workspace.path())).public_line, .service_tag = "NOBODY1"});
            const auto tree = fs::absolute(workspace / "pxe");
            must(run_checked(
                host_commands(),
                {.argv = {must(find_bedplate()).string(), "image", "pxe", must(find_iso()).string(), "--out",
                          tree.string(), "--directory", tree.string(), "--base-url",
                          std::format("http://{}", server_address), "--server", std::string(server_address),
                          "--interface", std::string(server_port), "--range", "10.0.100.50,10.0.100.99",
                          "--site", site.string(), "--unattended"}}));
            const WebServer web(tree, rack->inside({}));
            const Service dhcp = dhcp_server(tree, *rack);

            VmSpec spec{.firmware = way.firmware, .memory = mib(1536), .http_boot = way.http};
            spec.nics = {
                NicSpec{.rack_port = (fs::absolute(workspace / "rack") / "n0").string(), .boot_index = 1}};
            spec.efi_variables = workspace / "efi-variables.fd";
            const auto vm = must(Vm::start(spec, workspace.path(), must(choose_accelerator())));
            const auto seen = first_lines(*vm, web, way);
            if (!seen) {
                must(vm->screendump(workspace / "screen.png"));
            }
            must(seen);
            // Else the loader came by TFTP, or the port's own ROM was it.
            CHECK((web.requests("GET /shimx64.efi") > 0) == way.http);
            std::cout << std::format("  {:<18} {:5.1f} s\n", way.name,
                                     static_cast<double>(vm->power_cut().wall.count()) / 1000)
                      << std::flush;
            fs::remove_all(tree);
            workspace.succeeded();
        }
    }
}
