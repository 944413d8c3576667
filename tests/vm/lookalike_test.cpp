// SPDX-License-Identifier: GPL-3.0-or-later
// Disks that look like others, or like nothing that anybody wants: the right one is chosen, or the refusal
// says why.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <format>
#include <fstream>

#include "figures.hpp"
#include "harness/disk_images.hpp"
#include "machine.hpp"
#include "require.hpp"
#include "rescue.hpp"

using namespace bedplate;
using namespace bedplate::vm;

namespace fs = std::filesystem;

namespace {

struct Look {
    std::string name, select;  ///< of the profile
    unsigned status;
    std::string said;  ///< has to stand in the plan or in the refusal
};

// The serial numbers of the disks below. "system" is shown for the one that a plan writes to.
const std::vector<Look> looks{
    {"perc", R"(model: "PERC*")", 0, R"("serial": "00PERC0001")"},
    {"raid", "transport: raid", 0, R"("serial": "00PERC0001")"},
    {"nvme", "transport: nvme", 0, R"("serial": "LKNVME0001")"},
    {"mpath", R"(wwn: "0x5000c50015ea71ac")", 0, R"("serial": "LKMPATH001")"},
    {"twins", R"(model: "TWIN*")", 4, "disk.several"},
    {"twin-b", "serial: LKTWIN000B", 0, R"("serial": "LKTWIN000B")"},
    {"clones", R"(model: "CLONE*")", 4, "disk.several"},
    {"usb-first", R"(vendor: "QEMU", min_size: 17GiB, max_size: 18GiB)", 4, "disk.none"},
    {"usb", R"(transport: usb)", 0, R"("serial": "LKUSB00001")"},
    {"read-only", "serial: LKRDONLY01", 4, "disk.none"},
    {"small", "serial: LKSMALL001", 4, "disk.too-small"},
    {"4kn", "serial: LK4KN00001", 0, R"("serial": "LK4KN00001")"},
    {"512e", "serial: LK512E0001", 0, R"("serial": "LK512E0001")"},
};

DiskSpec scsi_disk(const Workspace& workspace, const std::string& id, const std::string& serial,
                   const std::string& model, Bytes size = gib(16)) {
    const auto image = workspace / (id + ".img");
    must(make_blank_disk(image, size));
    return {
        .id = id, .image = image, .bus = DiskBus::scsi, .serial = serial, .model = model, .vendor = "TEST"};
}

std::vector<DiskSpec> look_alikes(const Workspace& workspace) {
    std::vector<DiskSpec> disks;
    // The stick comes first on its bus and in the list; names like sda are nobody's business.
    disks.push_back(scsi_disk(workspace, "usb0", "LKUSB00001", "", gib(17)));
    disks.back().bus = DiskBus::usb;
    disks.push_back(scsi_disk(workspace, "perc", "00PERC0001", "PERC H755 Front"));
    disks.back().bus = DiskBus::megasas;
    disks.back().vendor = "DELL";
    disks.push_back(scsi_disk(workspace, "nv", "LKNVME0001", ""));
    disks.back().bus = DiskBus::nvme;
    for (unsigned path = 0; path < 2; ++path) {
        auto disk =
            path == 0 ? scsi_disk(workspace, "path0", "LKMPATH001", "VirtualMultipath") : disks.back();
        disk.id = std::format("path{}", path);
        disk.vendor = "NVME";
        disk.wwn = 0x5000c50015ea71ac;
        disk.controller = path;
        disk.shared = true;
        disks.push_back(disk);
    }
    disks.push_back(scsi_disk(workspace, "twin-a", "LKTWIN000A", "TWIN"));
    disks.push_back(scsi_disk(workspace, "twin-b", "LKTWIN000B", "TWIN"));
    disks.push_back(scsi_disk(workspace, "clone-a", "LKCLONE001", "CLONE"));
    disks.push_back(scsi_disk(workspace, "clone-b", "LKCLONE001", "CLONE"));
    disks.push_back(scsi_disk(workspace, "read-only", "LKRDONLY01", "READONLY"));
    disks.back().read_only = true;
    disks.push_back(scsi_disk(workspace, "small", "LKSMALL001", "SMALL", gib(4)));
    disks.push_back(scsi_disk(workspace, "fourkn", "LK4KN00001", "FOURKN"));
    disks.back().logical_block_size = disks.back().physical_block_size = Bytes{4096};
    disks.push_back(scsi_disk(workspace, "fivetwelve", "LK512E0001", "FIVETWELVE"));
    disks.back().physical_block_size = Bytes{4096};
    return disks;
}

fs::path make_cases(const Workspace& workspace) {
    const auto folder = workspace / "cases";
    fs::create_directories(folder);
    for (const auto& look : looks) {
        write_profile(folder, look.name, look.select);
    }
    std::ofstream(folder / "site.yaml") << site_text(
        {.ssh_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f "
                    "operator@workstation"});
    return folder;
}

/// The disks that a plan (JSON, between other lines) gives a role.
std::string chosen_disks(const std::string& text) {
    // Events stand before it, one a line; the plan itself is written over many lines.
    const auto begin = text.find("\n{\n");
    const auto end = text.rfind('}');
    if (begin == std::string::npos || end == std::string::npos) {
        return text;
    }
    const auto json = parse_json(text.substr(begin, end - begin + 1), "plan");
    if (!json || !json->contains("disks")) {
        return text;
    }
    std::string chosen;
    for (const auto& disk : json->at("disks")) {
        if (disk.value("role", "") != "untouched") {
            chosen +=
                std::format("\"serial\": \"{}\" {}\n", disk.value("serial", ""), disk.value("role", ""));
        }
    }
    return chosen;
}

void check_looks(Firmware firmware, const std::string& name) {
    Workspace workspace(name);
    VmSpec spec{.firmware = firmware, .memory = mib(2048)};
    spec.disks = look_alikes(workspace);
    spec.nics = {NicSpec{}};
    spec.medium = MediumSpec{.iso = must(find_iso())};
    RescueShell shell(workspace, spec, make_cases(workspace));
    unsigned right = 0;
    for (auto look : looks) {
        if (firmware == Firmware::bios && look.name == "4kn") {
            look = {"4kn", look.select, 4, "boot.bios-4kn"};
        }
        const auto said = shell.run(
            std::format("bedplate install --json --profiles profiles/{} --site site.yaml", look.name));
        const auto text = said.status == 0 ? chosen_disks(said.text) : said.text;
        INFO(look.name << ": " << text);
        CHECK(said.status == look.status);
        CHECK(text.find(look.said) != std::string::npos);
        // One disk and no other.
        CHECK((said.status != 0 || std::ranges::count(text, '\n') == 1));
        right += said.status == look.status && text.find(look.said) != std::string::npos ? 1 : 0;
    }
    for (const auto& [disk, counters] : must(shell.vm().disk_counters())) {
        INFO(disk);
        CHECK(counters.written_bytes == 0);
    }
    shell.vm().power_cut();
    proved(std::format("{} of {} look-alikes in {} mode: the right disk or the named refusal", right,
                       looks.size(), firmware == Firmware::bios ? "BIOS" : "UEFI"));
    workspace.succeeded();
}

}  // namespace

TEST_CASE("disks that look alike are told apart, in UEFI mode", "[look-alikes]") {
    check_looks(Firmware::uefi, "look-alikes-uefi");
}

TEST_CASE("disks that look alike are told apart, in BIOS mode, where 4Kn does not boot",
          "[look-alikes-bios]") {
    check_looks(Firmware::bios, "look-alikes-bios");
}
