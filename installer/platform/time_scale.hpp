// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>

namespace bedplate {

/// The factor that stretches every timeout, from BEDPLATE_TIME_SCALE (1 to 100; anything else counts as 1):
/// an emulated machine is many times slower than the ones the timeouts are made for.
[[nodiscard]] double time_scale();

/// `timeout` times the factor.
[[nodiscard]] std::chrono::milliseconds scaled(std::chrono::milliseconds timeout);

}  // namespace bedplate
