// SPDX-License-Identifier: GPL-3.0-or-later
// Single actions on a machine of fakes: each kind's three answers, and what it runs.
#include <catch2/catch_test_macros.hpp>

#include "base/text.hpp"
#include "execute/journal.hpp"
#include "tests/unit/execute/machine/machine.hpp"

using namespace bedplate;
using test::Machine;

namespace {

const Guid some_uuid = Guid::parse("3aaa0122-2982-7cfa-5331-ad66ca767371").value();
constexpr const char* part = "/dev/disk/by-partuuid/part";

/// A machine on which a plan of chosen actions is carried out. All act on the system disk (sdb), and those
/// that say so on the first data disk (sda) too.
struct Bench : Machine {
    Bench() {
        // A partition of the system disk that actions can name.
        add_node(part, "sdb4", "/sys/devices/block/sdb/sdb4");
        files.fake.add_file("/sys/devices/block/sdb/sdb4/partition", "4\n");
        blocks.add_part(part, "/dev/sdb", gib(1), gib(10));
        commands.on("wipefs *");
    }

    DiskIdentity identity(std::size_t disk) const {
        return identify(example.inventory.disks[disk], example.inventory).value();
    }

    void add_node(const std::string& path, const std::string& kernel_name, const std::string& sysfs) {
        files.fake.add_file("/dev/" + kernel_name, "");
        if (path != "/dev/" + kernel_name) {
            files.fake.add_link(path, "/dev/" + kernel_name);
        }
        files.fake.add_link("/sys/class/block/" + kernel_name, sysfs);
        blocks.add_disk(path, gib(10));
    }
    /// Something of the device mapper or md that lies on the named disk.
    void add_stacked(const std::string& path, const std::string& kernel_name, const std::string& below) {
        add_node(path, kernel_name, "/sys/devices/virtual/block/" + kernel_name);
        files.fake.add_file("/sys/devices/virtual/block/" + kernel_name + "/slaves/" + below, "");
    }
    void remove_node(const std::string& path) {
        static_cast<void>(files.fake.remove(path));
        blocks.remove(path);
    }

    Action action(ActionKind kind, bool both = false) const {
        Action made{.id = "teardown.test", .stage = Stage::teardown, .kind = std::move(kind)};
        made.device = identity(1);
        if (both) {
            made.also = {identity(0)};
        }
        made.summary = "do it";
        return made;
    }

    Result<void> carry_out(std::vector<Action> actions) {
        Plan plan = this->plan();
        plan.actions = std::move(actions);
        for (std::size_t i = 0; i < plan.actions.size(); ++i) {
            plan.actions[i].id += std::format(".{}", i);
        }
        Consent consent{
            .plan_digest = plan.digest(), .disks = {identity(0), identity(1)}, .given_by = "test"};
        return run(plan, consent);
    }

    /// How the last run's actions ended.
    std::vector<std::string> ends() const {
        std::vector<std::string> result;
        const auto document = read_journal(files, journal).value();
        for (const JournalEntry& entry : document.runs.back().entries) {
            if (entry.type != JournalEntry::Type::started && entry.type != JournalEntry::Type::note) {
                result.emplace_back(to_string(entry.type));
            }
        }
        return result;
    }

    std::string sent_to(std::string_view pattern) const {
        for (const Command& command : commands.commands()) {
            if (glob_match(pattern, quote_command(command.argv))) {
                return command.secret_input.reveal();
            }
        }
        return {};
    }
};

using Ends = std::vector<std::string>;

}  // namespace

TEST_CASE("an array is stopped once, and never one that is on a disk of others too") {
    Bench bench;
    const action::StopArray stop{.name = "md127", .device = "/dev/md127"};
    SECTION("it runs") {
        bench.add_stacked("/dev/md127", "md127", "sdb");
        bench.commands.on("mdadm --stop /dev/md127",
                          [&](const Command& /*command*/) -> Result<CommandResult> {
                              bench.remove_node("/dev/md127");
                              return CommandResult{};
                          });
        const auto done = bench.carry_out({bench.action(stop)});
        INFO(test::text_of(done));
        REQUIRE(done);
        CHECK(bench.ends() == Ends{"finished"});
        REQUIRE(bench.carry_out({bench.action(stop)}));
        CHECK(bench.ends() == Ends{"satisfied"});
        CHECK(bench.commands.count("mdadm --stop *") == 1);
    }
    SECTION("it is on another disk as well") {
        bench.add_stacked("/dev/md127", "md127", "sdb");
        bench.files.fake.add_file("/sys/devices/virtual/block/md127/slaves/sdc", "");
        CHECK(bench.carry_out({bench.action(stop, true)}).error().code == "action.conflict");
        CHECK(bench.commands.count("mdadm --stop *") == 0);
    }
    SECTION("it does not go") {
        bench.add_stacked("/dev/md127", "md127", "sdb");
        bench.commands.on("mdadm --stop *");
        CHECK(bench.carry_out({bench.action(stop)}).error().code == "teardown.verify");
    }
}

