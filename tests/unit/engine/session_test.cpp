// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session.hpp"

#include <catch2/catch_test_macros.hpp>

#include "platform/linux/linux.hpp"
#include "tests/support/fake_platform.hpp"

using namespace bedplate;

namespace {

const std::filesystem::path top = BEDPLATE_SOURCE_DIR;

Inventory machine(const std::string& name) {
    const auto files = linux_file_system();
    const auto text = files->read(top / "tests/machines" / name / "inventory.json");
    return inventory_from_json(parse_json(text.value(), name).value(), name).value();
}

Site example(const std::string& name) {
    fakes::FakePlatform fake;
    fake.files.add_tree(top / "profiles/examples", "/");
    return load_site_from(fake.platform, "/" + name).value();
}

std::vector<Profile> shipped_profiles() {
    return load_profiles(*linux_file_system(), {top / "profiles"}).value();
}

}  // namespace

TEST_CASE("the example site and the recorded R750 give a plan for the node that the site names") {
    const auto plan = plan_for(machine("r750-boss-passthrough-nvme"), example("site-r750.yaml"),
                               shipped_profiles(), std::nullopt);
    if (!plan) {
        FAIL(plan.error().to_text());
    }
    CHECK(!plan->hostname.empty());
    CHECK(std::ranges::count(plan->disks, PlannedRole::system, &PlannedDisk::role) == 2);
}

TEST_CASE("a profile that the site names must be there") {
    auto site = example("site-vm.yaml");
    site.nodes.front().profile = "no-such-profile";
    const auto plan = plan_for(machine("vm-r750"), site, shipped_profiles(), std::nullopt);
    REQUIRE(!plan);
    CHECK(plan.error().code == "profile.unknown");
    CHECK(plan.error().hint.contains("vm-r750"));
}

TEST_CASE("a machine that the site does not know is refused") {
    auto stranger = machine("vm-r750");
    stranger.system.serial = "STRANGR";
    const auto plan = plan_for(stranger, example("site-vm.yaml"), shipped_profiles(), std::nullopt);
    REQUIRE(!plan);
    CHECK(plan.error().kind == ErrorKind::refused);
}

TEST_CASE("the same machine with its disks in another order gets the same plan for the same disk") {
    auto shuffled = machine("vm-r750");
    std::ranges::reverse(shuffled.disks);
    const auto site = example("site-vm.yaml");
    const auto profiles = shipped_profiles();
    const auto a = plan_for(machine("vm-r750"), site, profiles, std::nullopt).value();
    const auto b = plan_for(shuffled, site, profiles, std::nullopt).value();
    CHECK(to_commands_text(a) == to_commands_text(b));
}

TEST_CASE("a system that a passphrase opens is refused where there is none, any other is not") {
    auto profiles = shipped_profiles();
    const auto plan_with = [&](Encryption encryption) {
        std::ranges::find(profiles, "vm-r750", &Profile::name)->system.encryption = encryption;
        return plan_for(machine("vm-r750"), example("site-vm.yaml"), profiles, std::nullopt).value();
    };
    const auto refused = check_keys(plan_with(Encryption::passphrase), {});
    REQUIRE(!refused);
    CHECK(refused.error().code == "crypt.no-key");
    CHECK(refused.error().kind == ErrorKind::refused);
    CHECK(check_keys(plan_with(Encryption::passphrase),
                     {.disk_passphrase = Secret("long enough"), .origin = {}, .digest = {}}));
    CHECK(check_keys(plan_with(Encryption::none), {}));
}

TEST_CASE("what opens the BMC is this machine's own, and only where the profile fences over it") {
    auto profiles = shipped_profiles();
    auto& profile = *std::ranges::find(profiles, "vm-r750", &Profile::name);
    auto site = example("site-vm.yaml");
    BmcSecrets secrets{
        .common = {.user = "all", .password = Secret("common")},
        .machines = {{.service_tag = "abc1234", .credentials = {.user = "", .password = Secret("own")}}}};
    const auto without = plan_for(machine("vm-r750"), site, profiles, std::nullopt).value();
    CHECK_FALSE(bmc_file(without, secrets.of("ABC1234"), site));
    profile.fencing = FencingProfile{.agent = "fence_ipmilan", .via = "bmc", .cipher = {}};
    const auto plan = plan_for(machine("vm-r750"), site, profiles, std::nullopt).value();
    CHECK(bmc_file(plan, secrets.of("ABC1234"), site)->reveal() ==
          "{\"user\":\"all\",\"password\":\"own\"}\n");
    CHECK(bmc_file(plan, secrets.of("other"), site)->reveal() ==
          "{\"user\":\"all\",\"password\":\"common\"}\n");
    CHECK_FALSE(bmc_file(plan, {}, site));
    // The site may name the user, which is no secret.
    std::ranges::find(site.nodes, plan.hostname, &NodeEntry::hostname)->bmc.user = "operator";
    CHECK(bmc_file(plan, {.user = "", .password = Secret("p")}, site)->reveal().contains("operator"));
    // Nothing of it is in the plan.
    CHECK_FALSE(to_json(plan).dump().contains("common"));
}

TEST_CASE("a node that its cluster could not switch off is a warning in the plan") {
    auto profiles = shipped_profiles();
    std::ranges::find(profiles, "vm-r750", &Profile::name)->fencing =
        FencingProfile{.agent = "fence_redfish", .via = "bmc", .cipher = {}};
    auto inventory = machine("vm-r750");
    inventory.bmc.ip.clear();
    auto site = example("site-vm.yaml");
    const auto warns = [&] {
        const auto plan = plan_for(inventory, site, profiles, std::nullopt).value();
        return std::ranges::contains(plan.findings.findings(), "fencing.no-address", &Finding::code);
    };
    CHECK(warns());
    inventory.bmc.ip = "10.0.9.9";
    CHECK_FALSE(warns());
    inventory.bmc.ip.clear();
    for (auto& node : site.nodes) {
        node.bmc.address = Ipv4::parse("10.0.9.2").value();
    }
    CHECK_FALSE(warns());
}
