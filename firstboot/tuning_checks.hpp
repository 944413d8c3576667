// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "engine/node_report.hpp"
#include "platform/platform.hpp"

namespace bedplate::firstboot {

/// The planned values (/etc/bedplate/tuning.json) beside those that the running kernel has. Empty where the
/// plan had none. Errors: tuning.file and those of reading it; a kernel file that is not there is none.
[[nodiscard]] Result<std::vector<NodeTuning>> check_tuning(Platform& platform);

/// Two checks about all values: tuning.values, which is advice, and tuning.required, which is not.
[[nodiscard]] std::vector<NodeCheck> tuning_summary(const std::vector<NodeTuning>& values);

}  // namespace bedplate::firstboot