TEST_CASE("an open map is closed") {
    Bench bench;
    bench.add_stacked("/dev/mapper/luks-1", "dm-3", "sdb");
    bench.commands.on("cryptsetup close luks-1", [&](const Command& /*command*/) -> Result<CommandResult> {
        bench.remove_node("/dev/mapper/luks-1");
        return CommandResult{};
    });
    REQUIRE(bench.carry_out({bench.action(action::CloseCrypt{.name = "luks-1"})}));
    REQUIRE(bench.carry_out({bench.action(action::CloseCrypt{.name = "luks-1"})}));
    CHECK(bench.ends() == Ends{"satisfied"});
}

TEST_CASE("of two volume groups with one name the planned one is switched off") {
    Bench bench;
    bool active = true;
    const auto answer = [&active](const Command& command) -> Result<CommandResult> {
        const std::string physical = command.argv.front() == "lvs" ? "" : R"("pv":[
            {"pv_name":"/dev/sdb","vg_name":"old","vg_uuid":"U1"},{"pv_name":"/dev/sdc","vg_name":"old","vg_uuid":"U2"}],)";
        return CommandResult{
            .exit_status = 0,
            .out = std::format(R"({{"report":[{{{}"lv":[{{"vg_name":"old","lv_name":"a","lv_size":"1",)"
                               R"("lv_active":"{}","vg_uuid":"U1"}}]}}]}})",
                               physical, active ? "active" : ""),
            .err = {}};
    };
    bench.commands.on("lvm fullreport *", answer);
    bench.commands.on("lvs *", answer);
    bench.commands.on("vgchange *vg_uuid=U1", [&](const Command& /*command*/) -> Result<CommandResult> {
        active = false;
        return CommandResult{};
    });
    const action::DeactivateVolumeGroup kind{.name = "old", .uuid = "U1"};
    const auto done = bench.carry_out({bench.action(kind)});
    INFO(test::text_of(done));
    REQUIRE(done);
    REQUIRE(bench.carry_out({bench.action(kind)}));
    CHECK(bench.ends() == Ends{"satisfied"});
    // By the name alone it would also lie on the other disk.
    CHECK(bench.carry_out({bench.action(action::DeactivateVolumeGroup{.name = "old"})}).error().code ==
          "action.conflict");
}

TEST_CASE("the labels of an OSD are zeroed at every place, and nowhere else") {
    Bench bench;
    const std::string label = "bluestore block device\n5f0c53ab-1bbf-4a5d-8f43-8c1de5b6b0a1\n";
    for (const Bytes offset : {Bytes{0}, gib(1), gib(100)}) {
        bench.blocks.poke("/dev/sdb", offset, label);
    }
    const action::ZapBluestore zap{
        .partition = {}, .volume = "", .offsets = {Bytes{0}, gib(1), gib(10), gib(100), gib(1000)}};
    const auto done = bench.carry_out({bench.action(zap)});
    INFO(test::text_of(done));
    REQUIRE(done);
    for (const Bytes offset : {Bytes{0}, gib(1), gib(100)}) {
        CHECK(bench.blocks.peek("/dev/sdb", offset, Bytes{9}) == std::string(9, '\0'));
    }
    REQUIRE(bench.carry_out({bench.action(zap)}));
    CHECK(bench.ends() == Ends{"satisfied"});
    CHECK(bench.others_untouched());
}

