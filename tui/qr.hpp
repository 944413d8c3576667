// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "tui/canvas.hpp"

namespace bedplate::tui {

/// A QR code as rows of modules (true: dark), without a quiet zone. Errors: qr.too-long.
[[nodiscard]] Result<std::vector<std::vector<bool>>> qr_code(std::string_view text);

/// Draws it with a quiet zone of two modules: two modules a character with half blocks, else one module on
/// two columns. False: there is no room for it.
bool draw_qr(Canvas& canvas, int x, int y, int columns, int rows, const std::vector<std::vector<bool>>& code);

}  // namespace bedplate::tui
