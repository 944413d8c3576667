// SPDX-License-Identifier: GPL-3.0-or-later
// Bad input of every kind: a clear error on the serial line and in the exit status, and not one byte written.
#include <catch2/catch_test_macros.hpp>
#include <format>
#include <regex>

#include "harness/disk_images.hpp"
#include "harness/medium_copy.hpp"
#include "machine.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"
#include "rescue.hpp"

using namespace bedplate;
using namespace bedplate::vm;
using std::chrono::minutes;

namespace fs = std::filesystem;

namespace {

void check_nothing_written(Vm& vm) {
    const auto counters = must(vm.disk_counters());
    CHECK(counters.size() == vm.spec().disks.size());
    for (const auto& [disk, count] : counters) {
        INFO(disk);
        CHECK(count.written_bytes == 0);
        CHECK(count.write_operations == 0);
    }
}

/// The medium is put in, the machine started, and the unattended installation ends with this error code.
void check_medium_refused(const Workspace& workspace, const TestMachine& machine, const std::string& code) {
    const auto before = must(content_digest(machine.system_disk()));
    auto vm = machine.boot_medium(workspace / "medium.iso", "unattended installation");
    must(vm->serial().wait_for("code " + code + ", exit status", scaled(minutes(3))));
    must(vm->screendump(workspace / "screen.png"));
    check_nothing_written(*vm);
    CHECK(vm->running());  // the screen stays
    vm->power_cut();
    CHECK(must(content_digest(machine.system_disk())) == before);
    CHECK(to_text(machine.protected_disks().check()).empty());
}

void make_plain_medium(const Workspace& workspace, const TestMachine& machine) {
    must(personalized_copy(workspace / "medium.iso", site_text({.ssh_key = machine.ssh_key().public_line})));
}

struct BadInput {
    std::string_view what, site, profiles;
    unsigned status;
    std::string_view said;  ///< an expression that is found in what the command prints
};

constexpr BadInput bad_inputs[] = {
    {"a typing error in the site document", "site-typo", "two-disks", 3, "hostnmae"},
    {"two disks for the system role", "site", "two-disks", 4, R"("disk\.several")"},
    {"no disk for the system role", "site", "no-disk", 4, R"("disk\.none")"},
    {"a disk one sector too small", "site", "too-small", 4, "512 bytes are missing"},
    {"a profile that matches nothing", "site", "no-match", 4, R"("profile\.none")"},
    {"two profiles that match equally", "site", "two-equal", 4, R"("profile\.ambiguous")"},
};

/// Size of the layout in cases/profiles/too-small: first MiB and BIOS boot partition, ESP and /boot of 512
/// MiB, a MiB of LVM header, 5 + 1 + 0.5 GiB of volumes, and 33 sectors of backup GPT.
constexpr Bytes exact_size = mib(2 + 512 + 512 + 1 + 6656) + Bytes{33 * 512};

}  // namespace

TEST_CASE("a flipped byte in the payload ends the installation before anything is written", "[bad-media]") {
    Workspace workspace("flipped-payload");
    const TestMachine machine(workspace, Firmware::bios, mib(2048));
    make_plain_medium(workspace, machine);
    const auto payload = must(offset_in_iso(workspace / "medium.iso", "/bedplate/payload/node.tar.zst"));
    must(flip_bit(workspace / "medium.iso", payload + mib(200).value + 12'345));
    check_medium_refused(workspace, machine, "payload\\.corrupt");
    workspace.succeeded();
}

TEST_CASE("a flipped bit in the manifest ends the installation before anything is written", "[media-bits]") {
    Workspace workspace("flipped-manifest");
    const TestMachine machine(workspace, Firmware::uefi_secure_boot, mib(2048));
    make_plain_medium(workspace, machine);
    const auto manifest = must(offset_in_iso(workspace / "medium.iso", "/bedplate/manifest.json"));
    must(flip_bit(workspace / "medium.iso", manifest + 40));
    check_medium_refused(workspace, machine, "manifest\\.signature");
    workspace.succeeded();
}

TEST_CASE(
    "wrong documents, unsuitable disks and an unsigned medium are refused, one after another, in the rescue "
    "shell",
    "[bad-input]") {
    Workspace workspace("bad-input");
    const TestMachine machine(workspace, Firmware::bios, mib(1536));
    auto spec = machine.spec(must(find_iso()));
    const auto extra = [&](std::string id, std::string serial, std::string model, Bytes size) {
        const auto image = workspace / (id + ".img");
        must(make_blank_disk(image, size));
        spec.disks.push_back({.id = std::move(id),
                              .image = image,
                              .bus = DiskBus::scsi,
                              .serial = std::move(serial),
                              .model = std::move(model),
                              .vendor = "ATA"});
    };
    extra("twin", "BPSYS0002", "DELLBOSS VD", gib(16));
    extra("small", "BPSMALL01", "QEMU HARDDISK", exact_size - Bytes{512});
    extra("exact", "BPEXACT01", "QEMU HARDDISK", exact_size);

    RescueShell shell(workspace, spec, top_directory() / "tests/vm/cases");
    // The control run: with a disk of just the right size and no --commit the same command succeeds.
    const auto control = shell.run("bedplate install --profiles profiles/exact --site site.yaml");
    CHECK(control.status == 0);
    CHECK(control.text.find("BPEXACT01") != std::string::npos);
    for (const auto& input : bad_inputs) {
        const auto said =
            shell.run(std::format("bedplate install --json --commit --profiles profiles/{} --site {}.yaml",
                                  input.profiles, input.site));
        INFO(input.what << ": " << said.text);
        CHECK(said.status == input.status);
        CHECK(std::regex_search(said.text, std::regex(std::string(input.said))));
    }
    const auto unsigned_medium = workspace / "unsigned.iso";
    fs::copy_file(must(find_iso()), unsigned_medium);
    must(rename_in_iso(unsigned_medium, "manifest.json.sig", "manifest.json.sih"));
    CHECK(shell.run("umount --all --types iso9660").status == 0);  // what is mounted is remembered
    must(shell.vm().insert_medium(unsigned_medium));
    const auto said = shell.run(
        "bedplate install --json --commit --skip-network-proof --profiles profiles/exact --site site.yaml",
        minutes(3));
    INFO(said.text);
    CHECK(said.status != 0);
    CHECK(said.text.contains("manifest.unsigned"));
    check_nothing_written(shell.vm());
    shell.vm().power_cut();
    CHECK(to_text(machine.protected_disks().check()).empty());
    workspace.succeeded();
}
