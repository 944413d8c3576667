// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/osd_prepare.hpp"

#include <catch2/catch_test_macros.hpp>

#include "firstboot/osd_list.hpp"
#include "tests/support/fake_platform.hpp"

using namespace bedplate;
using namespace bedplate::firstboot;
using fakes::FakePlatform;

namespace {

constexpr const char* cluster = "2c1e4f0a-7f1d-4c57-8d5c-1a2b3c4d5e6f";
constexpr const char* new_fsid = "11111111-1111-4111-8111-111111111111";
constexpr const char* kept_fsid = "22222222-2222-4222-8222-222222222222";

std::string list_document(const std::string& osds) {
    return std::format(R"({{"schema":"bedplate/osds/v1","cluster_fsid":"{}","osds":[{}]}})", cluster, osds);
}

const std::string new_osd = std::format(
    R"({{"state":"create","fsid":"{}","data":{{"wwn":"","serial":"S1","model":"M","by_path":"","size_bytes":0}},)"
    R"("dmcrypt":false,"device_class":"nvme","weight":"1.00000"}})",
    new_fsid);
const std::string kept_osd = std::format(
    R"({{"state":"keep","fsid":"{}","id":"3","data":{{"serial":"S2","model":"M"}},"dmcrypt":true}})",
    kept_fsid);

/// The volume of an OSD, as a row of `lvs`.
std::string listed(const std::string& id, const std::string& fsid, bool encrypted) {
    return std::format(
        R"x({{"lv_name":"osd-block","vg_name":"ceph-1","lv_uuid":"u","devices":"/dev/sdx(0)",)x"
        R"("lv_tags":"ceph.osd_id={},ceph.osd_fsid={},ceph.cluster_fsid={},ceph.type=block,ceph.encrypted={}"}})",
        id, fsid, cluster, encrypted ? 1 : 0);
}

/// A node with one blank disk (serial S1); the volumes that LVM lists are up to the test.
struct OsdNode {
    FakePlatform fake;
    std::string volumes;

    explicit OsdNode(const std::string& osds) {
        fake.commands.missing("*");
        fake.files.add_file("/etc/bedplate/osds.json", list_document(osds));
        fake.files.add_file("/etc/ceph/ceph.conf", std::format("[global]\nfsid = {}\n", cluster));
        fake.files.add_file("/var/lib/ceph/bootstrap-osd/ceph.keyring", "[client.bootstrap-osd]\n");
        fake.commands.on("lsblk *",
                         {.out = R"({"blockdevices":[{"kname":"sda","name":"sda","path":"/dev/sda",)"
                                 R"("type":"disk","size":107374182400,"serial":"S1","model":"M",)"
                                 R"("rm":false,"ro":false,"log-sec":512,"phy-sec":512}]})"});
        fake.commands.on("wipefs *");
        fake.blocks.add_disk("/dev/sda", gib(100));
        fake.commands.on("lvs *", [this](const Command& /*command*/) -> Result<CommandResult> {
            return CommandResult{
                .exit_status = 0, .out = std::format(R"({{"report":[{{"lv":[{}]}}]}})", volumes), .err = {}};
        });
        fake.commands.on("vgchange *");
        fake.commands.on("/usr/lib/bedplate/ceph-volume lvm create *",
                         [this](const Command& /*command*/) -> Result<CommandResult> {
                             volumes = listed("0", new_fsid, false);
                             running = true;
                             return CommandResult{};
                         });
        fake.commands.on("ceph-volume lvm zap *",
                         [this](const Command& /*command*/) -> Result<CommandResult> {
                             volumes.clear();
                             return CommandResult{};
                         });
        fake.commands.on("/usr/lib/bedplate/ceph-volume lvm activate *",
                         [this](const Command& /*command*/) -> Result<CommandResult> {
                             running = true;
                             return CommandResult{};
                         });
        fake.commands.on("systemctl is-active *",
                         [this](const Command& /*command*/) -> Result<CommandResult> {
                             return CommandResult{.exit_status = running ? 0 : 3, .out = {}, .err = {}};
                         });
    }
    bool running = false;
};

}  // namespace