TEST_CASE("an OSD in a volume is switched on for it; one whose volume is gone is done") {
    Bench bench;
    const action::ZapBluestore zap{.partition = {}, .volume = "ceph-1/osd-1", .offsets = {Bytes{0}}};
    REQUIRE(bench.carry_out({bench.action(zap)}));
    CHECK(bench.ends() == Ends{"satisfied"});

    bench.commands.on("lvs *",
                      fakes::Answer{.out = R"({"report":[{"lv":[{"vg_name":"ceph-1","lv_name":"osd-1",)"
                                           R"("lv_size":"1","lv_active":"","vg_uuid":"U"}]}]})"});
    bench.commands.on("lvchange --yes --activate y ceph-1/osd-1",
                      [&](const Command& /*command*/) -> Result<CommandResult> {
                          bench.add_stacked("/dev/ceph-1/osd-1", "dm-7", "sdb");
                          bench.blocks.poke("/dev/ceph-1/osd-1", Bytes{0},
                                            "bluestore block device\n5f0c53ab-1bbf-4a5d-8f43-8c1de5b6b0a1\n");
                          return CommandResult{};
                      });
    const auto done = bench.carry_out({bench.action(zap)});
    INFO(test::text_of(done));
    REQUIRE(done);
    CHECK(bench.ends() == Ends{"finished"});
    CHECK(bench.blocks.peek("/dev/ceph-1/osd-1", Bytes{0}, Bytes{9}) == std::string(9, '\0'));
}

TEST_CASE("a cache is stopped through sysfs") {
    Bench bench;
    bench.add_stacked("/dev/bcache0", "bcache0", "sdb");
    const std::string stop = "/sys/block/bcache0/bcache/stop";
    bench.files.fake.add_file(stop, "");
    bench.commands.on("tee " + stop, [&](const Command& command) -> Result<CommandResult> {
        CHECK(command.input == "1\n");
        static_cast<void>(bench.files.fake.remove(stop));
        return CommandResult{};
    });
    const action::StopBcache kind{.name = "bcache0", .uuid = ""};
    const auto done = bench.carry_out({bench.action(kind)});
    INFO(test::text_of(done));
    REQUIRE(done);
    REQUIRE(bench.carry_out({bench.action(kind)}));
    CHECK(bench.ends() == Ends{"satisfied"});
}

TEST_CASE("an array is made of both disks and known by its UUID") {
    Bench bench;
    bench.blocks.add_part("/dev/disk/by-partuuid/other", "/dev/sda", gib(1), gib(10));
    bench.files.fake.add_file("/dev/sda4", "");
    bench.files.fake.add_link("/dev/disk/by-partuuid/other", "/dev/sda4");
    bench.files.fake.add_link("/sys/class/block/sda4", "/sys/devices/block/sda/sda4");
    bench.files.fake.add_file("/sys/devices/block/sda/sda4/partition", "4\n");
    const action::CreateArray kind{.name = "bedplate-sys",
                                   .uuid = some_uuid,
                                   .level = "raid1",
                                   .members = {part, "/dev/disk/by-partuuid/other"}};
    std::string level = "raid1\n";
    bench.commands.on("mdadm --create *", [&](const Command& /*command*/) -> Result<CommandResult> {
        CHECK(bench.blocks.locked() == std::set<std::string>{"/dev/sda", "/dev/sdb"});
        bench.add_stacked(array_device(some_uuid), "md127", "sdb4");
        bench.files.fake.add_file("/sys/devices/virtual/block/md127/slaves/sda4", "");
        bench.files.fake.add_file("/sys/devices/virtual/block/md127/md/level", level);
        bench.files.fake.add_file("/sys/devices/virtual/block/md127/md/raid_disks", "2\n");
        bench.files.fake.add_file("/sys/devices/virtual/block/md127/md/degraded", "0\n");
        return CommandResult{};
    });
    SECTION("made, and then there") {
        const auto done = bench.carry_out({bench.action(kind, true)});
        INFO(test::text_of(done));
        REQUIRE(done);
        REQUIRE(bench.carry_out({bench.action(kind, true)}));
        CHECK(bench.ends() == Ends{"satisfied"});
        bench.files.fake.add_file("/sys/devices/virtual/block/md127/md/degraded", "1\n");
        CHECK(bench.carry_out({bench.action(kind, true)}).error().code == "action.conflict");
    }
    SECTION("it became something else") {
        level = "raid0\n";
        CHECK(bench.carry_out({bench.action(kind, true)}).error().code == "md.verify");
    }
    SECTION("a member on a disk that the action does not name") {
        CHECK(bench.carry_out({bench.action(kind, false)}).error().code == "disk.other");
        CHECK(bench.commands.count("mdadm --create *") == 0);
    }
}

