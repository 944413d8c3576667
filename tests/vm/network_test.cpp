// SPDX-License-Identifier: GPL-3.0-or-later
// The network on the virtual rack: proved in the installer, with every fault of a switch; and on the
// installed node.
#include <catch2/catch_test_macros.hpp>
#include <format>
#include <fstream>
#include <iostream>
#include <regex>
#include <span>
#include <thread>

#include "base/text.hpp"
#include "figures.hpp"
#include "harness/accelerator.hpp"
#include "harness/disk_images.hpp"
#include "harness/medium_copy.hpp"
#include "harness/tiny_guest.hpp"
#include "installation.hpp"
#include "platform/time_scale.hpp"
#include "rack_machine.hpp"
#include "require.hpp"

using namespace bedplate;
using namespace bedplate::vm;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace fs = std::filesystem;

namespace {

/// How long the proof may take on an emulated machine, the waiting for LLDP included.
constexpr minutes proof_time{2};

void append(std::ofstream& initrd, const fs::path& archive) {
    // The kernel wants each archive to begin at a multiple of four bytes.
    while (initrd.tellp() % 4 != 0) {
        initrd.put('\0');
    }
    initrd << std::ifstream(archive, std::ios::binary).rdbuf();
}

/// The installer's rescue shell, with `folder` laid over its root.
DirectBoot rescue_shell(const Workspace& workspace, const fs::path& folder) {
    const auto iso = must(find_iso());
    must(extract_from_iso(iso, "/boot/vmlinuz", workspace / "vmlinuz"));
    must(extract_from_iso(iso, "/boot/installer.cpio.zst", workspace / "initrd.cpio"));
    must(pack_initramfs(folder, workspace / "extra.cpio"));
    std::ofstream initrd(workspace / "initrd.cpio", std::ios::binary | std::ios::app);
    append(initrd, workspace / "extra.cpio");
    return {workspace / "vmlinuz", workspace / "initrd.cpio",
            "console=tty0 console=ttyS0,115200n8 bedplate.mode=rescue quiet no_timer_check"};
}

void wait_for_shell(SerialConsole& serial) {
    must(serial.wait_for("This is the Bedplate installer environment", scaled(minutes(4))));
    // What is typed before the shell has its prompt up is thrown away when it sets the terminal up.
    must(serial.wait_for("^root@installer:~# ", scaled(minutes(1))));
    // A busy host makes the guest as slow as itself.
    must(serial.type(std::format(
        "udevadm settle; cd /rack; export BEDPLATE_TIME_SCALE={}; echo @ready\"\"@\n", time_scale())));
    must(serial.wait_for("^@ready@", scaled(minutes(1))));
}

/// What a command prints on the console, and how it ends.
struct Said {
    unsigned status = 0;
    std::string text;
};

Said type_command(SerialConsole& serial, const std::string& command, milliseconds timeout) {
    const auto before = serial.text().size();
    must(serial.type(command + " 2>&1; echo \"@status=$?@\"\n"));
    const auto line = must(serial.wait_for("^@status=[0-9]+@", scaled(timeout)));
    return {static_cast<unsigned>(std::stoul(line.substr(8))), serial.text().substr(before)};
}

/// A rescue shell on the rack, in which the proof is run again and again.
class ProofVm {
public:
    explicit ProofVm(const std::string& name)
        : workspace_(name), machine_(workspace_, Firmware::bios, mib(1536)), rack_(workspace_) {
        const auto folder = workspace_ / "extra";
        fs::create_directories(folder / "rack");
        std::ofstream(folder / "rack/site.yaml") << rack_site(machine_.ssh_key().public_line);
        // The same profile for a rack whose switch has a name.
        fs::create_directories(folder / "rack/named");
        std::ifstream profile(top_directory() / "profiles/vm-rack.yaml");
        std::ofstream named(folder / "rack/named/vm-rack.yaml");
        for (std::string line; std::getline(profile, line);) {
            const auto at = line.find("mtu: 9000}");
            named << (at == std::string::npos ? line
                                              : line.substr(0, at) + "mtu: 9000, expect_switch: \"tor-*\"}")
                  << '\n';
        }
        named.close();
        auto spec = machine_.spec(must(find_iso()));
        spec.cpus = 2;
        spec.direct_boot = rescue_shell(workspace_, folder);
        spec.nics = rack_.nics();
        vm_ = must(Vm::start(spec, workspace_.path(), must(choose_accelerator())));
        wait_for_shell(vm_->serial());
    }