TEST_CASE("what is done about an OSD is a table") {
    CHECK(next_step(false, {}) == OsdStep::create);
    CHECK(next_step(true, {}) == OsdStep::missing);
    CHECK(next_step(false, {.listed = true}) == OsdStep::finish);
    CHECK(next_step(false, {.listed = true, .completed = true}) == OsdStep::activate);
    CHECK(next_step(false, {.listed = true, .unsure = true}) == OsdStep::activate);
    CHECK(next_step(true, {.listed = true}) == OsdStep::activate);
    for (const bool keep : {false, true}) {
        CHECK(next_step(keep, {.listed = true, .running = true}) == OsdStep::none);
    }
}

TEST_CASE("an OSD is made with its devices, class and fsid; the database where the plan puts it") {
    const auto wanted = parse_osd_list(list_document(new_osd), "x");
    REQUIRE(wanted);
    WantedOsd osd = wanted->osds.at(0);
    CHECK(create_command(osd, "/dev/sda", "") ==
          std::vector<std::string>{"/usr/lib/bedplate/ceph-volume", "lvm", "create", "--bluestore",
                                   "--osd-fsid", new_fsid, "--crush-device-class", "nvme", "--data",
                                   "/dev/sda"});
    osd.dmcrypt = true;
    osd.db_size = gib(30);
    const auto command = create_command(osd, "/dev/sda", "/dev/nvme0n1");
    CHECK(std::ranges::contains(command, "--dmcrypt"));
    CHECK(std::ranges::contains(command, "/dev/nvme0n1"));
    CHECK(std::ranges::contains(command, std::to_string(gib(30).value)));
}

TEST_CASE("a list that is not one is an error") {
    CHECK(parse_osd_list("{}", "x").error().code == "osds.schema");
    CHECK(parse_osd_list(list_document("{}"), "x").error().code == "osds.field");
    CHECK(parse_osd_list(list_document("3"), "x").error().code == "osds.field");
    CHECK(parse_osd_list("nonsense", "x").error().code == "json.syntax");
}

TEST_CASE("a planned OSD is made once") {
    OsdNode node(new_osd);
    CHECK_FALSE(osds_run(node.fake.platform).value());
    const auto done = prepare_osds(node.fake.platform);
    INFO((done ? "" : done.error().to_text()));
    REQUIRE(done);
    CHECK(done->size() == 1);
    CHECK(node.fake.commands.count("/usr/lib/bedplate/ceph-volume lvm create * --data /dev/sda") == 1);
    CHECK(osds_run(node.fake.platform).value());
    const auto again = prepare_osds(node.fake.platform);
    REQUIRE(again);
    CHECK(again->empty());
    CHECK(node.fake.commands.count("/usr/lib/bedplate/ceph-volume lvm create *") == 1);
    CHECK(node.fake.commands.count("ceph-volume lvm zap *") == 0);
}

TEST_CASE("where no OSD is planned, all of them run") {
    FakePlatform fake;
    CHECK(osds_run(fake.platform).value());
    CHECK(fake.commands.commands().empty());
}

TEST_CASE("an OSD that was cut off before it was complete is made anew") {
    OsdNode node(new_osd);
    node.volumes = listed("0", new_fsid, false);
    REQUIRE(prepare_osds(node.fake.platform));
    CHECK(node.fake.commands.count(std::string("ceph-volume lvm zap --destroy --osd-fsid ") + new_fsid) == 1);
    CHECK(node.fake.commands.count("/usr/lib/bedplate/ceph-volume lvm create *") == 1);
}

TEST_CASE("an OSD that may hold data is never zapped: it was seen completed, or it is encrypted") {
    OsdNode node(new_osd);
    SECTION("seen completed") {
        node.volumes = listed("0", new_fsid, false);
        node.fake.files.add_file(std::string("/var/lib/bedplate/osds/") + new_fsid, "");
    }
    SECTION("encrypted") {
        node.volumes = listed("0", new_fsid, true);
    }
    REQUIRE(prepare_osds(node.fake.platform));
    CHECK(node.fake.commands.count("ceph-volume lvm zap *") == 0);
    CHECK(node.fake.commands.count("/usr/lib/bedplate/ceph-volume lvm create *") == 0);
    CHECK(node.fake.commands.count("/usr/lib/bedplate/ceph-volume lvm activate *") == 1);
}

TEST_CASE("a disk that holds something is not made into an OSD") {
    OsdNode node(new_osd);
    node.fake.commands.on("wipefs *", {.out = R"({"signatures":[{"type":"xfs","offset":"0x0"}]})"});
    const auto done = prepare_osds(node.fake.platform);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == "osds.disk");
    CHECK(node.fake.commands.count("/usr/lib/bedplate/ceph-volume lvm create *") == 0);
}

