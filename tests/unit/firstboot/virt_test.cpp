// SPDX-License-Identifier: GPL-3.0-or-later
// libvirt's daemon: who may speak to it, and how its sockets are opened again.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "firstboot/steps.hpp"
#include "tests/support/fake_platform.hpp"
#include "tests/unit/cluster/example.hpp"

using namespace bedplate;
using namespace bedplate::firstboot;
using fakes::FakePlatform;

namespace {

/// A node whose libvirt runs as Debian starts it.
class LibvirtNode {
public:
    LibvirtNode() {
        fake.files.add_file(members_path,
                            to_text(Membership{.self = example::member(1), .all = example::members(1)}));
        fake.commands.on("systemctl *");
        fake.commands.on("virsh * version");
        socket("root:root:666");
    }

    void socket(const std::string& mode) {
        fake.commands.on("stat * /run/libvirt/libvirt-sock", {.out = mode + "\n"});
    }

    [[nodiscard]] Steps step(const std::string& id) {
        const auto steps = virt_steps(node);
        const auto found = std::ranges::find(steps, id, &Step::id);
        REQUIRE(found != steps.end());
        return found->steps;
    }

    FakePlatform fake;
    Node node{.platform = fake.platform,
              .settings = node_settings_from_json(example::node_json(), example::site_json()).value()};
};

}  // namespace

TEST_CASE("libvirt asks polkit about everybody but root, and lets everybody look") {
    LibvirtNode place;
    REQUIRE(place.step("virt.config").apply());
    const auto daemon = place.fake.files.read("/etc/libvirt/libvirtd.conf");
    REQUIRE(daemon);
    CHECK_FALSE(daemon->contains("auth_unix_rw"));  // the default: polkit
    CHECK(daemon->contains("auth_unix_ro = \"none\""));
}

TEST_CASE("units are read again where systemd knows the old form of libvirt's socket") {
    for (const bool stale : {false, true}) {
        LibvirtNode place;
        place.fake.commands.on("systemctl show --property=NeedDaemonReload --value libvirtd-tls.socket",
                               {.out = stale ? "yes\n" : "no\n"});
        REQUIRE(place.step("virt.config").apply());
        CHECK(place.fake.commands.count("systemctl daemon-reload") == (stale ? 1 : 0));
    }
}

TEST_CASE("a libvirt that runs with the socket open to everybody is started again") {
    LibvirtNode place;
    const auto daemon = place.step("virt.daemon");
    CHECK(daemon.observe()->state == Observation::State::needed);
    place.fake.commands.on("systemctl start *", [&](const Command&) -> Result<CommandResult> {
        place.socket("root:libvirt:660");
        return CommandResult{};
    });
    REQUIRE(carry_out(daemon, "virt.daemon"));
    const auto lines = place.fake.commands.lines();
    const auto at = [&](std::string_view line) { return std::ranges::find(lines, line) - lines.begin(); };
    const auto stopped = at("systemctl stop libvirtd.socket libvirtd.service");
    const auto started = at("systemctl start libvirtd.socket libvirtd-tls.socket libvirtd.service");
    CHECK(stopped < started);
    CHECK(started < std::ssize(lines));
    CHECK(daemon.observe()->state == Observation::State::satisfied);
}

TEST_CASE("a libvirt with its socket closed to others is left running") {
    LibvirtNode place;
    place.socket("root:libvirt:660");
    REQUIRE(carry_out(place.step("virt.daemon"), "virt.daemon"));
    CHECK(place.fake.commands.count("systemctl stop *") == 0);
}