    Said prove(const std::string& more = "") {
        const auto begun = std::chrono::steady_clock::now();
        auto said = type_command(vm_->serial(), "bedplate network prove --site site.yaml" + more, proof_time);
        const auto took = std::chrono::steady_clock::now() - begun;
        std::cout << std::format("  proof: status {}, {} s\n", said.status,
                                 std::chrono::duration_cast<seconds>(took).count());
        return said;
    }

    /// The proof fails and says this.
    void expect_failure(const std::string& what, std::string_view pattern, const std::string& more = "") {
        std::cout << what << '\n';
        const auto said = prove(more);
        INFO(what << "\n" << said.text);
        REQUIRE(said.status == 4);
        // The shell's terminal breaks lines wherever they become too long, words too.
        std::string text = said.text;
        std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
        std::string wanted(pattern);
        std::erase(wanted, ' ');
        REQUIRE(std::regex_search(text, std::regex(wanted)));
        ++faults_named_;
    }
    [[nodiscard]] unsigned faults_named() const { return faults_named_; }

    Vm& vm() { return *vm_; }
    RackFixture& rack() { return rack_; }
    Workspace& workspace() { return workspace_; }
    const TestMachine& machine() { return machine_; }

private:
    Workspace workspace_;
    TestMachine machine_;
    RackFixture rack_;
    std::unique_ptr<Vm> vm_;
    unsigned faults_named_ = 0;
};

void check_faults(ProofVm& proof) {
    auto& rack = proof.rack().rack();
    must(rack.mute("n1", true));
    proof.expect_failure("a muted port", "no LACP on nic1");
    must(rack.mute("n1", false));

    must(rack.vsctl({"set", "Port", "lag", "trunks=100,300,301"}));
    proof.expect_failure("a VLAN missing on the trunk", "VLAN 200 .*10\\.0\\.200\\.1 does not");

    must(
        rack.vsctl({"set", "Port", "lag", "trunks=100,200,300,301", "vlan_mode=native-untagged", "tag=100"}));
    proof.expect_failure("the wrong native VLAN", "VLAN 100 is the native VLAN");
    proof.rack().connect_well();

    must(rack.add_host("thief", 200, "10.0.200.11/24"));
    proof.expect_failure("somebody has the node's address",
                         "VLAN 200 .*[0-9a-f:]{17} has the address 10\\.0\\.200\\.11");
    must(rack.remove_host("thief"));

    must(rack.limit("n0", 1500));
    must(rack.limit("n1", 1500));
    proof.expect_failure("a switch that drops large packets",
                         "VLAN 30[01] .*packets of 9000 bytes do not reach");
    must(rack.limit("n0", 0));
    must(rack.limit("n1", 0));

    must(proof.vm().set_link("nic1", false));
    proof.expect_failure("a port without link", "no link on nic1");
    must(proof.vm().set_link("nic1", true));

    must(rack.speak_lldp("n0"));
    proof.expect_failure("a switch of another name", "nic0 .*expected tor-", " --profiles named");

    must(rack.vsctl({"del-port",
                     "rack",
                     "lag",
                     "--",
                     "add-port",
                     "rack",
                     "n0",
                     "--",
                     "set",
                     "Port",
                     "n0",
                     "lacp=active",
                     "other_config:lacp-time=fast",
                     "--",
                     "add-port",
                     "rack",
                     "n1",
                     "--",
                     "set",
                     "Port",
                     "n1",
                     "lacp=active",
                     "other_config:lacp-time=fast",
                     "other_config:lacp-system-id=02:00:00:00:00:99"}));
    proof.expect_failure("two switches", "different switches");
    must(rack.vsctl({"del-port", "rack", "n0", "--", "del-port", "rack", "n1"}));
    proof.rack().connect_well();
}

void check_losses(ProofVm& proof) {
    auto& rack = proof.rack().rack();
    const auto settled = [&] {
        // Both legs in service again, on both ends: the slower one is the bond's own churn machine.
        std::this_thread::sleep_for(scaled(seconds(8)));
    };
    settled();
    const auto quiet = proof.rack().loss_during([] {}, seconds(5));
    const auto cable = [&](bool plugged) {
        must(proof.vm().set_link("nic0", plugged));
        must(rack.set_link("n0", plugged));
    };
    const auto pulled = proof.rack().loss_during([&] { cable(false); }, seconds(12));
    cable(true);
    settled();
    const auto muted = proof.rack().loss_during([&] { must(rack.mute("n0", true)); }, seconds(14));
    must(rack.mute("n0", false));
    proved(std::format("lost: {} ms undisturbed, {} ms with a leg pulled, {} ms with a leg muted",
                       quiet.count(), pulled.count(), muted.count()));
    CHECK(quiet <= milliseconds(200));
    CHECK(pulled <= seconds(3));
    CHECK(muted <= seconds(4));
}

}  // namespace

