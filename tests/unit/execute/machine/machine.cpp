// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/execute/machine/machine.hpp"

#include <algorithm>
#include <format>
#include <fstream>

#include "base/text.hpp"
#include "execute/disk_table.hpp"
#include "inventory/run_record.hpp"

namespace bedplate::test {
namespace {

using fakes::Answer;

std::string option(const Command& command, std::string_view name) {
    const auto found = std::ranges::find(command.argv, name);
    return found == command.argv.end() || std::next(found) == command.argv.end() ? "" : *std::next(found);
}

Result<CommandResult> ok(std::string out = {}) {
    return CommandResult{.exit_status = 0, .out = std::move(out), .err = {}, .duration = {}};
}

Result<CommandResult> status(int code, std::string err = {}) {
    return CommandResult{.exit_status = code, .out = {}, .err = std::move(err), .duration = {}};
}

const std::filesystem::path sys_devices = "/sys/devices/block";

}  // namespace

Machine::Machine(FirmwareMode firmware, SystemDisks disks) {
    example.inventory.firmware.mode = firmware;
    if (disks == SystemDisks::mirror) {
        Disk twin = make_disk("sdd", "SYS2");
        twin.model = "DELLBOSS VD";
        example.inventory.disks.push_back(twin);
        example.profile.system.mirror = true;
        example.profile.system.count = {.exactly = 2, .at_least = {}, .at_most = {}};
    }
    // Small enough that FAT32 tables and images are quick to make.
    example.profile.layout.esp = mib(100);
    std::filesystem::create_directories(target);
    std::filesystem::create_directories(journal.parent_path());
    for (const Disk& disk : example.inventory.disks) {
        add_disk(disk);
    }
    files.fake.add_file("/proc/meminfo", "MemAvailable: 4000000 kB\n");
    if (firmware == FirmwareMode::uefi) {
        files.fake.add_file("/sys/firmware/efi/efivars/BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c", "");
    }
    boot_entries = {"Boot0000* UiApp\tFvFile(1)", "Boot0007* bedplate\tHD(2,GPT,old,0x1,0x2)/\\EFI\\old.efi"};
    boot_order = {"0000", "0007"};
    commands.observe([this](const std::string& line) { check_lock(line); });
    show_mounts();
    add_payload();
    answer_storage();
    answer_lvm();
    answer_arrays();
    answer_mounts();
    answer_boot();
}

void Machine::add_disk(const Disk& disk) {
    blocks.add_disk(disk.path, disk.size, disk.logical_block_size);
    files.fake.add_file(disk.path, "");
    files.fake.add_link("/sys/class/block/" + disk.name, (sys_devices / disk.name).string());
    files.fake.add_file(sys_devices / disk.name / "diskseq", "1\n");
    commands.on("udevadm info --query=property --name=" + disk.path,
                Answer{.out = std::format("ID_SERIAL_SHORT={}\nID_WWN={}\n", disk.serial, disk.wwn)});
}

void Machine::add_payload() {
    TarBuilder tar;
    for (const char* directory : {"./", "boot", "boot/grub", "etc", "usr", "usr/lib", "usr/lib/shim", "var",
                                  "var/lib", "var/log", "root", "run", "tmp"}) {
        tar.directory(directory);
    }
    const std::string release = "6.12.1-test-amd64";
    tar.file("boot/vmlinuz-" + release, std::string(300'000, 'k'));
    tar.file("boot/initrd.img-" + release, std::string(500'000, 'i'));
    tar.file("etc/shadow", "root:!:20000:0:99999:7:::\ndaemon:*:20000:0:99999:7:::\n", 0640);
    tar.file("etc/hostname", "image\n");
    tar.file("usr/lib/shim/shimx64.efi.signed", std::string(20'000, 's'));
    tar.file("usr/lib/shim/mmx64.efi.signed", std::string(10'000, 'm'));
    tar.file("usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed", std::string(30'000, 'g'));
    const std::string bytes = tar.finish();
    manifest.version = "0.1.0";
    manifest.build_id = "build1";
    manifest.source_date_epoch = 1'700'000'000;
    manifest.payload = make_payload(bytes, tar.entries(), 65'536, source);
}

Consent Machine::consent(const Plan& plan) const {
    Consent consent{.plan_digest = plan.digest(), .disks = {}, .given_by = "the test"};
    for (const PlannedDisk& disk : plan.disks) {
        if (disk.written) {
            consent.disks.push_back(disk.identity);
        }
    }
    return consent;
}

Result<void> Machine::run(const Plan& plan) {
    return run(plan, consent(plan));
}

Result<void> Machine::run(const Plan& plan, const Consent& given) {
    ExecuteContext context{.commands = commands,
                           .files = files,
                           .blocks = blocks,
                           .clock = clock,
                           .events = sink,
                           .payload = source,
                           .manifest = manifest,
                           .inventory = example.inventory,
                           .root_password_hash = root_password_hash,
                           .disk_passphrase = disk_passphrase,
                           .join_ticket = join_ticket,
                           .node_secrets = node_secrets,
                           .target = target,
                           .journal = journal,
                           .threads = 2,
                           .parallel = parallel,
                           .hang_limit = hang_limit};
    return execute(plan, given, context);
}

std::optional<RunRecord> Machine::record() const {
    return decode_run_record(blocks.peek(system_path(), run_record_offset(Bytes{512}), Bytes{512}));
}

void Machine::check_lock(const std::string& line) {
    const auto held = blocks.locked();
    const bool locked = std::ranges::any_of(held, [&](const std::string& path) { return is_system(path); });
    for (const char* writes : {"wipefs", "mkfs.ext4", "mkswap", "pvcreate", "vgcreate", "lvcreate"}) {
        if (line.starts_with(writes) && !locked) {
            lock_mistakes.push_back(line);
        }
    }
    if ((line.starts_with("udevadm trigger") || line.starts_with("blockdev --rereadpt")) && locked) {
        lock_mistakes.push_back(line);
    }
}

bool Machine::is_system(const std::string& path) const {
    return path == system_path() || (example.profile.system.mirror && path == system_path(1));
}

bool Machine::others_untouched() const {
    const auto ours = [&](const std::string& path) {
        return is_system(path) || path.starts_with("/dev/disk/by-partuuid/");
    };
    return std::ranges::all_of(blocks.opened_for_writing(), ours) &&
           std::ranges::all_of(blocks.operations(),
                               [&](const auto& operation) { return is_system(operation.disk); });
}

std::string Machine::esp_file(const std::string& path, std::size_t disk) const {
    const std::string label = disk == 0 ? "" : ".2";
    const auto plan = example.plan();
    const Action* const action = plan ? find_action(*plan, "bootloader.esp" + label) : nullptr;
    const Action* const table = plan ? find_action(*plan, "partition.table" + label) : nullptr;
    if (action == nullptr || table == nullptr) {
        return {};
    }
    const auto& esp = std::get<action::WriteEsp>(action->kind);
    const auto& partition = std::get<action::WritePartitionTable>(table->kind).partitions.at(1);
    const auto image = folder / "look.img";
    std::ofstream(image, std::ios::binary)
        << blocks.peek(system_path(disk), Bytes{partition.first.value * 512}, std::min(esp.size, mib(8)));
    auto runner = linux_command_runner();
    const auto result = runner->run(
        {.argv = {"mtype", "-i", image.string(), "::/" + path}, .environment = {{"MTOOLS_SKIP_CHECK", "1"}}});
    return result && result->exit_status == 0 ? result->out : "";
}

bool Machine::bootable() const {
    return bootable(0) || (example.profile.system.mirror && bootable(1));
}

bool Machine::bootable(std::size_t disk) const {
    if (example.inventory.firmware.mode == FirmwareMode::bios) {
        const std::string code = blocks.peek(system_path(disk), Bytes{0}, Bytes{440});
        return code.find_first_not_of('\0') != std::string::npos;
    }
    return !esp_file("EFI/BOOT/BOOTX64.EFI", disk).empty();
}

std::string Machine::target_file(const std::string& path) const {
    return linux_file_system()->read(target / path).value_or("");
}

void Machine::pass_through(const std::string& pattern) {
    commands.on(pattern, [this](const Command& command) { return real_commands_->run(command); });
}

Result<CommandResult> Machine::blkid(const Command& command) {
    const std::string& device = command.argv.back();
    if (is_system(device)) {
        const bool gpt = blocks.peek(device, Bytes{512}, Bytes{8}) == "EFI PART";
        return gpt ? ok("PTTYPE=gpt\n") : status(2);
    }
    const auto found = contents.find(device);
    if (found == contents.end()) {
        return status(2);
    }
    return ok(std::format("TYPE={}\nUUID={}\nLABEL={}\n", found->second.type, found->second.uuid,
                          found->second.label));
}

// What the kernel and udev do after the partition table changed.
void Machine::reread(const std::string& disk) {
    auto device = blocks.open(disk, BlockAccess::read).value();
    const auto table = read_disk_table(*device);
    if (!table || !*table) {
        return;
    }
    const std::string disk_name = std::filesystem::path(disk).filename();
    for (const auto& partition : (*table)->partitions) {
        const std::string name = std::format("{}{}", disk_name, partition.number);
        const Bytes start{partition.first.value * 512};
        const Bytes size{(partition.last.value - partition.first.value + 1) * 512};
        const std::string link = "/dev/disk/by-partuuid/" + partition.guid.to_text();
        blocks.add_part("/dev/" + name, disk, start, size);
        blocks.add_part(link, disk, start, size);
        files.fake.add_file("/dev/" + name, "");
        files.fake.add_link(link, "/dev/" + name);
        const auto folder_of = sys_devices / disk_name / name;
        files.fake.add_link("/sys/class/block/" + name, folder_of.string());
        files.fake.add_file(folder_of / "partition", std::format("{}\n", partition.number));
        files.fake.add_file(folder_of / "start", std::format("{}\n", start.value / 512));
        files.fake.add_file(folder_of / "size", std::format("{}\n", size.value / 512));
    }
}

void Machine::answer_storage() {
    commands.on("blkid --probe *", [this](const Command& command) { return blkid(command); });
    commands.on("wipefs *", [this](const Command& command) {
        contents.erase(command.argv.back());
        return ok();
    });
    commands.on("blockdev --rereadpt *", [this](const Command& command) {
        reread(command.argv.back());
        return ok();
    });
    commands.on("udevadm control *");
    commands.on("udevadm trigger *");
    commands.on("mkfs.ext4 *", [this](const Command& command) {
        contents[command.argv.back()] = {"ext4", option(command, "-U"), option(command, "-L")};
        return ok();
    });
    commands.on("mkswap *", [this](const Command& command) {
        contents[command.argv.back()] = {"swap", option(command, "--uuid"), option(command, "--label")};
        return ok();
    });
    commands.on("mdadm --examine *", Answer{.status = 1, .err = "mdadm: No md superblock detected\n"});
    commands.on("dmesg", Answer{.out = "[    0.0] Linux\n"});
    for (const char* tool : {"mkfs.vfat *", "mmd *", "mcopy *"}) {
        pass_through(tool);
    }
}

void Machine::answer_lvm() {
    commands.on("pvs *", [this](const Command& command) {
        const std::string only = option(command, "--devices");
        return ok(physical_volume.empty() || (!only.empty() && only != physical_volume)
                      ? R"({"report":[{"pv":[]}]})"
                      : std::format(R"({{"report":[{{"pv":[{{"pv_name":"{}","vg_name":"{}"}}]}}]}})",
                                    physical_volume, volume_group));
    });
    const auto volume_rows = [this] {
        std::vector<std::string> rows;
        for (const auto& [name, size] : volumes) {
            rows.push_back(std::format(R"({{"vg_name":"{}","lv_name":"{}","lv_size":"{}","lv_active":"{}"}})",
                                       volume_group, name, size.value, active ? "active" : ""));
        }
        return join(rows, ",");
    };
    commands.on("lvs *", [volume_rows](const Command& /*command*/) {
        return ok(R"({"report":[{"lv":[)" + volume_rows() + "]}]}");
    });
    commands.on("lvm fullreport *", [this, volume_rows](const Command& /*command*/) {
        const auto pv = std::format(R"({{"pv_name":"{}","vg_name":"{}"}})", physical_volume, volume_group);
        return ok(std::format(R"({{"report":[{{"pv":[{}],"lv":[{}]}}]}})", physical_volume.empty() ? "" : pv,
                              volume_rows()));
    });
    commands.on("pvcreate *", [this](const Command& command) {
        physical_volume = command.argv.back();
        volume_group.clear();
        volumes.clear();
        return ok();
    });
    commands.on("vgcreate *", [this](const Command& command) {
        volume_group = command.argv.at(command.argv.size() - 2);
        return ok();
    });
    commands.on("lvcreate *", [this](const Command& command) {
        const std::string name = option(command, "--name");
        const std::string size = option(command, "--size");
        volumes[name] = mib(parse_unsigned(size.substr(0, size.size() - 1)).value());
        active = true;
        const std::string node = std::format("/dev/{}/{}", volume_group, name);
        const std::string kernel = std::format("dm-{}", volumes.size());
        blocks.add_disk(node, volumes[name]);
        contents.erase(node);
        files.fake.add_file("/dev/" + kernel, "");
        files.fake.add_link(node, "/dev/" + kernel);
        files.fake.add_link("/sys/class/block/" + kernel, "/sys/devices/virtual/block/" + kernel);
        // A volume lies on what its group's physical volume is called by the kernel.
        const std::string below = files.fake.resolve(physical_volume).value().filename();
        files.fake.add_file("/sys/devices/virtual/block/" + kernel + "/slaves/" + below, "");
        return ok();
    });
    commands.on("vgchange *", [this](const Command& /*command*/) {
        active = false;
        return ok();
    });
    commands.on("lvchange *", [this](const Command& /*command*/) {
        active = true;
        return ok();
    });
}

Result<CommandResult> Machine::make_array(const Command& command) {
    std::string uuid;
    std::string level;
    std::vector<std::string> members;
    for (const std::string& word : command.argv) {
        if (word.starts_with("--uuid=")) {
            uuid = word.substr(7);
        } else if (word.starts_with("--level=")) {
            level = word.substr(8);
        } else if (word.starts_with("/dev/disk/by-partuuid/")) {
            members.push_back(word);
        }
    }
    const std::string link = "/dev/disk/by-id/md-uuid-" + uuid;
    const std::string kernel = std::format("md{}", 127 - arrays.size());
    arrays.push_back(link);
    const std::string folder_of = "/sys/devices/virtual/block/" + kernel;
    blocks.add_disk(link, gib(100));
    files.fake.add_file("/dev/" + kernel, "");
    files.fake.add_link(link, "/dev/" + kernel);
    files.fake.add_link("/sys/class/block/" + kernel, folder_of);
    for (const std::string& member : members) {
        const std::string name = files.fake.resolve(member).value().filename();
        files.fake.add_file(std::format("{}/slaves/{}", folder_of, name), "");
    }
    files.fake.add_file(folder_of + "/md/level", level + "\n");
    files.fake.add_file(folder_of + "/md/raid_disks", std::format("{}\n", members.size()));
    files.fake.add_file(folder_of + "/md/degraded", "0\n");
    return ok();
}

void Machine::answer_arrays() {
    commands.on("mdadm --create *", [this](const Command& command) { return make_array(command); });
    commands.on("mdadm --stop *", [this](const Command& command) {
        static_cast<void>(files.fake.remove(command.argv.back()));
        std::erase(arrays, command.argv.back());
        return ok();
    });
    commands.on("chroot * update-initramfs *", [this](const Command& /*command*/) {
        static_cast<void>(linux_file_system()->write(target / "boot/initrd.img-6.12.1-test-amd64",
                                                     std::string(400'000, 'n')));
        return ok();
    });
}

// The firmware takes the lowest number that is free; a new entry goes to the front.
Result<CommandResult> Machine::make_entry(const Command& command) {
    const Plan current = plan();
    const std::string disk = option(command, "--disk");
    const Action* const table =
        find_action(current, disk == system_path() ? "partition.table" : "partition.table.2");
    const auto& partitions = std::get<action::WritePartitionTable>(table->kind).partitions;
    std::string number;
    for (int n = 1; number.empty(); ++n) {
        const std::string candidate = std::format("{:04X}", n);
        if (std::ranges::none_of(boot_entries, [&](const std::string& line) {
                return line.starts_with("Boot" + candidate);
            })) {
            number = candidate;
        }
    }
    boot_entries.push_back(std::format("Boot{}* {}\tHD(2,GPT,{},0x1000,0x2000)/{}", number,
                                       option(command, "--label"), partitions.at(1).guid.to_text(),
                                       option(command, "--loader")));
    boot_order.insert(boot_order.begin(), number);
    return ok();
}

void Machine::answer_boot() {
    commands.on("efibootmgr", [this](const Command& /*command*/) {
        return ok("BootCurrent: 0000\nBootOrder: " + join(boot_order, ",") + "\n" + join(boot_entries, "\n") +
                  "\n");
    });
    commands.on("efibootmgr --quiet --bootnum *", [this](const Command& command) {
        const std::string number = option(command, "--bootnum");
        std::erase_if(boot_entries,
                      [&](const std::string& line) { return line.starts_with("Boot" + number); });
        std::erase(boot_order, number);
        return ok();
    });
    commands.on("efibootmgr --quiet --create *",
                [this](const Command& command) { return make_entry(command); });
    commands.on("grub-install *", [this](const Command& /*command*/) {
        for (const char* name : {"boot.img", "core.img", "normal.mod"}) {
            static_cast<void>(linux_file_system()->write(target / "boot/grub/i386-pc" / name, name));
        }
        return ok();
    });
    commands.on("*/grub-bios-setup *", [this](const Command& command) {
        blocks.poke(command.argv.back(), Bytes{0}, "boot code");
        return ok();
    });
}

}  // namespace bedplate::test
