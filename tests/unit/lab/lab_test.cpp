// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/lab.hpp"

#include <catch2/catch_test_macros.hpp>
#include <format>
#include <set>

#include "engine/documents.hpp"
#include "platform/linux/linux.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;
using namespace bedplate::lab;

namespace {

const std::string public_key =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f lab";

Profile shipped_profile(const std::string& name) {
    const auto profiles =
        load_profiles(*linux_file_system(), {std::filesystem::path(BEDPLATE_SOURCE_DIR) / "profiles"});
    REQUIRE(profiles);
    const auto found = std::ranges::find(*profiles, name, &Profile::name);
    REQUIRE(found != profiles->end());
    return *found;
}

Site site_of(const std::string& text) {
    Report report;
    const auto site = load_site(text, "site.yaml", report);
    INFO(report.to_text());
    REQUIRE(site);
    return *site;
}

Wish wish_for(unsigned nodes) {
    Wish wish;
    wish.nodes = nodes;
    wish.emulator = "qemu";
    return wish;
}

Lab planned(unsigned nodes, const std::string& profile = "lab-vm") {
    const auto wish = wish_for(nodes);
    const auto lab = plan_lab(wish, site_of(default_site(wish, public_key, profile)),
                              shipped_profile(profile), "/var/tmp/bedplate-lab/lab");
    INFO((lab ? "" : lab.error().to_text()));
    REQUIRE(lab);
    return *lab;
}

/// What libvirt's schema says about a document; empty: it is a good one.
std::string objection(const std::string& xml, const std::string& schema) {
    const fakes::TempDir dir;
    REQUIRE(linux_file_system()->write(dir / "file.xml", xml));
    const auto result =
        linux_command_runner()->run({.argv = {"virt-xml-validate", (dir / "file.xml").string(), schema}});
    REQUIRE(result);
    return result->exit_status == 0 ? "" : result->out + result->err;
}

}  // namespace

TEST_CASE("a lab without a site gets one that the loader takes, and nodes that its profile fits") {
    const auto lab = planned(3);
    REQUIRE(lab.nodes.size() == 3);
    CHECK(lab.nodes[0].creates);
    CHECK_FALSE(lab.nodes[1].creates);
    CHECK(lab.nodes[2].address == "10.77.0.13");
    CHECK(lab.address == "10.77.0.1/24");
    CHECK(lab.mtu == 9000);
    CHECK(lab.cpus == 1);  // emulated
    CHECK(lab.vlans.size() == 3);
    CHECK(lab.manufacturer == "QEMU");
    const auto profile = shipped_profile("lab-vm");
    for (const auto& node : lab.nodes) {
        REQUIRE(node.disks.size() == 2);
        Disk system{.name = "sda", .serial = node.disks[0].serial, .size = node.disks[0].size};
        CHECK_FALSE(profile.system.select.first_mismatch(system));
        Disk osd{.name = "sdb", .serial = node.disks[1].serial, .size = node.disks[1].size};
        CHECK_FALSE(profile.osd->select.first_mismatch(osd));
    }
}

TEST_CASE("a lab's management network has a bridge: the machine that drills watch is connected to it") {
    const auto site = site_of(default_site(wish_for(3), public_key, {}));
    CHECK(site.networks.at("management").bridge == "br0");
}

TEST_CASE("the nodes of a lab are told where their BMCs are, and what opens them is no part of the site") {
    const auto wish = wish_for(3);
    const auto text = default_site(wish, public_key, {});
    auto two = planned(3);
    two.nodes.pop_back();
    const auto written = with_bmcs(two, text, "site.yaml");
    REQUIRE(written);
    const auto site = site_of(*written);
    REQUIRE(site.nodes.size() == 3);
    CHECK(site.nodes[0].bmc.address == Ipv4::parse("10.77.0.1").value());
    CHECK(site.nodes[0].bmc.port == 6231U);
    CHECK(site.nodes[1].bmc.port == 6232U);
    CHECK(!site.nodes[2].bmc.address);  // not in this lab
    CHECK(site.nodes[2].hostname == "node3");
    CHECK(site.ssh_authorized_keys.front().starts_with("ssh-ed25519 "));
    // Whatever stood there before: the machine's BMCs are this lab's.
    CHECK(with_bmcs(two, *written, "site.yaml").value() == *written);

    Report report;
    const auto secrets =
        load_secrets(secrets_document(Secret("0123456789abcdef")).reveal(), "secrets.yaml", report);
    INFO(report.to_text());
    REQUIRE(secrets);
    CHECK(secrets->bmc.of("BPLAB001").user == bmc_user);
    CHECK(secrets->bmc.of("BPLAB001").password == Secret("0123456789abcdef"));
}

