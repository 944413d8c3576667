// SPDX-License-Identifier: GPL-3.0-or-later
// A mirrored system, a fast tier, and OSDs with their databases on another disk: installed, started, filled
// by a Ceph that runs, installed again without losing what the OSDs and the fast tier hold, and started from
// the half of the mirror that is left.
#include <catch2/catch_test_macros.hpp>
#include <format>

#include "figures.hpp"
#include "harness/offline_node.hpp"
#include "installation.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"
#include "rescue.hpp"
#include "server.hpp"

using namespace bedplate;
using namespace bedplate::vm;
using std::chrono::minutes;
using std::chrono::seconds;

namespace fs = std::filesystem;

namespace {

constexpr auto object_text = "written before the node was installed again";

/// One entry for each half, tried before anything else, and none of an earlier installation. Asked in the
/// installer: at the next start QEMU's firmware puts the machine's own boot order in between.
void check_boot_entries(RescueShell& shell) {
    const auto said = shell.run(
        "efibootmgr; echo @ours=$(efibootmgr | grep -c -i '^Boot....[*] bedplate')@; echo @first=$(for n in "
        "$(efibootmgr | sed -n 's/^BootOrder: //p' | tr , ' '); do efibootmgr | grep \"^Boot$n\"; done | "
        "head -n 2 | grep -c -i '[*] bedplate')@");
    INFO(said.text);
    CHECK(said.text.find("@ours=2@") != std::string::npos);
    CHECK(said.text.find("@first=2@") != std::string::npos);
}

/// Install in the shell, on a mirror; the power goes as soon as the installer is done.
void install(const Server& server, std::uint64_t generation) {
    auto shell = server.installer(generation);
    const auto begun = std::chrono::steady_clock::now();
    const auto said = shell.run(
        "set -o pipefail; bedplate install --commit --profiles profiles --site site.yaml 2>&1 | tee "
        "/dev/console | "
        "tail -n 40",
        minutes(25));
    INFO(said.text);
    REQUIRE(said.status == 0);
    const auto counters = must(shell.vm().disk_counters());
    CHECK(counters.at("safe").written_bytes == 0);
    check_boot_entries(shell);
    shell.vm().power_cut();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    proved(std::format("generation {} installed in {:.0f} s", generation, took.count()));
}

std::string wait_for(const GuestSsh& ssh, const std::string& condition, minutes limit) {
    const auto done = must(ssh.run(std::format("timeout {} sh -c 'until {}; do sleep 2; done'",
                                               scaled(seconds(limit)).count() / 1000, condition),
                                   scaled(limit + minutes(1))));
    if (done.exit_status == 0) {
        return {};
    }
    return must(
        ssh.output("systemctl --no-pager status bedplate-firstboot 2>&1; journalctl --no-pager -n 80 2>&1; "
                   "ceph -s 2>&1 || true"));
}

void check_mirror(const GuestSsh& ssh) {
    const auto arrays = must(ssh.output("cat /proc/mdstat"));
    INFO(arrays);
    CHECK(arrays.find("[UU]") != std::string::npos);
    CHECK(arrays.find("[UUUU]") != std::string::npos);
}

/// The number and the fsid of every OSD, in order.
std::string osds_of(const GuestSsh& ssh) {
    return must(
        ssh.output("ceph osd dump --format json | python3 -c 'import json, sys; "
                   "print([(o[\"osd\"], o[\"uuid\"]) for o in json.load(sys.stdin)[\"osds\"]])'"));
}

/// What no installer may lose: an object in the OSDs, a volume in the fast tier. And what only this test
/// keeps, the monitor's store, which lives on the system disk: on the disk that no role names.
std::string fill(const GuestSsh& ssh) {
    CHECK(run_script(ssh, top_directory() / "tests/vm/layouts/monitor").find("@monitor@") !=
          std::string::npos);
    must(ssh.run("/usr/lib/bedplate/bedplate-firstboot osds", scaled(minutes(10))));
    const auto trouble = wait_for(ssh, "ceph osd stat | grep -q \"2 up\"", minutes(10));
    INFO(trouble);
    REQUIRE(trouble.empty());
    must(
        ssh.output(std::format("ceph osd pool create proof 8 && echo '{}' >/root/object && "
                               "timeout 120 rados --pool proof put object /root/object && "
                               "lvcreate --yes --name proof --size 64M fast && "
                               "dd if=/root/object of=/dev/fast/proof conv=fsync status=none",
                               object_text)));
    auto osds = osds_of(ssh);
    // Stopping the target would not wait for the daemons.
    must(
        ssh.output("systemctl stop 'ceph-osd@*' 'ceph-mon@*' && "
                   "tar -C / -cf /dev/disk/by-id/virtio-SAFE0001 var/lib/ceph/mon etc/ceph "
                   "var/lib/ceph/bootstrap-osd && sync"));
    return osds;
}

void check_kept(const GuestSsh& ssh, const std::string& osds) {
    must(ssh.output("tar -C / -xf /dev/disk/by-id/virtio-SAFE0001 && systemctl start ceph-mon@$(hostname)"));
    must(ssh.run("/usr/lib/bedplate/bedplate-firstboot osds", scaled(minutes(10))));
    const auto trouble = wait_for(ssh, "ceph osd stat | grep -q \"2 up\"", minutes(10));
    INFO(trouble);
    REQUIRE(trouble.empty());
    CHECK(osds_of(ssh) == osds);
    CHECK(must(ssh.output("timeout 120 rados --pool proof get object -")) == object_text);
    CHECK(must(ssh.output("vgchange -q -ay fast >/dev/null; head -n 1 /dev/fast/proof")) == object_text);
}

}  // namespace

