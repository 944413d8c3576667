// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "engine/node_report.hpp"
#include "plan/plan.hpp"
#include "platform/platform.hpp"

namespace bedplate::firstboot {

/// What was found of one value.
struct Seen {
    NodeTuning::State state = NodeTuning::State::holds;
    std::string actual;
};

[[nodiscard]] Seen not_applicable(std::string_view why);

/// "nvme", "virtual", "ssd", "hdd": by the kernel's name of the disk, and for SCSI disks by whether they
/// rotate; empty for what is no disk of a node (device mapper, md, loop).
[[nodiscard]] std::string_view kind_of_disk(const FileSystem& files, std::string_view disk);

/// Values that stand in no single file of the kernel: TuningReading::own.
[[nodiscard]] Seen look_with_own_rule(Platform& platform, const TuningValue& planned);

}  // namespace bedplate::firstboot