TEST_CASE("the key of an encrypted system goes through standard input and stands nowhere") {
    Bench bench;
    const action::CreateCrypt create{
        .device = part, .label = "sys", .uuid = some_uuid, .unlock = Encryption::passphrase};
    const action::OpenCrypt open{.device = part, .name = "bedplate-sys", .uuid = some_uuid};
    bench.commands.on("cryptsetup luksFormat *", [&](const Command& /*command*/) -> Result<CommandResult> {
        bench.contents[part] = {"crypto_LUKS", some_uuid.to_text(), "sys"};
        return CommandResult{};
    });
    bench.commands.on("cryptsetup open *", [&](const Command& command) -> Result<CommandResult> {
        if (!std::ranges::contains(command.argv, "--test-passphrase")) {
            bench.add_stacked("/dev/mapper/bedplate-sys", "dm-9", "sdb4");
            bench.files.fake.add_file("/sys/devices/virtual/block/dm-9/dm/uuid",
                                      "CRYPT-LUKS2-3aaa012229827cfa5331ad66ca767371-bedplate-sys\n");
        }
        return CommandResult{};
    });
    const std::vector<Action> actions{bench.action(create), bench.action(open)};
    SECTION("without a passphrase there is nothing to begin with") {
        CHECK(bench.carry_out(actions).error().code == "crypt.no-key");
        CHECK(bench.commands.count("cryptsetup *") == 0);
    }
    SECTION("made and opened once") {
        bench.disk_passphrase = Secret("canary horse");
        const auto done = bench.carry_out(actions);
        INFO(test::text_of(done));
        REQUIRE(done);
        CHECK(bench.sent_to("cryptsetup luksFormat *") == "canary horse");
        CHECK(bench.sent_to("cryptsetup open *") == "canary horse");
        REQUIRE(bench.carry_out(actions));
        CHECK(bench.ends() == Ends{"satisfied", "satisfied"});
        CHECK(bench.commands.count("cryptsetup luksFormat *") == 1);
        for (const std::string& line : bench.commands.lines()) {
            CHECK_FALSE(line.contains("canary"));
        }
        CHECK_FALSE(bench.files.read(bench.journal)->contains("canary"));
    }
    SECTION("something else is open under that name") {
        bench.disk_passphrase = Secret("canary horse");
        bench.add_stacked("/dev/mapper/bedplate-sys", "dm-9", "sdb4");
        bench.files.fake.add_file("/sys/devices/virtual/block/dm-9/dm/uuid", "CRYPT-LUKS2-0000-x\n");
        CHECK(bench.carry_out({bench.action(open)}).error().code == "action.conflict");
    }
}

TEST_CASE("for a TPM the key is drawn, and the same one is bound") {
    Bench bench;
    const action::CreateCrypt create{
        .device = part, .label = "sys", .uuid = some_uuid, .unlock = Encryption::tpm2};
    const action::BindTpm2 bind{.device = part, .uuid = some_uuid};
    bool bound = false;
    bench.commands.on("cryptsetup luksFormat *", [&](const Command& /*command*/) -> Result<CommandResult> {
        bench.contents[part] = {"crypto_LUKS", some_uuid.to_text(), "sys"};
        return CommandResult{};
    });
    bench.commands.on("cryptsetup luksDump *", [&](const Command& /*command*/) -> Result<CommandResult> {
        return CommandResult{.exit_status = 0,
                             .out = bound ? R"({"tokens":{"0":{"type":"clevis"}}})" : R"({"tokens":{}})",
                             .err = {}};
    });
    bench.commands.on("clevis luks bind *", [&](const Command& /*command*/) -> Result<CommandResult> {
        bound = true;
        return CommandResult{};
    });
    const auto done = bench.carry_out({bench.action(create), bench.action(bind)});
    INFO(test::text_of(done));
    REQUIRE(done);
    CHECK(bench.sent_to("cryptsetup luksFormat *").size() == 64);
    CHECK(bench.sent_to("cryptsetup luksFormat *") == bench.sent_to("clevis luks bind *"));
    REQUIRE(bench.carry_out({bench.action(create), bench.action(bind)}));
    CHECK(bench.ends() == Ends{"satisfied", "satisfied"});
}

TEST_CASE("the initramfs is made once for a plan") {
    Bench bench;
    std::filesystem::create_directories(bench.target / "boot");
    for (const char* pattern : {"mount --bind *", "mount --types proc *", "umount *"}) {
        bench.commands.on(pattern);
    }
    bench.commands.on("chroot *", [&](const Command& /*command*/) -> Result<CommandResult> {
        static_cast<void>(
            linux_file_system()->write(bench.target / "boot/initrd.img-6.12.1-test-amd64", "new"));
        return CommandResult{};
    });
    Action update = bench.action(action::UpdateInitramfs{});
    update.stage = Stage::configure;
    const auto done = bench.carry_out({update});
    INFO(test::text_of(done));
    REQUIRE(done);
    REQUIRE(bench.carry_out({update}));
    CHECK(bench.ends() == Ends{"satisfied"});
    CHECK(bench.commands.count("chroot *") == 1);
}

