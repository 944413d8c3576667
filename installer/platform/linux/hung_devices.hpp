// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>

#include <mutex>
#include <set>
#include <utility>

namespace bedplate {

/// Devices on which a call did not come back: whoever asks them again would wait again. May be used from
/// several threads.
class HungDevices {
public:
    using Key = std::pair<dev_t, ino_t>;  ///< number of the device, inode of its node (or of a plain file)

    void add(const Key& key) {
        const std::scoped_lock lock(mutex_);
        keys_.insert(key);
    }
    /// The call came back after all.
    void remove(const Key& key) {
        const std::scoped_lock lock(mutex_);
        keys_.erase(key);
    }
    [[nodiscard]] bool contains(const Key& key) const {
        const std::scoped_lock lock(mutex_);
        return keys_.contains(key);
    }

private:
    mutable std::mutex mutex_;
    std::set<Key> keys_;
};

}  // namespace bedplate
