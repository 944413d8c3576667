// SPDX-License-Identifier: GPL-3.0-or-later
// Layouts and leftovers that no recorded machine has, on the virtual machine of the tests.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "golden.hpp"
#include "plan/ids.hpp"

namespace bedplate {

using namespace test;

namespace {

constexpr const char* other_cluster = "6f1e7c52-0f7e-4a3c-8f6b-3a5c6a1f2d11";

/// The virtual machine with more disks in it.
struct Rack {
    Inventory inventory = load_machine("vm-r750");
    Profile profile = *std::ranges::find(all_profiles_of_tests(), "vm-r750", &Profile::name);
    NodeSpec node = compose(minimal_site(), inventory, "node1").value();

    static const std::vector<Profile>& all_profiles_of_tests() {
        static const std::vector<Profile> profiles = all_profiles();
        return profiles;
    }

    Disk& add(const std::string& name, const std::string& serial, const std::string& model, Bytes size,
              Transport transport, bool rotational) {
        Disk disk;
        disk.name = name;
        disk.path = "/dev/" + name;
        disk.by_id = {"test-" + serial};
        disk.by_path = "pci-0000:18:00.0-bay-" + serial;
        disk.serial = serial;
        disk.model = model;
        disk.transport = transport;
        disk.rotational = rotational;
        disk.size = size;
        inventory.disks.push_back(disk);
        return inventory.disks.back();
    }

    /// Four disks of 8 TB and one NVMe disk for their databases.
    void add_osds() {
        for (const char* serial : {"HDD1", "HDD2", "HDD3", "HDD4"}) {
            add(std::format("sd{}", static_cast<char>('a' + serial[3] - '0')), serial, "ST8000NM000A",
                Bytes{8'001'563'222'016}, Transport::sas, true);
        }
        add("nvme1n1", "NVMEDB", "Dell NVMe P4610", Bytes{1'600'321'314'816}, Transport::nvme, false);
        profile.osd =
            DiskRole{.select = {.model = "ST8000*"}, .count = {.at_least = 1}, .device_class = "hdd"};
        profile.osd_db = DiskRole{.select = {.model = "Dell NVMe*"}, .count = {.exactly = 1}};
    }

    Disk& disk(const std::string& serial) {
        return *std::ranges::find(inventory.disks, serial, &Disk::serial);
    }

