// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/failure_bundle.hpp"

#include <algorithm>

#include "base/foreign_text.hpp"
#include "base/json.hpp"
#include "execute/disk_table.hpp"
#include "execute/esp_image.hpp"
#include "execute/events.hpp"
#include "execute/journal.hpp"
#include "execute/storage_state.hpp"

namespace bedplate {
namespace {

// The end of a log says what happened last.
constexpr std::size_t most_log = std::size_t{1} << 20U;

std::string tail_of(std::string text) {
    return text.size() > most_log ? text.substr(text.size() - most_log) : text;
}

std::string mark_text(const Plan& plan, const Error& error) {
    const Json mark{{"schema", "bedplate/mark/v1"},  {"state", "failed"},
                    {"cluster", plan.cluster_name},  {"hostname", plan.hostname},
                    {"generation", plan.generation}, {"firmware", to_string(plan.firmware)},
                    {"plan_digest", plan.digest()},  {"error", error.code}};
    return pretty(mark) + "\n";
}

// Whatever can be had; what cannot is left out, since the bundle is there to explain a failure.
std::map<std::string, std::string> bundle_files(const Plan& plan, const Error& error,
                                                ExecuteContext& context) {
    std::map<std::string, std::string> files{
        {"bedplate/node.json", mark_text(plan, error)},
        {"bedplate/failure/error.txt", error.to_text() + "\n"},
        {"bedplate/failure/error.json", pretty(to_json(error)) + "\n"},
        {"bedplate/failure/plan.txt", to_text(plan)},
        {"bedplate/failure/inventory.json", pretty(to_json(context.inventory)) + "\n"}};
    for (const auto& log : {context.journal, command_log(context)}) {
        if (auto text = context.files.read(log)) {
            files["bedplate/failure/" + log.filename().string()] = tail_of(std::move(*text));
        }
    }
    if (auto messages = context.commands.run({.argv = {"dmesg"}}); messages && messages->exit_status == 0) {
        files["bedplate/failure/dmesg.txt"] = tail_of(std::move(messages->out));
    }
    return files;
}

// GRUB's tool for BIOS may have failed after it wrote the boot sector. The first 440 bytes are code, the rest
// of the block is the protective MBR.
Result<void> clear_boot_code(TargetDisks& disks, const DiskIdentity& identity) {
    constexpr std::size_t boot_code_size = 440;
    BEDPLATE_ASSIGN(const auto disk, disks.open(identity, BlockAccess::write));
    std::vector<std::byte> block(disk->logical_block_size().value);
    BEDPLATE_TRY(disk->read(Bytes{0}, block));
    const auto code = std::span(block).first(boot_code_size);
    if (std::ranges::all_of(code, [](std::byte byte) { return byte == std::byte{0}; })) {
        return {};
    }
    std::ranges::fill(code, std::byte{0});
    BEDPLATE_TRY(disk->write(Bytes{0}, block));
    return disk->flush();
}

// One disk's.
Result<void> write_to(const Plan& plan, const Action& action, const std::map<std::string, std::string>& files,
                      ExecuteContext& context, TargetDisks& disks, const std::filesystem::path& work) {
    const auto* const planned = planned_table(plan, *action.device);
    {
        BEDPLATE_ASSIGN(const auto disk, disks.open(*action.device, BlockAccess::read));
        BEDPLATE_ASSIGN(const auto table, read_disk_table(*disk));
        if (planned == nullptr || !table || table_difference(*table, *planned)) {
            return fail("bundle.no-table", "the disk does not hold the plan's partition table yet");
        }
    }
    const auto& esp = std::get<action::WriteEsp>(action.kind);
    BEDPLATE_ASSIGN(const auto image, EspImage::build(context.commands, work,
                                                      {.size = esp.size,
                                                       .logical_block_size = esp.logical_block_size,
                                                       .volume_id = esp.volume_id,
                                                       .copies = {},
                                                       .texts = files,
                                                       .timestamp = context.manifest.source_date_epoch}));
    {
        BEDPLATE_ASSIGN(const auto device, disks.open_part(action, esp.device, BlockAccess::write));
        BEDPLATE_TRY(image->write_to(*device, /*withhold=*/false));
    }
    return clear_boot_code(disks, *action.device);
}

bool is_on(const Action& action, const Disk* disk, TargetDisks& disks) {
    const auto found = disks.disk_of(*action.device);
    return disk != nullptr && found && *found == disk;
}

}  // namespace

Result<void> write_failure_bundle(const Plan& plan, const Error& error, ExecuteContext& context,
                                  TargetDisks& disks, const std::filesystem::path& work, const Disk* hung) {
    const auto files = bundle_files(plan, error, context);
    bool written = false;
    Result<void> first_failure =
        fail("bundle.no-table", "the plan makes no EFI system partition on a disk that answers");
    bool failed = false;
    for (const Action& action : plan.actions) {
        if (!std::holds_alternative<action::WriteEsp>(action.kind) || !action.device ||
            is_on(action, hung, disks)) {
            continue;
        }
        auto done = write_to(plan, action, files, context, disks, work);
        written = written || done.has_value();
        if (!done && !failed) {
            failed = true;
            first_failure = std::move(done);
        }
    }
    return written ? Result<void>{} : first_failure;
}

}  // namespace bedplate
