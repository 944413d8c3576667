// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace bedplate {

/// Make a call that may hang in the kernel (on a disk that does not answer no signal ends it) on a thread of
/// its own and wait for it no longer than `limit`. nullopt: it has not come back, and its thread is left
/// behind; so the call must own everything that it uses. `late` is called if it does come back after all.
template <typename T>
[[nodiscard]] std::optional<T> within(std::chrono::milliseconds limit, std::function<T()> call,
                                      std::function<void()> late = {}) {
    struct State {
        std::mutex mutex;
        std::condition_variable done;
        std::optional<T> result;
        bool abandoned = false;
    };
    auto state = std::make_shared<State>();
    std::thread([state, call = std::move(call), late = std::move(late)] {
        T result = call();
        std::unique_lock lock(state->mutex);
        state->result = std::move(result);
        const bool abandoned = state->abandoned;
        lock.unlock();
        state->done.notify_one();
        if (abandoned && late) {
            late();
        }
    }).detach();
    std::unique_lock lock(state->mutex);
    if (!state->done.wait_for(lock, limit, [&] { return state->result.has_value(); })) {
        state->abandoned = true;
        return std::nullopt;
    }
    return std::move(state->result);
}

}  // namespace bedplate
