// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "tui/canvas.hpp"

namespace bedplate::tui {

/// A canvas as a person reads it: the screen in a frame, where the cursor stands, then which columns of which
/// line look how, with colours and without.
[[nodiscard]] std::string dump(const Canvas& canvas);

/// Only the characters, line by line, blanks at the ends removed.
[[nodiscard]] std::string characters(const Canvas& canvas);

}  // namespace bedplate::tui
