// SPDX-License-Identifier: GPL-3.0-or-later
// The shipped profiles against every recorded machine.
#include <catch2/catch_test_macros.hpp>
#include <map>

#include "documents.hpp"

using namespace bedplate;
using namespace bedplate::test;

namespace {

/// A new machine in tests/machines wants a line here. Which profile each gets; for those that get none, why
/// the profile fails that comes nearest.
struct Expected {
    std::string profile;
    std::string none_because = {};
};

const std::map<std::string, Expected> expected{
    {"c6525-sled-nvme-bcm57414", {"dell-c6525"}},
    {"r640-boss-h740p-vmedia", {"dell-r640-boss"}},
    {"r640-hci-ceph-on-perc", {"dell-r640-perc"}},
    {"r650-h745-linux-vmedia", {"dell-r650-perc"}},
    {"r730-h730-single-vd-32g", {"dell-r730-perc"}},
    // No disk of this machine is behind a RAID controller, and none has anything by which it could be named.
    {"r730-hba330-idsdm-cx3", {"", "dell-r730-perc: disks with transport raid, model PERC H730*: found 0"}},
    {"r730xd-h730p-2vd-x540-x520", {"dell-r730xd-perc"}},
    // Nine equal volumes of which nothing but the size is known.
    {"r740xd-bmh-9vd-cx4lx", {"", "dell-r740xd-boss: disks with model DELLBOSS*: found 0"}},
    {"r750-boss-passthrough-nvme", {"dell-r750-boss-passthrough"}},
    {"r7515-h730p-single-vd", {"dell-r7515-perc"}},
    {"r7525-h745-idsdm-live-vmedia-eno33", {"dell-r7525-perc"}},
    // Two boot sticks in a software mirror, of which neither model nor serial is known.
    {"r7525-h755n-nvme-as-scsi-mdraid-boot",
     {"", "dell-r7525-boss-h755n: disks with model DELLBOSS*: found 0"}},
    {"r760-h755n-nvme-no-wwn",
     {"", "dell-r760-boss-h755n: disks with transport nvme, model Dell BOSS-N1*: found 0"}},
    {"r940-h740p-boss-idsdm-8nvme", {"dell-r940-boss"}},
    {"t640-4kn-derived", {"dell-t640-boss"}},
    {"t640-boss-h740p-dvd-em", {"dell-t640-boss"}},
    {"vm-lookalikes", {"vm-r750"}},
    {"vm-lookalikes", {"vm-r750"}},
    {"vm-r750", {"vm-r750"}},
    {"vxrail-e560f-node1", {"dell-vxrail-e560f"}},
};

}  // namespace

TEST_CASE("every recorded machine gets the profile that was chosen for it, or a refusal with the reason") {
    const auto profiles = shipped_profiles();
    for (const std::string& name : machine_names()) {
        INFO(name);
        const auto wanted = expected.find(name);
        REQUIRE(wanted != expected.end());
        const auto chosen = choose_profile(machine(name), profiles);
        if (wanted->second.none_because.empty()) {
            INFO((chosen ? "" : chosen.error().to_text()));
            REQUIRE(chosen);
            CHECK((*chosen)->name == wanted->second.profile);
        } else {
            REQUIRE(!chosen);
            CHECK(chosen.error().code == "profile.none");
            CHECK(chosen.error().kind == ErrorKind::refused);
            INFO(chosen.error().message);
            CHECK(chosen.error().message.contains(wanted->second.none_because));
        }
    }
}

TEST_CASE("no two shipped profiles fit one machine equally well") {
    const auto profiles = shipped_profiles();
    for (const std::string& name : machine_names()) {
        INFO(name);
        const auto chosen = choose_profile(machine(name), profiles);
        CHECK((chosen || chosen.error().code != "profile.ambiguous"));
    }
}

TEST_CASE("the profile of the test VM never fits a real machine") {
    const auto profiles = shipped_profiles();
    Inventory real = machine("vm-r750");
    real.memory.total = gib(64);
    const auto with_memory = match(real, profiles);
    for (const ProfileVerdict& verdict : with_memory.verdicts) {
        CHECK((verdict.profile != "vm-r750" || !verdict.matches));
    }
    Inventory big_disk = machine("vm-r750");
    for (Disk& disk : big_disk.disks) {
        disk.size = disk.model == "DELLBOSS VD" ? Bytes{239'990'276'096} : disk.size;
    }
    CHECK(!match(big_disk, profiles).chosen);
}

TEST_CASE("a shipped profile is named like its file") {
    for (const Profile& profile : shipped_profiles()) {
        CHECK(profile.origin == profile.name + ".yaml");
    }
}

TEST_CASE("every example site loads without any finding") {
    for (const auto& path : files_of("profiles/examples", ".yaml")) {
        Report report;
        const auto site = load_site(read_file(path), path.filename().string(), report);
        INFO(report.to_text());
        CHECK(site);
        CHECK(report.findings().empty());
    }
}

TEST_CASE("the example sites fit the machines they were written for") {
    const std::map<std::string, std::string> pairs{{"site-r750.yaml", "r750-boss-passthrough-nvme"}};
    for (const auto& [file, name] : pairs) {
        Report report;
        const auto site = load_site(read_file(source_path("profiles/examples/" + file)), file, report);
        REQUIRE(site);
        const auto spec = compose(*site, machine(name), std::nullopt);
        INFO((spec ? "" : spec.error().to_text()));
        REQUIRE(spec);
        CHECK(spec->hostname == "node1");
        CHECK(spec->addresses.at("management").to_text() == "10.0.100.11");
    }
}