TEST_CASE("a disk that is not there any more is named") {
    OsdNode node(new_osd);
    node.fake.commands.on("lsblk *", {.out = R"({"blockdevices":[]})"});
    const auto done = prepare_osds(node.fake.platform);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == "osds.disk");
    CHECK(done.error().where.contains("S1"));
}

TEST_CASE("an OSD that was kept is started without any key, once") {
    OsdNode node(kept_osd);
    REQUIRE(node.fake.files.remove("/var/lib/ceph/bootstrap-osd/ceph.keyring"));
    node.volumes = listed("3", kept_fsid, true);
    const auto done = activate_osds(node.fake.platform);
    INFO((done ? "" : done.error().to_text()));
    REQUIRE(done);
    CHECK(node.fake.commands.count("vgchange --yes --activate y ceph-1") == 1);
    CHECK(node.fake.commands.count(std::string("/usr/lib/bedplate/ceph-volume lvm activate --bluestore 3 ") +
                                   kept_fsid) == 1);
    REQUIRE(activate_osds(node.fake.platform));
    CHECK(node.fake.commands.count("/usr/lib/bedplate/ceph-volume lvm activate *") == 1);
}

TEST_CASE("a kept OSD of which nothing is there is an error, and nothing is made in its place") {
    OsdNode node(kept_osd);
    const auto done = prepare_osds(node.fake.platform);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == "osds.missing");
    CHECK(node.fake.commands.count("/usr/lib/bedplate/ceph-volume lvm create *") == 0);
}

TEST_CASE("a kept OSD that the cluster does not know is named, not started for ever") {
    OsdNode node(kept_osd);
    CHECK(check_kept_osds(node.fake.platform, {new_fsid, kept_fsid}));
    const auto unknown = check_kept_osds(node.fake.platform, {new_fsid});
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == "osds.unknown");
    CHECK(unknown.error().hint.contains(kept_fsid));
    // What is still to be made is known to nobody.
    OsdNode fresh(new_osd);
    CHECK(check_kept_osds(fresh.fake.platform, {}));
}

TEST_CASE("a node that was taken out with its OSDs erases those of its plan, by their fsid, and no other") {
    OsdNode node(new_osd);
    const std::string mark = std::string("/var/lib/bedplate/osds/") + new_fsid;
    node.fake.files.add_file(mark, "");
    node.volumes = listed("0", new_fsid, false) + "," + listed("3", kept_fsid, false);
    const auto done = erase_osds(node.fake.platform);
    INFO((done ? "" : done.error().to_text()));
    REQUIRE(done);
    CHECK(done->size() == 1);
    CHECK(node.fake.commands.count("ceph-volume lvm zap *") == 1);
    CHECK(node.fake.commands.count(std::string("ceph-volume lvm zap --destroy --osd-fsid ") + new_fsid) == 1);
    CHECK_FALSE(node.fake.files.exists(mark));
}

TEST_CASE("with another cluster's configuration nothing is done") {
    OsdNode node(new_osd);
    node.fake.files.add_file("/etc/ceph/ceph.conf", "[global]\nfsid = 0000\n");
    CHECK(prepare_osds(node.fake.platform).error().code == "osds.cluster");
    CHECK(node.fake.commands.commands().empty());
}

TEST_CASE("whichever command fails, a later run finishes") {
    std::size_t commands = 0;
    {
        OsdNode node(new_osd);
        REQUIRE(prepare_osds(node.fake.platform));
        commands = node.fake.commands.commands().size();
    }
    for (std::size_t n = 1; n <= commands; ++n) {
        OsdNode node(new_osd);
        node.fake.commands.fail_at(n);
        const auto first = prepare_osds(node.fake.platform);
        static_cast<void>(first);  // what the probe cannot find out is no failure
        const auto done = prepare_osds(node.fake.platform);
        INFO("command " << n << ": " << node.fake.commands.lines().at(n - 1));
        INFO((done ? "" : done.error().to_text()));
        CHECK(done);
        CHECK(node.running);
    }
}

TEST_CASE("a node without OSDs has nothing to do") {
    FakePlatform fake;
    CHECK(prepare_osds(fake.platform)->empty());
    CHECK(activate_osds(fake.platform)->empty());
}