TEST_CASE("the installer proves the network on the rack and names every fault of a switch",
          "[network-proof]") {
    ProofVm proof("network-proof");
    std::cout << "as it should be\n";
    const auto good = proof.prove();
    INFO(good.text);
    REQUIRE(good.status == 0);
    CHECK(good.text.contains("the network holds"));
    const auto bond =
        type_command(proof.vm().serial(), "grep -c 'port state: 63' /proc/net/bonding/bond0", seconds(20));
    CHECK(bond.text.contains("\n4\n"));

    check_losses(proof);
    check_faults(proof);

    std::cout << "a DHCP server that nobody asked for\n";
    must(proof.rack().rack().rogue_dhcp("gw100", "10.0.100.100", "10.0.100.200"));
    CHECK(proof.prove().status == 0);
    const auto addresses = type_command(proof.vm().serial(), "ip -4 -o address show", seconds(20));
    CHECK(!addresses.text.contains("10.0.100.1/"));
    CHECK(addresses.text.contains("10.0.100.11/24"));

    for (const auto& [disk, count] : must(proof.vm().disk_counters())) {
        INFO(disk);
        CHECK(count.written_bytes == 0);
    }
    proved(std::format("the network holds; {} faults of a switch end in their errors", proof.faults_named()));
    proof.vm().power_cut();
    proof.workspace().succeeded();
}

namespace {

void install_on_rack(const Workspace& workspace, const TestMachine& machine, RackFixture& rack) {
    const auto medium = workspace / "medium.iso";
    must(personalized_copy(medium, rack_site(machine.ssh_key().public_line)));
    auto spec = machine.spec(medium);
    spec.cpus = 2;
    spec.nics = rack.nics();
    auto vm = must(Vm::start(spec, workspace.path(), must(choose_accelerator())));
    must(vm->serial().wait_for("the network holds", scaled(minutes(6))));
    must(vm->serial().wait_for("is installed; switching off", scaled(install_timeout)));
    CHECK(must(vm->wait_exit(scaled(minutes(2)))).status == 0);
}

/// Slots of nic0 and nic1 on PCI bus 0, and which of them QEMU is told of first: ten ways in which a firmware
/// might number the ports.
struct Slots {
    unsigned nic0, nic1;
    bool second_first = false;
};
constexpr Slots shuffled[] = {{16, 17},       {17, 16}, {20, 9},        {9, 20, true}, {12, 11},
                              {11, 12, true}, {30, 10}, {10, 30, true}, {14, 13},      {13, 14, true}};

/// From its own disk, with its ports in these slots, until it lets us in.
std::unique_ptr<Vm> boot(const Workspace& workspace, const TestMachine& machine, RackFixture& rack,
                         const Slots& slots) {
    auto spec = machine.spec();
    spec.cpus = 2;
    spec.nics = rack.nics();
    spec.nics[0].pci_slot = slots.nic0;
    spec.nics[1].pci_slot = slots.nic1;
    if (slots.second_first) {
        std::swap(spec.nics[0], spec.nics[1]);
    }
    auto vm = must(Vm::start(spec, workspace.path(), must(choose_accelerator())));
    must(rack.ssh(machine.ssh_key()).wait_ready(scaled(minutes(7))));
    return vm;
}

std::string on_node(RackFixture& rack, const TestMachine& machine, const std::string& command) {
    const auto result = must(rack.ssh(machine.ssh_key()).run(command, scaled(minutes(2))));
    INFO(command << ": " << result.err);
    CHECK(result.exit_status == 0);
    return std::string(trim(result.out));
}

/// Every port has the name that the installer showed, every network its address.
void check_names(RackFixture& rack, const TestMachine& machine) {
    for (unsigned port = 0; port < 2; ++port) {
        REQUIRE(
            on_node(rack, machine, std::format("cat /sys/class/net/nic{}/bonding_slave/perm_hwaddr", port)) ==
            std::format("52:54:00:00:01:0{}", port));
    }
    const auto addresses = on_node(rack, machine, "ip -4 -brief address");
    INFO(addresses);
    for (const auto* network :
         {"mgmt@bond0 +UP +10\\.0\\.100\\.11/24", "svc@bond0 +UP +10\\.0\\.200\\.11/24",
          "stpub@bond0 +UP +10\\.0\\.30\\.11/24", "stclu@bond0 +UP +10\\.0\\.31\\.11/24"}) {
        REQUIRE(std::regex_search(addresses, std::regex(network)));
    }
}

void shut_down(Vm& vm) {
    must(vm.powerdown());
    CHECK(must(vm.wait_exit(scaled(minutes(3)))).status == 0);
}

/// A change that cuts everybody off comes back by itself; one that is confirmed stays.
void check_dead_man_switch(RackFixture& rack, const TestMachine& machine) {
    const auto ssh = rack.ssh(machine.ssh_key());
    const auto upload = [&](unsigned vlan) {
        const auto site = rack_site(machine.ssh_key().public_line, vlan);
        (void)on_node(rack, machine, "cat > /root/site.yaml <<'END'\n" + site + "END\n");
    };
    upload(150);
    std::cout << "a change that cuts the connection\n";
    // The answer may never arrive: the connection dies with the VLAN.
    (void)ssh.run("bedplate network apply --site /root/site.yaml --confirm-within 40s", seconds(20));
    CHECK_FALSE(ssh.run("true", seconds(16)));
    must(ssh.wait_ready(scaled(seconds(90))));
    CHECK(on_node(rack, machine, "cat /etc/systemd/network/40-mgmt.netdev").contains("Id=100"));

    std::cout << "the same change, to which the switch agrees\n";
    must(rack.rack().vsctl({"set", "Port", "lag", "trunks=100,150,200,300,301"}));
    (void)ssh.run("bedplate network apply --site /root/site.yaml --confirm-within 60s", seconds(20));
    must(rack.rack().vsctl({"set", "Port", "gw100", "tag=150"}));
    std::this_thread::sleep_for(seconds(3));
    CHECK(on_node(rack, machine, "bedplate network confirm").contains("stays"));
    std::this_thread::sleep_for(scaled(seconds(65)));
    CHECK(on_node(rack, machine, "ip -d link show mgmt").contains("id 150"));
}

}  // namespace