TEST_CASE(
    "of a table of which only the copy is left no partition has a node, and the disk is wiped all the same") {
    Bench bench;
    Action wipe = bench.action(action::WipeDisk{.partitions = {
                                                    {.number = 1, .start = mib(1), .size = mib(64)},
                                                    {.number = 2, .start = mib(65), .size = mib(64)},
                                                }});
    wipe.device = bench.identity(0);
    bench.blocks.poke("/dev/sda", Bytes{0}, "old");
    bench.blocks.poke("/dev/sda", mib(65), "old");
    const auto done = bench.carry_out({wipe});
    INFO(test::text_of(done));
    REQUIRE(done);
    CHECK(bench.commands.count("wipefs *") == 1);
    CHECK(bench.blocks.peek("/dev/sda", mib(65), Bytes{3}) == std::string(3, '\0'));
}

TEST_CASE("a partition that udev takes away once its table is gone does not keep the disk from being wiped") {
    // mkfs.vfat on a whole disk writes a table too, of a partition that begins with the disk: the block that
    // must not be started from is also the table.
    Bench bench;
    Action wipe = bench.action(
        action::WipeDisk{.partitions = {{.number = 1, .start = Bytes{0}, .size = gib(1), .fstype = "vfat"}}});
    wipe.device = bench.identity(0);
    bench.add_node("/dev/sda1", "sda1", "/sys/devices/block/sda/sda1");
    bench.blocks.poke("/dev/sda", Bytes{0}, "old");
    unsigned locked = 0;
    bench.blocks.before_lock = [&](const std::string& /*path*/) {
        if (++locked == 2) {
            bench.remove_node("/dev/sda1");
        }
    };
    const auto done = bench.carry_out({wipe});
    INFO(test::text_of(done));
    REQUIRE(done);
    CHECK(locked > 2);
    CHECK(bench.commands.count("wipefs *") == 1);
}

TEST_CASE("the protective MBR is gone before the table that it protects") {
    Bench bench;
    Action wipe = bench.action(action::WipeDisk{});
    wipe.device = bench.identity(0);
    bench.blocks.poke("/dev/sda", Bytes{510}, "\x55\xaa");
    bool gone = false;
    bench.commands.on("wipefs *", [&](const Command& /*command*/) -> Result<CommandResult> {
        gone = bench.blocks.peek("/dev/sda", Bytes{510}, Bytes{2}) == std::string(2, '\0');
        return CommandResult{};
    });
    const auto done = bench.carry_out({wipe});
    INFO(test::text_of(done));
    REQUIRE(done);
    CHECK(gone);
}

TEST_CASE("disks are wiped at a time, and of several failures the first of the plan is told") {
    Bench bench;
    bench.parallel = 8;
    // What a kernel shows no more after it has read the partition table of a wiped disk.
    static_cast<void>(bench.files.fake.remove("/sys/devices/block/sdb/sdb4/partition"));
    Action one = bench.action(action::WipeDisk{});
    Action other = bench.action(action::WipeDisk{});
    one.device = bench.identity(0);
    bench.blocks.poke("/dev/sda", Bytes{0}, "old");
    bench.blocks.poke("/dev/sdb", Bytes{0}, "old");
    SECTION("both succeed") {
        const auto done = bench.carry_out({one, other});
        INFO(test::text_of(done));
        REQUIRE(done);
        CHECK(bench.ends() == Ends{"finished", "finished"});
        CHECK(bench.blocks.peek("/dev/sda", Bytes{0}, Bytes{3}) == std::string(3, '\0'));
        CHECK(bench.blocks.peek("/dev/sdb", Bytes{0}, Bytes{3}) == std::string(3, '\0'));
    }
    SECTION("both fail") {
        bench.commands.on("wipefs *", fakes::Answer{.status = 1, .err = "I/O error\n"});
        const auto done = bench.carry_out({one, other});
        REQUIRE_FALSE(done);
        CHECK(done.error().to_text().contains("teardown.test.0"));
        CHECK(done.error().to_text().contains("disk serial DATA1"));
    }
}
