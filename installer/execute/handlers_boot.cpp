// SPDX-License-Identifier: GPL-3.0-or-later
// From a written tree to a disk that boots.
#include <algorithm>
#include <format>

#include "execute/boot_entries.hpp"
#include "execute/esp_image.hpp"
#include "execute/handlers.hpp"
#include "execute/storage_state.hpp"

namespace bedplate {
namespace {

constexpr std::size_t boot_code_size = 440;
constexpr std::string_view efi_variables = "/sys/firmware/efi/efivars";

bool all_zero(std::span<const std::byte> data) {
    return std::ranges::all_of(data, [](std::byte byte) { return byte == std::byte{0}; });
}

// Put together once a run, in memory: it is written, compared after writing, and its first block committed.
Result<const EspImage*> image_of(Run& run, const action::WriteEsp& kind) {
    std::unique_ptr<EspImage>& image = run.esp_images[kind.device];
    if (image) {
        return image.get();
    }
    EspContents contents{.size = kind.size,
                         .logical_block_size = kind.logical_block_size,
                         .volume_id = kind.volume_id,
                         .copies = {},
                         .texts = {},
                         .timestamp = run.context.manifest.source_date_epoch};
    for (const auto& [to, from] : kind.copies) {
        contents.copies[to] = run.on_target(run.filled_in(from));
    }
    for (const auto& [to, text] : kind.texts) {
        contents.texts[to] = run.filled_in(text);
    }
    BEDPLATE_ASSIGN(image, EspImage::build(run.context.commands, run.work, contents));
    return image.get();
}

Result<std::vector<std::byte>> first_block_of(BlockDevice& device) {
    std::vector<std::byte> block(device.logical_block_size().value);
    BEDPLATE_TRY(device.read(Bytes{0}, block));
    return block;
}

// Satisfied as well when the block that was withheld has been written since: the commit of an earlier run.
Result<Observation> observe_esp(Run& run, const action::WriteEsp& kind, const Action& action) {
    BEDPLATE_ASSIGN(const EspImage* image, image_of(run, kind));
    BEDPLATE_ASSIGN(const auto device, run.disks.open_part(action, kind.device, BlockAccess::read));
    BEDPLATE_ASSIGN(const auto block, first_block_of(*device));
    const bool block_fits = block == image->first_block() || (kind.withhold_first_block && all_zero(block));
    if (!block_fits) {
        return needed();
    }
    BEDPLATE_ASSIGN(const bool same, image->equals(*device));
    return same ? satisfied() : needed();
}

Result<void> apply_esp(Run& run, const action::WriteEsp& kind, const Action& action) {
    BEDPLATE_TRY(run.disks.prove(action, kind.device));
    BEDPLATE_TRY(run.run_commands(action));
    BEDPLATE_ASSIGN(const EspImage* image, image_of(run, kind));
    BEDPLATE_ASSIGN(const auto device, run.disks.open_part(action, kind.device, BlockAccess::write));
    return image->write_to(*device, kind.withhold_first_block);
}

const EspImage* prepared_image(const Run& run, const action::CommitBoot& kind) {
    const auto found = run.esp_images.find(kind.esp_device);
    return found == run.esp_images.end() ? nullptr : found->second.get();
}

Result<Observation> observe_commit_uefi(Run& run, const action::CommitBoot& kind, const Action& action) {
    const EspImage* const image = prepared_image(run, kind);
    if (image == nullptr) {
        return conflict("the EFI system partition was not prepared in this run");
    }
    BEDPLATE_ASSIGN(const auto device, run.disks.open_part(action, kind.esp_device, BlockAccess::read));
    BEDPLATE_ASSIGN(const auto block, first_block_of(*device));
    if (block == image->first_block()) {
        run.bootable = true;
        return satisfied();
    }
    return all_zero(block) ? needed()
                           : conflict("the first block of the EFI system partition is not the one withheld");
}

Result<void> commit_uefi(Run& run, const action::CommitBoot& kind, const Action& action) {
    BEDPLATE_ASSIGN(const auto device, run.disks.open_part(action, kind.esp_device, BlockAccess::write));
    BEDPLATE_TRY(device->write(Bytes{0}, prepared_image(run, kind)->first_block()));
    return device->flush();
}

Result<bool> has_boot_code(Run& run, const Action& action) {
    BEDPLATE_ASSIGN(const auto device, run.disks.open(*action.device, BlockAccess::read));
    BEDPLATE_ASSIGN(const auto block, first_block_of(*device));
    return !all_zero(std::span(block).first(std::min(boot_code_size, block.size())));
}

// One disk that boots is enough for `bootable`: with two, the first commit counts.
Steps bios_commit(const Action& action, Run& run) {
    return {.observe = [&]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const bool there, has_boot_code(run, action));
                const bool ours = there && !run.system_is_touched() && !run.tree_changed;
                run.bootable = run.bootable || ours;
                return ours ? satisfied() : needed();
            },
            .apply = [&] { return run.run_commands(action); },
            .verify = [&]() -> Result<void> {
                BEDPLATE_ASSIGN(const bool there, has_boot_code(run, action));
                run.bootable = run.bootable || there;
                return there ? Result<void>{}
                             : fail("boot.verify", "the disk has no boot code after GRUB's tool ran");
            }};
}

