// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace bedplate {

void for_each_parallel(std::size_t count, unsigned limit, const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> next = 0;
    const auto worker = [&] {
        for (std::size_t i = next++; i < count; i = next++) {
            work(i);
        }
    };
    std::vector<std::jthread> helpers;
    for (std::size_t i = 1; i < std::min<std::size_t>(limit, count); ++i) {
        helpers.emplace_back(worker);
    }
    worker();
}

void run_parallel(const std::vector<std::function<void()>>& tasks, unsigned limit) {
    for_each_parallel(tasks.size(), limit, [&](std::size_t i) { tasks[i](); });
}

}  // namespace bedplate
