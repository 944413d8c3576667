// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/remains.hpp"

#include <algorithm>
#include <format>
#include <span>

#include "base/text.hpp"
#include "execute/kernel_state.hpp"
#include "inventory/bluestore_label.hpp"
#include "inventory/run_record.hpp"

namespace bedplate {
namespace {

using Clauses = std::vector<std::string>;

constexpr Bytes end_size = mib(1);

Result<bool> is_zero(BlockDevice& device, Bytes offset, Bytes size) {
    std::vector<std::byte> data(size.value);
    BEDPLATE_TRY(device.read(offset, data));
    return std::ranges::all_of(data, [](std::byte byte) { return byte == std::byte{0}; });
}

// The record of an installation at the end of the first MiB says nothing about contents.
Result<bool> starts_blank(BlockDevice& device, bool may_have_record) {
    const Bytes size = std::min(end_size, device.size());
    const Bytes record = run_record_offset(device.logical_block_size());
    if (!may_have_record || size < end_size) {
        return is_zero(device, Bytes{0}, size);
    }
    std::string block(device.logical_block_size().value, '\0');
    BEDPLATE_TRY(device.read(record, std::as_writable_bytes(std::span(block))));
    return is_zero(device, Bytes{0}, decode_run_record(block) ? record : size);
}

Result<void> look_at_bytes(Run& run, const Action& action, Clauses& found) {
    BEDPLATE_ASSIGN(const auto device, run.disks.open(*action.device, BlockAccess::read));
    const Bytes size = std::min(end_size, device->size());
    BEDPLATE_ASSIGN(const bool start, starts_blank(*device, run.recorder.is_on(*action.device)));
    if (!start) {
        found.emplace_back("the first MiB is not zero");
    }
    BEDPLATE_ASSIGN(const bool end, is_zero(*device, device->size() - size, size));
    if (!end) {
        found.emplace_back("the last MiB is not zero");
    }
    for (const Bytes offset : bluestore_label_offsets) {
        if (offset + bluestore_label_size > device->size()) {
            break;
        }
        std::string block(bluestore_label_size.value, '\0');
        BEDPLATE_TRY(device->read(offset, std::as_writable_bytes(std::span(block))));
        if (const auto label = bluestore_label_in(block, offset)) {
            found.push_back(
                std::format("a BlueStore label of OSD {} at {}", label->osd_uuid, to_exact_text(offset)));
        }
    }
    return {};
}

Result<void> look_at_kernel(Run& run, const Action& action, Clauses& found) {
    BEDPLATE_ASSIGN(const Disk* disk, run.disks.disk_of(*action.device));
    const std::filesystem::path folder = std::filesystem::path("/sys/class/block") / disk->name;
    if (const auto holders = run.context.files.list(folder / "holders"); holders && !holders->empty()) {
        found.push_back("the kernel says that it is held by " + join(*holders, ", "));
    }
    for (const std::string& name : run.context.files.list(folder).value_or(Clauses{})) {
        if (name.starts_with(disk->name) && run.context.files.exists(folder / name / "partition")) {
            found.push_back("the kernel shows the partition " + name);
        }
    }
    return {};
}

Result<void> look_with_tools(Run& run, const Action& action, Clauses& found) {
    BEDPLATE_ASSIGN(const std::string path, run.disk_path(action));
    CommandRunner& commands = run.context.commands;
    BEDPLATE_ASSIGN(const auto signature, signature_of(commands, path));
    if (signature) {
        found.push_back(std::format("libblkid finds {}",
                                    signature->type.empty() ? signature->partition_table : signature->type));
    }
    BEDPLATE_ASSIGN(const auto volumes, physical_volumes(commands, path));
    if (!volumes.empty()) {
        found.push_back(std::format("LVM finds a physical volume of group '{}'", volumes[0].volume_group));
    }
    // Its exit status is 0 where there is a superblock, also of DDF and IMSM, whose place is the disk's end.
    BEDPLATE_ASSIGN(const CommandResult md, commands.run({.argv = {"mdadm", "--examine", "--brief", path}}));
    if (md.exit_status == 0 && !trim(md.out).empty()) {
        found.push_back("mdadm finds " + std::string(trim(md.out)));
    }
    return {};
}

}  // namespace

Result<Clauses> remains_on(Run& run, const Action& action) {
    Clauses found;
    BEDPLATE_TRY(look_at_kernel(run, action, found));
    BEDPLATE_TRY(look_with_tools(run, action, found));
    BEDPLATE_TRY(look_at_bytes(run, action, found));
    return found;
}

Result<bool> is_blank(Run& run, const Action& action) {
    Clauses found;
    for (const auto look : {look_at_kernel, look_at_bytes, look_with_tools}) {
        BEDPLATE_TRY(look(run, action, found));
        if (!found.empty()) {
            return false;
        }
    }
    return true;
}

}  // namespace bedplate