std::string esp_guid(Run& run, const action::SetBootEntry& kind, const Action& action) {
    const auto* const table = planned_table(run.plan, *action.device);
    if (table == nullptr) {
        return {};
    }
    const auto found =
        std::ranges::find(table->partitions, kind.esp_number, &action::PlannedPartition::number);
    return found == table->partitions.end() ? std::string() : found->guid.to_text();
}

Result<BootEntries> boot_entries(Run& run) {
    BEDPLATE_ASSIGN(const std::string text, run_checked(run.context.commands, {.argv = {"efibootmgr"}}));
    return parse_boot_entries(text);
}

/// Numbers of the entries that stand for this action's system partition: those that lead to it, and those
/// that carry its label without leading to another system partition of the plan (left by an earlier node).
std::vector<const BootEntry*> entries_of(Run& run, const action::SetBootEntry& kind, const Action& action,
                                         const BootEntries& now) {
    const auto leads_elsewhere = [&](const BootEntry& entry) {
        return std::ranges::any_of(run.plan.actions, [&](const Action& other) {
            const auto* const set = std::get_if<action::SetBootEntry>(&other.kind);
            return set != nullptr && other.id != action.id &&
                   leads_to(entry, esp_guid(run, *set, other), set->loader);
        });
    };
    const std::string guid = esp_guid(run, kind, action);
    std::vector<const BootEntry*> ours;
    for (const BootEntry& entry : now.entries) {
        const bool here = leads_to(entry, guid, kind.loader);
        if (here || (entry.label == kind.label && !leads_elsewhere(entry))) {
            ours.push_back(&entry);
        }
    }
    return ours;
}

// Exactly one entry a system partition. Its place may be before the planned one as long as the entry that is
// to stand before it has not been made.
Result<Observation> observe_entry(Run& run, const action::SetBootEntry& kind, const Action& action) {
    // The folder is there on every UEFI machine; it is empty unless the variables' file system is mounted on
    // it.
    const auto variables = run.context.files.list(efi_variables);
    if (!variables || variables->empty()) {
        run.progress.note("the firmware's variables cannot be reached: the disk boots by its default loader");
        return satisfied();
    }
    BEDPLATE_ASSIGN(const BootEntries now, boot_entries(run));
    const auto ours = entries_of(run, kind, action, now);
    if (ours.size() != 1 || ours.front()->label != kind.label ||
        !leads_to(*ours.front(), esp_guid(run, kind, action), kind.loader)) {
        return needed();
    }
    const auto place = std::ranges::find(now.order, ours.front()->number);
    return place != now.order.end() && std::distance(now.order.begin(), place) <= kind.position ? satisfied()
                                                                                                : needed();
}

Result<void> apply_entry(Run& run, const action::SetBootEntry& kind, const Action& action) {
    BEDPLATE_ASSIGN(const BootEntries now, boot_entries(run));
    for (const BootEntry* entry : entries_of(run, kind, action, now)) {
        BEDPLATE_TRY(run_checked(run.context.commands, {.argv = {"efibootmgr", "--quiet", "--bootnum",
                                                                 entry->number, "--delete-bootnum"}}));
    }
    return run.run_commands(action);
}

}  // namespace

Steps steps(const action::WriteEsp& kind, const Action& action, Run& run) {
    return {.observe = [&] { return observe_esp(run, kind, action); },
            .apply = [&] { return apply_esp(run, kind, action); }};
}

Steps steps(const action::PrepareBiosLoader& /*kind*/, const Action& action, Run& run) {
    const auto core = run.on_target("/boot/grub/i386-pc/core.img");
    return {.observe =
                [&run, core] {
                    const bool there =
                        run.context.files.exists(core) && !run.tree_changed && !run.system_is_touched();
                    return Result<Observation>(there ? satisfied() : needed());
                },
            .apply = [&] { return run.run_commands(action); },
            .verify = [&run, core]() -> Result<void> {
                return run.context.files.exists(core)
                           ? Result<void>{}
                           : fail("boot.verify", "GRUB's core image is not there after it was made",
                                  core.string());
            }};
}

Steps steps(const action::CommitBoot& kind, const Action& action, Run& run) {
    if (kind.firmware == FirmwareMode::bios) {
        return bios_commit(action, run);
    }
    return {.observe = [&] { return observe_commit_uefi(run, kind, action); },
            .apply = [&] { return commit_uefi(run, kind, action); }};
}

Steps steps(const action::SetBootEntry& kind, const Action& action, Run& run) {
    return {.observe = [&] { return observe_entry(run, kind, action); },
            .apply = [&] { return apply_entry(run, kind, action); }};
}

}  // namespace bedplate
