// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/occupancy.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <format>
#include <fstream>
#include <map>

#include "base/text.hpp"
#include "example.hpp"

namespace bedplate {
namespace {

using test::Example;

constexpr Occupant occupants[] = {Occupant::blank,       Occupant::own_incomplete, Occupant::own_older,
                                  Occupant::own_current, Occupant::foreign_node,   Occupant::own_osd,
                                  Occupant::foreign_osd, Occupant::unknown_osd,    Occupant::mixed_osd,
                                  Occupant::own_fast,    Occupant::other};

constexpr std::pair<DiskUse, std::string_view> uses[] = {
    {DiskUse::system, "system"}, {DiskUse::osd, "osd"}, {DiskUse::fast, "fast"}};

/// The columns of the tables.
constexpr Permission columns[] = {
    {.policy = WipePolicy::blank_only},
    {.policy = WipePolicy::listed},
    {.policy = WipePolicy::listed, .serial = true},
    {.policy = WipePolicy::listed, .serial = true, .content = true},
    {.policy = WipePolicy::not_ours},
    {.policy = WipePolicy::not_ours, .content = true},
};

/// First cell -> the others, of the lines that begin with a name in backquotes.
std::map<std::string, std::vector<std::string>> documented_rows() {
    std::ifstream in(std::string(BEDPLATE_SOURCE_DIR) + "/docs/decision-table-disks.md");
    std::map<std::string, std::vector<std::string>> rows;
    for (std::string line; std::getline(in, line);) {
        std::vector<std::string> cells = split(line, '|');
        if (!line.starts_with("| `") || cells.size() != 9) {
            continue;
        }
        std::ranges::transform(cells, cells.begin(),
                               [](const std::string& cell) { return std::string(trim(cell)); });
        const std::string name = cells[1].substr(1, cells[1].size() - 2);
        rows[name] = {cells.begin() + 2, cells.end() - 1};
    }
    return rows;
}

constexpr const char* other_fsid = "11111111-2222-4333-8444-555555555555";

Holder osd(const std::string& id, const std::string& cluster) {
    return {.kind = Holder::Kind::ceph_osd,
            .name = id,
            .detail = Json{{"type", "raw"}, {"cluster_fsid", cluster}}};
}

InstallationMark finished(const std::string& cluster, const std::string& host, std::uint64_t generation) {
    return {.state = InstallationMark::State::finished,
            .cluster = cluster,
            .hostname = host,
            .generation = generation,
            .disk_guid = "00000000-0000-0000-0000-000000000001"};
}

/// The disk of an installation: table, partitions and the group that stands on it.
void occupy(Disk& disk, const InstallationMark& mark) {
    disk.partition_table = "gpt";
    disk.partitions = {{.number = 2,
                        .start = mib(2),
                        .size = gib(1),
                        .type = std::string(partition_type::esp),
                        .label = "bedplate-esp",
                        .fstype = "vfat",
                        .uuid = ""},
                       {.number = 4,
                        .start = gib(4),
                        .size = gib(200),
                        .type = std::string(partition_type::lvm),
                        .label = "bedplate-lvm",
                        .fstype = "LVM2_member",
                        .uuid = ""}};
    disk.holders = {{.kind = Holder::Kind::lvm, .name = "sys", .detail = Json::object()}};
    disk.installation = mark;
}

PlanIds ids_of(Example& example) {
    return {example.node, identify(example.system_disk(), example.inventory).value()};
}

}  // namespace

TEST_CASE("the decision tables are those in the documentation") {
    const auto rows = documented_rows();
    CHECK(rows.size() == std::size(occupants) * std::size(uses));
    for (const auto& [use, name] : uses) {
        for (const Occupant occupant : occupants) {
            const std::string row = std::format("{}: {}", name, to_string(occupant));
            INFO(row);
            REQUIRE(rows.contains(row));
            std::vector<std::string> code;
            for (const Permission& permission : columns) {
                code.emplace_back(to_string(decide(use, occupant, permission)));
            }
            CHECK(rows.at(row) == code);
        }
    }
}

TEST_CASE("lists say nothing under blank-only, serial numbers nothing under not-ours") {
    for (const auto& [use, name] : uses) {
        for (const Occupant occupant : occupants) {
            const auto verdict = [&](WipePolicy policy, bool serial, bool content) {
                return decide(use, occupant, {.policy = policy, .serial = serial, .content = content});
            };
            INFO(name << ": " << to_string(occupant));
            CHECK(verdict(WipePolicy::blank_only, true, true) ==
                  verdict(WipePolicy::blank_only, false, false));
            CHECK(verdict(WipePolicy::not_ours, true, true) == verdict(WipePolicy::not_ours, false, true));
            CHECK(verdict(WipePolicy::not_ours, true, false) == verdict(WipePolicy::not_ours, false, false));
            CHECK(verdict(WipePolicy::listed, false, true) == verdict(WipePolicy::listed, false, false));
        }
    }
}

TEST_CASE("a blank disk is used without a teardown") {
    const auto plan = Example().plan();
    REQUIRE(plan);
    CHECK(std::ranges::none_of(plan->actions, [](const Action& a) { return a.stage == Stage::teardown; }));
}

TEST_CASE("an interrupted installation of this node is torn down and done again, whatever its generation") {
    Example example;
    const std::string guid = ids_of(example).disk().to_text();
    occupy(example.system_disk(), {.state = InstallationMark::State::incomplete,
                                   .cluster = "",
                                   .hostname = "",
                                   .generation = 0,
                                   .disk_guid = guid});
    example.node.install.generation = 7;
    const auto plan = example.plan();
    REQUIRE(plan);
    CHECK(test::find_action(*plan, "teardown.vg.sys"));
    const Action* wipe = test::find_action(*plan, "teardown.wipe");
    REQUIRE(wipe);
    CHECK(wipe->destructive);
    CHECK(std::get<action::WipeDisk>(wipe->kind).partitions.size() == 2);
}

TEST_CASE("an interrupted installation of another node is not blank") {
    Example example;
    occupy(example.system_disk(), {.state = InstallationMark::State::incomplete,
                                   .cluster = "",
                                   .hostname = "",
                                   .generation = 0,
                                   .disk_guid = "00000000-0000-0000-0000-000000000001"});
    CHECK(example.refusal() == "disk.not-blank");
}

TEST_CASE("this node, finished, is installed again only for a higher generation") {
    Example example;
    occupy(example.system_disk(), finished("prod", "node1", 3));
    for (const WipePolicy policy : {WipePolicy::blank_only, WipePolicy::listed, WipePolicy::not_ours}) {
        example.node.install.wipe = policy;
        example.node.wipe.serials = {"SYS1"};
        for (const auto& [generation, code] :
             {std::pair{2U, "install.generation"}, std::pair{3U, "install.generation"}, std::pair{4U, ""}}) {
            example.node.install.generation = generation;
            CHECK(example.refusal() == code);
        }
    }
    example.node.install.generation = 3;
    CHECK(example.plan().error().hint.contains("install.generation to 4"));
}

TEST_CASE("another cluster's or host's node is given up only with its serial number and its cluster's name") {
    for (const auto& [cluster, host] : {std::pair{"test", "node1"}, std::pair{"prod", "node2"}}) {
        Example example;
        occupy(example.system_disk(), finished(cluster, host, 1));
        example.node.install.generation = 9;
        CHECK(example.refusal() == "disk.foreign");
        example.node.install.wipe = WipePolicy::not_ours;
        CHECK(example.refusal() == "disk.foreign");
        example.node.install.wipe = WipePolicy::listed;
        CHECK(example.refusal() == "disk.foreign");
        example.node.wipe.serials = {"SYS1"};
        CHECK(example.refusal() == "disk.foreign");
        CHECK(example.plan().error().hint.contains(std::format("cluster: {}", cluster)));
        example.node.wipe.clusters = {cluster};
        CHECK(example.refusal().empty());
    }
}

TEST_CASE("Ceph data on the system disk is erased only when its cluster is named, and never this cluster's") {
    Example example;
    Disk& disk = example.system_disk();
    disk.holders = {osd("3", other_fsid)};
    example.node.install.wipe = WipePolicy::listed;
    example.node.wipe.serials = {"SYS1"};
    CHECK(example.refusal() == "disk.ceph-osd");
    CHECK(example.plan().error().hint.contains(other_fsid));
    example.node.wipe.fsids = {other_fsid};
    CHECK(example.refusal().empty());
    disk.holders.push_back(osd("4", example.node.fsid.to_text()));
    CHECK(example.refusal() == "disk.ceph-osd");
    disk.holders = {osd("4", example.node.fsid.to_text())};
    example.node.wipe.fsids = {example.node.fsid.to_text()};
    CHECK(example.refusal() == "disk.ceph-osd");
}

TEST_CASE("an OSD that does not say of which cluster it is needs its serial number") {
    for (int where = 0; where < 3; ++where) {
        Example example;
        Disk& disk = example.system_disk();
        if (where == 0) {
            disk.holders = {osd("", "")};
        } else if (where == 1) {
            disk.signatures = {"ceph_bluestore"};
        } else {
            disk.partitions = {{.number = 1,
                                .start = mib(1),
                                .size = gib(1),
                                .type = "",
                                .label = "",
                                .fstype = "ceph_bluestore",
                                .uuid = ""}};
        }
        CHECK(example.refusal() == "disk.ceph-osd");
        example.node.install.wipe = WipePolicy::not_ours;
        CHECK(example.refusal() == "disk.ceph-osd");
        example.node.install.wipe = WipePolicy::listed;
        CHECK(example.refusal() == "disk.ceph-osd");
        example.node.wipe.serials = {"SYS1"};
        CHECK(example.refusal().empty());
    }
}

TEST_CASE("anything else needs the policy, and the refusal says what is there and what to write") {
    Example example;
    example.system_disk().partition_table = "dos";
    example.system_disk().signatures = {"xfs"};
    const auto refused = example.plan();
    REQUIRE(!refused);
    CHECK(refused.error().code == "disk.not-blank");
    CHECK(refused.error().message.contains("dos partition table"));
    CHECK(refused.error().message.contains("xfs"));
    CHECK(refused.error().hint.contains("serial SYS1"));

    example.node.wipe.serials = {"SYS1"};
    CHECK(example.plan().error().hint.contains("install.wipe is 'blank-only'"));
    example.node.install.wipe = WipePolicy::listed;
    CHECK(example.refusal().empty());
    example.node.wipe.serials = {"DATA1"};
    CHECK(example.refusal() == "disk.not-blank");
    example.node.install.wipe = WipePolicy::not_ours;
    CHECK(example.refusal().empty());
}

TEST_CASE("of several disks that may not be written to each is named at once") {
    Example example;
    example.system_disk().signatures = {"xfs"};
    example.inventory.disks[0].signatures = {"ntfs"};
    const auto refused = example.plan();
    REQUIRE(!refused);
    CHECK(refused.error().where.contains("SYS1"));
    CHECK(refused.error().where.contains("DATA1"));
    CHECK(refused.error().where.ends_with("(disk.not-blank)"));
}

TEST_CASE("an empty partition table is not blank") {
    Example example;
    example.system_disk().partition_table = "gpt";
    CHECK(example.refusal() == "disk.not-blank");
}

TEST_CASE("a volume group that reaches to a protected disk keeps both disks as they are") {
    Example example;
    const Holder holder{.kind = Holder::Kind::lvm, .name = "old", .detail = Json::object()};
    example.node.install.wipe = WipePolicy::not_ours;
    example.system_disk().holders = {holder};
    CHECK(example.refusal().empty());
    // That one is to be an OSD, and goes as well under this policy.
    example.inventory.disks[0].holders = {holder};
    CHECK(example.refusal().empty());
    example.profile.osd.reset();
    CHECK(example.refusal() == "disk.shared");
    CHECK(example.plan().error().message.contains("DATA1"));
}

TEST_CASE(
    "a volume group of the planned name on another disk is refused, even when the system disk is blank") {
    Example example;
    example.profile.osd.reset();
    example.inventory.disks[2].holders = {
        {.kind = Holder::Kind::lvm, .name = "sys", .detail = Json::object()}};
    CHECK(example.refusal() == "lvm.name-taken");
}

}  // namespace bedplate
