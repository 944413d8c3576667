// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace bedplate {

/// Calls work(0) to work(count - 1), at most `limit` at the same time, and returns when all are done. The
/// calls must not throw.
void for_each_parallel(std::size_t count, unsigned limit, const std::function<void(std::size_t)>& work);

/// The same for tasks of different kinds.
void run_parallel(const std::vector<std::function<void()>>& tasks, unsigned limit);

}  // namespace bedplate
