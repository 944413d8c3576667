// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/execute/machine/machine.hpp"

#include <algorithm>
#include <format>
#include <fstream>

#include "base/text.hpp"
#include "execute/disk_table.hpp"

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

Machine::Machine(FirmwareMode firmware) {
    example.inventory.firmware.mode = firmware;
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
    show_mounts();
    add_payload();
    answer_storage();
    answer_lvm();
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
                           .target = target,
                           .journal = journal,
                           .threads = 2};
    return execute(plan, given, context);
}

bool Machine::others_untouched() const {
    const auto ours = [&](const std::string& path) {
        return path.starts_with(system_path()) || path.starts_with("/dev/disk/by-partuuid/");
    };
    return std::ranges::all_of(blocks.opened_for_writing(), ours) &&
           std::ranges::all_of(blocks.operations(),
                               [&](const auto& operation) { return operation.disk == system_path(); });
}

std::string Machine::esp_file(const std::string& path) const {
    const auto plan = example.plan();
    const Action* const action = plan ? find_action(*plan, "bootloader.esp") : nullptr;
    const Action* const table = plan ? find_action(*plan, "partition.table") : nullptr;
    if (action == nullptr || table == nullptr) {
        return {};
    }
    const auto& esp = std::get<action::WriteEsp>(action->kind);
    const auto& partition = std::get<action::WritePartitionTable>(table->kind).partitions.at(1);
    const auto image = folder / "look.img";
    std::ofstream(image, std::ios::binary)
        << blocks.peek(system_path(), Bytes{partition.first.value * 512}, std::min(esp.size, mib(8)));
    auto runner = linux_command_runner();
    const auto result = runner->run(
        {.argv = {"mtype", "-i", image.string(), "::/" + path}, .environment = {{"MTOOLS_SKIP_CHECK", "1"}}});
    return result && result->exit_status == 0 ? result->out : "";
}

bool Machine::bootable() const {
    if (example.inventory.firmware.mode == FirmwareMode::bios) {
        const std::string code = blocks.peek(system_path(), Bytes{0}, Bytes{440});
        return code.find_first_not_of('\0') != std::string::npos;
    }
    return !esp_file("EFI/BOOT/BOOTX64.EFI").empty();
}

std::string Machine::target_file(const std::string& path) const {
    return linux_file_system()->read(target / path).value_or("");
}

void Machine::pass_through(const std::string& pattern) {
    commands.on(pattern, [this](const Command& command) { return real_commands_->run(command); });
}

Result<CommandResult> Machine::blkid(const Command& command) {
    const std::string& device = command.argv.back();
    if (device == system_path()) {
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
void Machine::reread() {
    auto device = blocks.open(system_path(), BlockAccess::read).value();
    const auto table = read_disk_table(*device);
    if (!table || !*table) {
        return;
    }
    for (const auto& partition : (*table)->partitions) {
        const std::string name = std::format("sdb{}", partition.number);
        const Bytes start{partition.first.value * 512};
        const Bytes size{(partition.last.value - partition.first.value + 1) * 512};
        const std::string link = "/dev/disk/by-partuuid/" + partition.guid.to_text();
        blocks.add_part("/dev/" + name, system_path(), start, size);
        blocks.add_part(link, system_path(), start, size);
        files.fake.add_file("/dev/" + name, "");
        files.fake.add_link(link, "/dev/" + name);
        const auto folder_of = sys_devices / "sdb" / name;
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
    commands.on("blockdev --rereadpt *", [this](const Command& /*command*/) {
        reread();
        return ok();
    });
    commands.on("udevadm settle *");
    commands.on("mkfs.ext4 *", [this](const Command& command) {
        contents[command.argv.back()] = {"ext4", option(command, "-U"), option(command, "-L")};
        return ok();
    });
    commands.on("mkswap *", [this](const Command& command) {
        contents[command.argv.back()] = {"swap", option(command, "--uuid"), option(command, "--label")};
        return ok();
    });
    commands.on("dmesg", Answer{.out = "[    0.0] Linux\n"});
    for (const char* tool : {"mkfs.vfat *", "mmd *", "mcopy *"}) {
        pass_through(tool);
    }
}

void Machine::answer_lvm() {
    commands.on("pvs *", [this](const Command& /*command*/) {
        return ok(physical_volume.empty()
                      ? R"({"report":[{"pv":[]}]})"
                      : std::format(R"({{"report":[{{"pv":[{{"pv_name":"{}","vg_name":"{}"}}]}}]}})",
                                    physical_volume, volume_group));
    });
    commands.on("lvs *", [this](const Command& /*command*/) {
        std::vector<std::string> rows;
        for (const auto& [name, size] : volumes) {
            rows.push_back(std::format(R"({{"vg_name":"{}","lv_name":"{}","lv_size":"{}","lv_active":"{}"}})",
                                       volume_group, name, size.value, active ? "active" : ""));
        }
        return ok(R"({"report":[{"lv":[)" + join(rows, ",") + "]}]}");
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
        files.fake.add_file("/sys/devices/virtual/block/" + kernel + "/slaves/sdb4", "");
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

void Machine::show_mounts() {
    std::string text = "22 1 0:2 / / rw - rootfs rootfs rw\n";
    for (const auto& [point, device] : mounts) {
        text += std::format("36 22 253:0 / {} rw - ext4 {} rw\n", point, device);
    }
    files.fake.add_file("/proc/self/mountinfo", text);
}

void Machine::answer_mounts() {
    commands.on("mount *", [this](const Command& command) {
        const std::string& point = command.argv.back();
        std::filesystem::create_directories(point);
        mounts[point] = command.argv.at(command.argv.size() - 2);
        show_mounts();
        return ok();
    });
    commands.on("umount *", [this](const Command& /*command*/) {
        mounts.clear();
        show_mounts();
        return ok();
    });
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
    commands.on("efibootmgr --quiet --create *", [this](const Command& command) {
        const Plan current = plan();
        const auto& table =
            std::get<action::WritePartitionTable>(find_action(current, "partition.table")->kind);
        boot_entries.push_back(std::format("Boot0001* {}\tHD(2,GPT,{},0x1000,0x2000)/{}",
                                           option(command, "--label"), table.partitions.at(1).guid.to_text(),
                                           option(command, "--loader")));
        boot_order.insert(boot_order.begin(), "0001");
        return ok();
    });
    commands.on("grub-install *", [this](const Command& /*command*/) {
        for (const char* name : {"boot.img", "core.img", "normal.mod"}) {
            static_cast<void>(linux_file_system()->write(target / "boot/grub/i386-pc" / name, name));
        }
        return ok();
    });
    commands.on("*/grub-bios-setup *", [this](const Command& /*command*/) {
        blocks.poke(system_path(), Bytes{0}, "boot code");
        return ok();
    });
}

}  // namespace bedplate::test