TEST_CASE(
    "a node is installed over an LACP bond, comes up on it ten times with its ports in other slots and keeps "
    "its names and addresses, and shows the documented ports only",
    "[network-node]") {
    Workspace workspace("network-node");
    const TestMachine machine(workspace, Firmware::uefi, mib(2560));
    RackFixture rack(workspace);
    install_on_rack(workspace, machine, rack);
    auto vm = boot(workspace, machine, rack, shuffled[0]);
    check_names(rack, machine);
    CHECK(on_node(rack, machine, "grep -c 'port state: 63' /proc/net/bonding/bond0") == "4");
    CHECK(on_node(rack, machine, "cat /sys/class/net/stpub/mtu") == "9000");
    CHECK(must(rack.rack().run({"ping", "-M", "do", "-s", "8972", "-c", "2", "-W", "2", "10.0.30.11"}))
              .exit_status == 0);
    CHECK(on_node(rack, machine, "ls /sys/class/net").contains("nic0"));
    CHECK(on_node(rack, machine, "systemctl is-system-running --wait || systemctl --failed --no-legend") ==
          "running");
    for (const std::string address : {"10.0.100.11", "10.0.200.11", "10.0.30.11", "10.0.31.11"}) {
        INFO(address);
        const auto ports = must(rack.rack().open_ports(address));
        // docs/ports.md: of what is let in, only OpenSSH runs before the node belongs to a cluster.
        CHECK(ports == (address == "10.0.100.11" ? std::vector<unsigned>{22} : std::vector<unsigned>{}));
    }
    unsigned same = 1;
    for (const Slots& slots : std::span(shuffled).subspan(1)) {
        INFO("slots " << slots.nic0 << " and " << slots.nic1);
        shut_down(*vm);
        vm = boot(workspace, machine, rack, slots);
        check_names(rack, machine);
        ++same;
    }
    proved(std::format("{} starts with the ports in other slots: names and addresses as planned", same));
    check_dead_man_switch(rack, machine);
    proved("a change that cuts everybody off comes back by itself, and stays once it is confirmed");
    shut_down(*vm);
    CHECK(to_text(machine.protected_disks().check()).empty());
    workspace.succeeded();
}
