// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/screens/rig.hpp"

namespace bedplate::tui {

/// A screen in a state worth looking at, and the keys that lead there.
struct Scene {
    std::string name;
    std::function<std::unique_ptr<Rig>()> play;
};

[[nodiscard]] const std::vector<Scene>& scenes();

}  // namespace bedplate::tui
