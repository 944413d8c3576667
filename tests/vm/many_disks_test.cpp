// SPDX-License-Identifier: GPL-3.0-or-later
// Twenty-four disks on which somebody lives: torn down, partitioned and formatted side by side, against the
// same tools one after the other.
#include <catch2/catch_test_macros.hpp>
#include <format>
#include <fstream>
#include <ranges>
#include <regex>

#include "figures.hpp"
#include "harness/disk_images.hpp"
#include "installation.hpp"
#include "require.hpp"
#include "rescue.hpp"

using namespace bedplate;
using namespace bedplate::vm;
using std::chrono::minutes;

namespace fs = std::filesystem;

namespace {

std::vector<std::string> serial_numbers() {
    std::vector<std::string> serials{"MANYSYS"};
    for (int i = 1; i <= 23; ++i) {
        serials.push_back(std::format("MANYOSD{:02}", i));
    }
    return serials;
}

/// The script, its profile, and a site document that gives every disk up.
fs::path make_disks_case(const Workspace& workspace) {
    const auto cases = workspace / "cases";
    const auto layouts = top_directory() / "tests/vm/layouts";
    fs::create_directories(cases / "profiles/many");
    fs::copy_file(layouts / "many.yaml", cases / "profiles/many/many.yaml");
    fs::copy_file(layouts / "many-disks", cases / "many-disks");
    std::string wipe;
    for (const auto& serial : serial_numbers()) {
        wipe += std::format("{}{{serial: {}}}", wipe.empty() ? "" : ", ", serial);
    }
    auto site = site_text(
        {.ssh_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f "
                    "operator@workstation"});
    site = std::regex_replace(site, std::regex("wipe: blank-only"), "wipe: listed");
    site = std::regex_replace(site, std::regex(R"((cluster: (create|join))\})"),
                              std::format("$1, wipe: [{}]}}", wipe));
    std::ofstream(cases / "many.yaml") << site;
    return cases;
}

double seconds_of(const std::string& text, const std::string& who) {
    std::smatch found;
    REQUIRE(std::regex_search(text, found, std::regex("@" + who + "=([0-9]+)@")));
    return static_cast<double>(std::stoul(found[1])) / 1000;
}

}  // namespace

TEST_CASE("24 disks are torn down, partitioned and formatted side by side", "[many-disks]") {
    Workspace workspace("many-disks");
    VmSpec spec{.memory = mib(2560), .cpus = 2};  // alone, and about work side by side
    for (const auto& serial : serial_numbers()) {
        const auto image = workspace / (serial + ".img");
        must(make_blank_disk(image, serial == "MANYSYS" ? gib(16) : gib(8)));
        spec.disks.push_back({.id = serial,
                              .image = image,
                              .bus = DiskBus::scsi,
                              .serial = serial,
                              .model = "TESTHDD",
                              .vendor = "TEST"});
    }
    spec.nics = {NicSpec{}};
    spec.medium = MediumSpec{.iso = must(find_iso())};
    RescueShell shell(workspace, spec, make_disks_case(workspace));
    const auto said = shell.run("/cases/many-disks", minutes(30));
    INFO(said.text);
    REQUIRE(said.status == 0);
    const auto ours = seconds_of(said.text, "bedplate"), tools = seconds_of(said.text, "tools");
    proved(
        std::format("24 disks torn down, partitioned and formatted in {:.1f} s; the tools by hand {:.1f} s",
                    ours, tools));
    for (const std::regex stage("@stage ([^@]+)@");
         const auto& found : std::ranges::subrange(
             std::sregex_iterator(said.text.begin(), said.text.end(), stage), std::sregex_iterator())) {
        proved(found[1]);
    }
    shell.vm().power_cut();
    workspace.succeeded();
}