TEST_CASE("a mirror, a fast tier and OSDs are installed, and installed again around what they hold",
          "[layouts]") {
    Workspace workspace("layouts");
    Server server(workspace, top_directory() / "tests/vm/layouts/layouts.yaml");
    server.add("system1", "BPSYS0001", DiskBus::scsi, gib(16), "DELLBOSS VD");
    server.add("system2", "BPSYS0002", DiskBus::scsi, gib(16), "DELLBOSS VD");
    for (const auto* number : {"1", "2", "3", "4"}) {
        server.add(std::string("fast") + number, std::string("FAST000") + number, DiskBus::nvme, gib(4));
    }
    server.add("data1", "OSDDATA1", DiskBus::scsi, gib(10), "TESTHDD");
    server.add("data2", "OSDDATA2", DiskBus::scsi, gib(10), "TESTHDD");
    server.add("databases", "OSDDB1", DiskBus::nvme, gib(8));
    server.add("safe", "SAFE0001", DiskBus::virtio, gib(1));
    const auto ssh = server.ssh();
    std::string osds;

    install(server, 1);
    CHECK(is_bootable(server.image(0), Firmware::uefi));
    CHECK(is_bootable(server.image(1), Firmware::uefi));
    {
        auto vm = server.node();
        check_mirror(ssh);
        osds = fill(ssh);
        proved("two OSDs with databases on another disk were made at first boot: " + osds);
        must(vm->powerdown());
        CHECK(must(vm->wait_exit(scaled(minutes(5)))).status == 0);
    }
    install(server, 2);
    {
        auto vm = server.node();
        check_mirror(ssh);
        check_kept(ssh, osds);
        proved(
            "after the second installation the same OSDs are up, with the object, and the fast tier has its "
            "volume");
        must(vm->powerdown());
        CHECK(must(vm->wait_exit(scaled(minutes(5)))).status == 0);
    }
    {
        auto vm = server.node(1);
        const auto arrays = must(ssh.output("cat /proc/mdstat"));
        INFO(arrays);
        CHECK((arrays.find("[_U]") != std::string::npos || arrays.find("[U_]") != std::string::npos));
        CHECK(must(ssh.output("hostname")) == "vmnode1");
        proved("with one half pulled out the node starts from the other");
        vm->power_cut();
    }
    workspace.succeeded();
}

TEST_CASE("an encrypted system is opened by the machine's TPM, and by no other", "[layouts-tpm]") {
    Workspace workspace("layouts-tpm");
    Server server(workspace, top_directory() / "tests/vm/layouts/encrypted.yaml");
    server.add("system1", "BPSYS0001", DiskBus::scsi, gib(16), "DELLBOSS VD");
    server.add_tpm();
    // Not the shell's way, past shim: the TPM's PCR 7 has to be what it will be when the node starts.
    server.install_unattended();
    {
        auto vm = server.node();
        const auto& ssh = server.ssh();
        CHECK(must(ssh.output("systemctl is-system-running --wait")) == "running");
        const auto tree =
            must(ssh.output("lsblk --inverse --noheadings --output TYPE $(findmnt -n -o SOURCE /)"));
        INFO(tree);
        CHECK(tree.find("crypt") != std::string::npos);
        proved("the node starts from its encrypted disk, opened by the TPM");
        must(vm->powerdown());
        CHECK(must(vm->wait_exit(scaled(minutes(5)))).status == 0);
    }
    fs::remove_all(workspace / "tpm");
    {
        auto vm = server.start();
        must(vm->serial().wait_for("Please unlock disk", scaled(minutes(4))));
        CHECK_FALSE(server.ssh().wait_ready(scaled(minutes(2))));
        proved("with another TPM it stays at the question for a passphrase");
        vm->power_cut();
    }
    workspace.succeeded();
}
