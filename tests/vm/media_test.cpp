// SPDX-License-Identifier: GPL-3.0-or-later
// Installations that do not come from a drive, and from drives that are slow, stall and vanish.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <format>
#include <fstream>
#include <iostream>
#include <thread>

#include "harness/accelerator.hpp"
#include "harness/disk_images.hpp"
#include "harness/medium_copy.hpp"
#include "harness/web_server.hpp"
#include "machine.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"

using namespace bedplate;
using namespace bedplate::vm;
using std::chrono::minutes;
using std::chrono::seconds;

namespace fs = std::filesystem;

namespace {

constexpr minutes menu_timeout{6};
constexpr minutes medium_timeout{20};

/// Where guests find the host on QEMU's user-mode network.
std::string base_url(std::uint16_t port) {
    return std::format("http://10.0.2.2:{}", port);
}

/// The tree that `bedplate image pxe` writes, served as its own nginx.conf says.
struct BootServer {
    fs::path tree;
    std::uint16_t port = must(free_port());

    BootServer(const Workspace& workspace, const TestMachine& machine, std::vector<std::string> more = {})
        : tree(workspace / "pxe") {
        const auto site = workspace / "served.yaml";
        std::ofstream(site) << site_text({.ssh_key = machine.ssh_key().public_line});
        Command command{.argv = {must(find_bedplate()).string(), "image", "pxe", must(find_iso()).string(),
                                 "--out", tree.string(), "--base-url", base_url(port), "--site",
                                 site.string(), "--unattended", "--directory", tree.string()}};
        command.argv.insert(command.argv.end(), more.begin(), more.end());
        must(run_checked(host_commands(), command));
    }
};

std::unique_ptr<Vm> start(const VmSpec& spec, const Workspace& workspace) {
    return must(Vm::start(spec, workspace.path(), must(choose_accelerator())));
}

/// Network before disk, as machines in a rack are often set up; the boot file comes from `server`.
VmSpec network_first(const TestMachine& machine, const BootServer& server) {
    VmSpec spec = machine.spec();
    spec.balloon = true;
    spec.nics.front().boot_index = 1;
    if (spec.firmware == Firmware::bios) {
        // The port's own ROM is iPXE, which takes a URL.
        spec.nics.front().boot_file = base_url(server.port) + "/boot.ipxe";
    } else {
        spec.nics.front().tftp = fs::absolute(server.tree);
        spec.nics.front().boot_file = "shimx64.efi";
    }
    return spec;
}

void install(Vm& vm) {
    must(vm.serial().wait_for("unattended installation", scaled(menu_timeout)));
    const auto deadline = std::chrono::steady_clock::now() + scaled(medium_timeout);
    Bytes least = vm.spec().memory;
    auto seen = vm.serial().wait_for("is installed; switching off", seconds(1));
    while (!seen && seen.error().code == "serial.timeout" && std::chrono::steady_clock::now() < deadline) {
        // Nothing of a machine that has just switched itself off.
        if (const auto left = vm.memory_left(); left) {
            least = std::min(least, left->value_or(least));
        }
        seen = vm.serial().wait_for("is installed; switching off", seconds(1));
    }
    must(std::move(seen));
    std::cout << std::format("  of {} MiB of memory, {} were left in the worst second\n",
                             vm.spec().memory.value >> 20U, least.value >> 20U)
              << std::flush;
    CHECK(must(vm.wait_exit(scaled(minutes(2)))).status == 0);
}

/// Started the same way again, the machine comes up from its own disk and fetches no payload.
void check_starts_its_disk(const VmSpec& spec, const TestMachine& machine, const Workspace& workspace,
                           const WebServer& web, unsigned resets) {
    const auto fetched = web.requests("node.tar.zst");
    CHECK(fetched > 0);
    VmSpec resettable = spec;
    resettable.restart_on_reboot = true;
    auto vm = start(resettable, workspace);
    for (unsigned i = 0; i < resets; ++i) {
        must(vm->serial().wait_for(R"(vmnode1 \(6\.)", scaled(menu_timeout)));
        must(vm->reset());
    }
    const auto deadline = std::chrono::steady_clock::now() + scaled(menu_timeout);
    auto ready = machine.ssh().wait_ready(seconds(10));
    while (!ready && std::chrono::steady_clock::now() < deadline) {
        ready = machine.ssh().wait_ready(seconds(10));
    }
    must(std::move(ready));
    CHECK(to_text(running_node(machine.ssh())).empty());
    CHECK(web.requests("node.tar.zst") == fetched);
    must(vm->powerdown());
    CHECK(must(vm->wait_exit(scaled(minutes(3)))).status == 0);
}

void network_installation(std::string_view name, Firmware firmware, Bytes memory, unsigned resets) {
    Workspace workspace(name);
    const TestMachine machine(workspace, firmware, memory);
    const BootServer server(workspace, machine);
    const WebServer web(server.tree);
    const auto spec = network_first(machine, server);
    {
        auto vm = start(spec, workspace);
        install(*vm);
    }
    check_starts_its_disk(spec, machine, workspace, web, resets);
    CHECK(to_text(machine.protected_disks().check()).empty());
    fs::remove_all(server.tree);
    workspace.succeeded();
}

void set_throttle(Vm& vm, std::uint64_t bytes_per_second, std::uint64_t requests_per_second) {
    must(vm.qmp().execute("qom-set",
                          {{"path", "/objects/slow"},
                           {"property", "limits"},
                           {"value", {{"bps-read", bytes_per_second}, {"iops-read", requests_per_second}}}}));
}

}  // namespace