TEST_CASE("the profile of a lab fences over its BMCs") {
    const auto profile = shipped_profile("lab-vm");
    REQUIRE(profile.fencing);
    CHECK(profile.fencing->agent == "fence_ipmilan");
    CHECK(profile.fencing->via == "bmc");
    CHECK(profile.fencing->cipher == 3U);
}

TEST_CASE("nothing that has to be one node's alone is another's too") {
    const auto lab = planned(16);
    std::set<std::string> seen;
    std::size_t count = 0;
    for (const auto& node : lab.nodes) {
        std::vector<std::string> own{node.hostname, node.service_tag,      node.uuid.to_text(),
                                     node.address,  node.console.string(), std::to_string(node.bmc_port)};
        own.insert(own.end(), node.macs.begin(), node.macs.end());
        for (const auto& disk : node.disks) {
            own.push_back(disk.serial);
            own.push_back(disk.image.string());
        }
        count += own.size();
        seen.insert(own.begin(), own.end());
    }
    CHECK(seen.size() == count);
}

TEST_CASE("a profile of a server is posed as, where a virtual machine can") {
    const auto lab = planned(1, "vm-r750");
    CHECK(lab.manufacturer == "Dell Inc.");
    CHECK(lab.product == "PowerEdge R750");
    CHECK(lab.nodes[0].disks[0].model == "DELLBOSS");
}

TEST_CASE("a lab tells its alerts to whom it was asked to, or to nobody") {
    auto wish = wish_for(1);
    CHECK(site_of(default_site(wish, public_key, {})).monitoring.alert_webhooks.empty());
    wish.alerts = "http://10.77.0.1:8099/";
    CHECK(site_of(default_site(wish, public_key, {})).monitoring.alert_webhooks ==
          std::vector<std::string>{"http://10.77.0.1:8099/"});
}

TEST_CASE("what no lab can be is refused with its reason") {
    const auto wish = wish_for(2);
    const auto site = site_of(default_site(wish, public_key, {}));
    const auto code = [&](const Wish& asked, const Site& where, const Profile& profile) {
        const auto lab = plan_lab(asked, where, profile, "/x");
        REQUIRE(!lab);
        CHECK(lab.error().kind == ErrorKind::refused);
        return lab.error().code;
    };
    const auto profile = shipped_profile("lab-vm");
    auto asked = wish;
    asked.nodes = 3;
    CHECK(code(asked, site, profile) == "lab.nodes");
    asked.nodes = 0;
    CHECK(code(asked, site, profile) == "lab.nodes");
    asked = wish;
    asked.name = "a/../b";
    CHECK(code(asked, site, profile) == "lab.name");
    asked.name = "too-long-a-name";
    CHECK(code(asked, site, profile) == "lab.name");
    auto closed = site;
    closed.networks.at("management").gateway.reset();
    CHECK(code(wish, closed, profile) == "lab.site");
    CHECK(code(wish, site, shipped_profile("dell-r750-nvme")) == "lab.profile");
    CHECK(code(wish, site, shipped_profile("vm-rack")) == "lab.profile");
}

TEST_CASE("libvirt's schema takes the domains and the network") {
    auto lab = planned(2);
    lab.folder = "/tmp/with & and <";
    CHECK(objection(domain_xml(lab, lab.nodes[0]), "domain").empty());
    lab.emulator = "kvm";
    CHECK(objection(domain_xml(lab, lab.nodes[1]), "domain").empty());
    CHECK(objection(network_xml(lab), "network").empty());
    // libvirt's schema allows a size of packets in a network of this kind, libvirt itself only in a port.
    CHECK_FALSE(network_xml(lab).contains("<mtu"));
    CHECK(domain_xml(lab, lab.nodes[0]).contains("<mtu size=\"9000\""));
    lab.vlans.clear();
    CHECK(objection(network_xml(lab), "network").empty());
    CHECK_FALSE(objection("<network><nme>x</nme></network>", "network").empty());
}

TEST_CASE("a lab is read back as it was written") {
    const auto lab = planned(2);
    const auto again = lab_from_json(to_json(lab), "lab.json");
    REQUIRE(again);
    CHECK(to_json(*again) == to_json(lab));
    CHECK(lab_from_json(Json::object(), "lab.json").error().code == "lab.schema");
    auto broken = to_json(lab);
    broken["nodes"][0]["uuid"] = 7;
    CHECK(lab_from_json(broken, "lab.json").error().code == "lab.field");
}