    void check(const std::string& name) const {
        check_golden("vm-r750+" + name, disks_and_actions(plan_or_refusal(make_plan(
                                            {.inventory = inventory, .profile = profile, .node = node}))));
    }
};

/// What ceph-volume leaves: a volume group of one volume that holds the OSD.
Holder osd_volume(const std::string& id, const std::string& cluster, const std::string& type) {
    const std::string fsid = std::format("0000000{}-1111-4222-8333-444444444444", id);
    Holder osd{.kind = Holder::Kind::ceph_osd,
               .name = id,
               .detail = Json{{"osd_fsid", fsid},
                              {"cluster_fsid", cluster},
                              {"type", type},
                              {"volume", std::format("osd-{}-{}", type, fsid)}},
               .uuid = fsid};
    return {.kind = Holder::Kind::lvm,
            .name = std::format("ceph-{}-{}", type, id),
            .uuid = std::format("vg-{}-{}", type, id),
            .active = false,
            .holders = {osd}};
}

void hold_osd(Disk& disk, const std::string& id, const std::string& cluster,
              const std::string& type = "block") {
    disk.signatures = {"LVM2_member"};
    disk.holders.push_back(osd_volume(id, cluster, type));
}

PartitionFacts partition(std::uint32_t number, Bytes start, Bytes size, std::string fstype) {
    return {.number = number,
            .start = start,
            .size = size,
            .type = "",
            .label = "",
            .fstype = std::move(fstype),
            .uuid = ""};
}

}  // namespace

TEST_CASE("recorded machines with leftovers on their data disks, given up") {
    const auto check = [](const std::string& name, const std::string& change, const auto& allow) {
        const Inventory inventory = load_machine(name);
        const std::vector<Profile> profiles = all_profiles();
        NodeSpec node = compose(minimal_site(), inventory, "node1").value();
        allow(node);
        const auto profile = choose_profile(inventory, profiles);
        REQUIRE(profile);
        check_golden(name + "+" + change,
                     disks_and_actions(plan_or_refusal(
                         make_plan({.inventory = inventory, .profile = **profile, .node = node}))));
    };
    check("r640-hci-ceph-on-perc", "not-ours",
          [](NodeSpec& node) { node.install.wipe = WipePolicy::not_ours; });
    check("vxrail-e560f-node1", "listed", [](NodeSpec& node) {
        node.install.wipe = WipePolicy::listed;
        node.wipe.serials = {"88H993ZXJ880", "8RXQTDKDW7BW"};
    });
}

TEST_CASE("the system encrypted with the machine's TPM") {
    Rack rack;
    rack.profile.system.encryption = Encryption::tpm2;
    rack.check("tpm2");
}

TEST_CASE("a mirror whose halves are reinstalled, one of them replaced by a used disk") {
    Rack rack;
    Disk& twin = rack.inventory.disks.emplace_back(rack.disk("BPSYS0001"));
    twin.name = "sdb";
    twin.path = "/dev/sdb";
    twin.serial = "BPSYS0002";
    twin.by_id = {"test-BPSYS0002"};
    twin.by_path += "-2";
    rack.profile.system.mirror = true;
    rack.profile.system.count = {.exactly = 2};
    twin.partition_table = "gpt";
    twin.partitions = {partition(1, mib(1), gib(16), "linux_raid_member")};
    twin.holders = {{.kind = Holder::Kind::md,
                     .name = "md127",
                     .detail = Json{{"level", "raid1"}},
                     .partition = 1,
                     .uuid = "3aaa0122:29827cfa:5331ad66:ca767371",
                     .active = true,
                     .holders = {{.kind = Holder::Kind::lvm, .name = "pve", .active = true}}}};
    rack.node.install.wipe = WipePolicy::listed;
    rack.node.wipe.serials = {"BPSYS0002"};
    rack.check("mirror-half-used");
}

TEST_CASE("disks with databases on flash") {
    Rack rack;
    rack.add_osds();
    rack.check("osd-db");
}

TEST_CASE("databases that do not fit") {
    Rack rack;
    rack.add_osds();
    rack.profile.osd_db->slot_size = gib(400);
    rack.check("osd-db-too-small");
}

TEST_CASE("a reinstallation of a node with its own OSDs, one disk of which is new") {
    Rack rack;
    rack.add_osds();
    const std::string own = rack.node.fsid.to_text();
    for (const char* id : {"1", "2", "3"}) {
        hold_osd(rack.disk(std::string("HDD") + id), id, own);
        hold_osd(rack.disk("NVMEDB"), id, own, "db");
    }
    rack.node.install.generation = 2;
    rack.node.install.wipe = WipePolicy::not_ours;
    rack.check("own-osds");
}

TEST_CASE("disks of another cluster are refused until that cluster is named") {
    Rack rack;
    rack.add_osds();
    hold_osd(rack.disk("HDD2"), "5", other_cluster);
    Holder raw{.kind = Holder::Kind::ceph_osd,
               .name = "6",
               .detail = Json{{"cluster_fsid", other_cluster},
                              {"type", "raw"},
                              {"offsets", Json::array({gib(1).value, gib(10).value})}}};
    rack.disk("HDD3").signatures = {"ceph_bluestore"};
    rack.disk("HDD3").holders = {raw};
    rack.node.install.wipe = WipePolicy::not_ours;
    rack.check("foreign-osds");
    rack.node.wipe.fsids = {other_cluster};
    rack.check("foreign-osds-listed");
}

TEST_CASE("an array for local virtual machines, new and kept") {
    Rack rack;
    for (const char* serial : {"FAST1", "FAST2", "FAST3", "FAST4"}) {
        rack.add(std::format("nvme{}n1", serial[4]), serial, "Dell NVMe P4610", Bytes{1'600'321'314'816},
                 Transport::nvme, false);
    }
    rack.profile.fast =
        DiskRole{.select = {.model = "Dell NVMe*"}, .count = {.exactly = 4}, .volume_group = "fast"};
    rack.check("fast");
    for (Disk& disk : rack.inventory.disks) {
        if (disk.model.starts_with("Dell NVMe")) {
            disk.partition_table = "gpt";
            disk.partitions = {partition(1, mib(1), gib(1490), "linux_raid_member")};
            disk.holders = {{.kind = Holder::Kind::md,
                             .name = "bedplate-fast",
                             .partition = 1,
                             .uuid = md_uuid_text(fast_array_id(rack.node)),
                             .active = false}};
        }
    }
    rack.node.install.generation = 2;
    rack.check("fast-kept");
}

TEST_CASE(
    "a stack of leftovers on the system disk, one of them reaching to a disk that is not to be touched") {
    Rack rack;
    Disk& disk = rack.disk("BPSYS0001");
    disk.partition_table = "gpt";
    disk.partitions = {partition(1, mib(1), gib(1), "vfat"), partition(2, gib(2), gib(12), "crypto_LUKS")};
    disk.holders = {{.kind = Holder::Kind::crypt,
                     .name = "luks-old",
                     .partition = 2,
                     .active = true,
                     .holders = {{.kind = Holder::Kind::lvm, .name = "vg0", .uuid = "vg0", .active = true}}}};
    rack.node.install.wipe = WipePolicy::not_ours;
    rack.check("leftovers");
    rack.disk("BPDATA001").holders = {
        {.kind = Holder::Kind::lvm, .name = "vg0", .uuid = "vg0", .active = true}};
    rack.check("leftovers-shared");
}

}  // namespace bedplate