TEST_CASE(
    "a BIOS machine is installed over iPXE and HTTP, and then starts its disk though the network is first",
    "[media-ipxe]") {
    network_installation("media-ipxe", Firmware::bios, mib(1536), 0);
}

TEST_CASE(
    "a UEFI machine with Secure Boot is installed over PXE by the signed loaders, and twenty resets later "
    "still starts its disk",
    "[media-pxe-uefi]") {
    network_installation("media-pxe-uefi", Firmware::uefi_secure_boot, mib(1536), 20);
}

TEST_CASE("a network installation works in 1 GiB of memory", "[media-memory]") {
    network_installation("media-memory", Firmware::bios, mib(1024), 0);
}

TEST_CASE("a medium of 1 MB/s with 200 ms a request that stalls three times installs a node",
          "[media-slow]") {
    Workspace workspace("media-slow");
    const TestMachine machine(workspace, Firmware::uefi, mib(2560));
    const auto medium = workspace / "medium.iso";
    must(personalized_copy(medium, site_text({.ssh_key = machine.ssh_key().public_line})));
    VmSpec spec = machine.spec(medium);
    // 200 ms a request is five requests a second; at 1 MB/s each has to bring 200 kB.
    constexpr std::uint64_t rate = 1'000'000;
    constexpr unsigned requests = 5;
    // A stall: the 1 MB that the kernel asks for at once takes a minute.
    constexpr std::uint64_t stalled_rate = 17'000;
    spec.medium->kind = MediumSpec::Kind::usb_cd;
    spec.medium->throttle = Throttle{.bytes_per_second = Bytes{50'000'000}, .requests_per_second = 2000};
    auto vm = start(spec, workspace);
    must(vm->serial().wait_for("unattended installation", scaled(menu_timeout)));
    set_throttle(*vm, rate, requests);
    for (int i = 0; i < 3; ++i) {
        must(vm->serial().wait_for(R"(MB/s, \d+:\d\d left)", scaled(minutes(10))));
        set_throttle(*vm, stalled_rate, requests);
        std::this_thread::sleep_for(seconds(60));
        set_throttle(*vm, rate, requests);
        std::this_thread::sleep_for(seconds(20));
    }
    must(vm->serial().wait_for("is installed; switching off", scaled(minutes(45))));
    CHECK(must(vm->wait_exit(scaled(minutes(2)))).status == 0);
    CHECK(to_text(machine.protected_disks().check()).empty());
    workspace.succeeded();
}

TEST_CASE("a medium that is taken out in the middle is waited for, another build is refused, and it goes on",
          "[media-eject]") {
    Workspace workspace("media-eject");
    // Too little memory for keeping the payload, so that the medium is needed while it is unpacked.
    const TestMachine machine(workspace, Firmware::uefi, mib(1280));
    const auto medium = workspace / "medium.iso";
    must(personalized_copy(medium, site_text({.ssh_key = machine.ssh_key().public_line})));
    // The same files under another manifest: one letter of its build id.
    const auto other = workspace / "other.iso";
    fs::copy_file(medium, other);
    must(flip_bit(other, must(offset_in_iso(other, "/bedplate/manifest.json")) + 40));

    auto vm = start(machine.spec(medium), workspace);
    must(vm->serial().wait_for("unattended installation", scaled(menu_timeout)));
    must(vm->serial().wait_for(R"(^extract .*\d+:\d\d left)", scaled(medium_timeout)));
    must(vm->eject_medium());
    must(vm->serial().wait_for("installation medium cannot be read .*waiting for it", scaled(minutes(3))));
    must(vm->insert_medium(other));
    must(vm->serial().wait_for("still waiting for the payload", scaled(minutes(2))));
    must(vm->insert_medium(medium));
    must(vm->serial().wait_for("installation medium is back; going on", scaled(minutes(3))));
    must(vm->serial().wait_for("is installed; switching off", scaled(medium_timeout)));
    CHECK(must(vm->wait_exit(scaled(minutes(2)))).status == 0);
    CHECK(to_text(machine.protected_disks().check()).empty());
    workspace.succeeded();
}

TEST_CASE("a server takes over from a medium that is taken out for good", "[media-takeover]") {
    Workspace workspace("media-takeover");
    const TestMachine machine(workspace, Firmware::uefi, mib(1280));
    const BootServer server(workspace, machine);
    const WebServer web(server.tree);
    const auto medium = workspace / "medium.iso";
    must(personalized_copy(medium, site_text({.ssh_key = machine.ssh_key().public_line}),
                           {.kernel_arguments = {"bedplate.payload=" + base_url(server.port)}}));
    auto vm = start(machine.spec(medium), workspace);
    must(vm->serial().wait_for("unattended installation", scaled(menu_timeout)));
    must(vm->serial().wait_for(R"(^extract .*\d+:\d\d left)", scaled(medium_timeout)));
    must(vm->eject_medium());
    must(vm->serial().wait_for("is used instead; going on", scaled(minutes(3))));
    must(vm->serial().wait_for("is installed; switching off", scaled(medium_timeout)));
    CHECK(web.requests("node.tar.zst") > 0);
    CHECK(to_text(machine.protected_disks().check()).empty());
    fs::remove_all(server.tree);
    workspace.succeeded();
}
