// SPDX-License-Identifier: GPL-3.0-or-later
#include "tui/qr.hpp"

#include <qrencode.h>

#include <cerrno>
#include <memory>
#include <string>

namespace bedplate::tui {

Result<std::vector<std::vector<bool>>> qr_code(std::string_view text) {
    const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
        QRcode_encodeString8bit(std::string(text).c_str(), 0, QR_ECLEVEL_L), &QRcode_free);
    if (!code) {
        return fail("qr.too-long", "this text does not fit into a QR code");
    }
    const auto size = static_cast<std::size_t>(code->width);
    std::vector<std::vector<bool>> rows(size, std::vector<bool>(size));
    for (std::size_t y = 0; y < size; ++y) {
        for (std::size_t x = 0; x < size; ++x) {
            rows[y][x] = (code->data[y * size + x] & 1U) != 0;
        }
    }
    return rows;
}

bool draw_qr(Canvas& canvas, int x, int y, int columns, int rows,
             const std::vector<std::vector<bool>>& code) {
    constexpr int quiet = 2;
    const int size = static_cast<int>(code.size()) + 2 * quiet;
    const auto dark = [&](int column, int row) {
        const int c = column - quiet;
        const int r = row - quiet;
        const int edge = static_cast<int>(code.size());
        return c >= 0 && r >= 0 && c < edge && r < edge &&
               code[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)];
    };
    if (canvas.glyphs() == Glyphs::ascii) {
        if (size * 2 > columns || size > rows) {
            return false;
        }
        for (int row = 0; row < size; ++row) {
            for (int column = 0; column < size; ++column) {
                // Light modules are the reversed ones: terminals are dark.
                canvas.fill(x + column * 2, y + row, 2, dark(column, row) ? Style::normal : Style::title);
            }
        }
        return true;
    }
    if (size > columns || (size + 1) / 2 > rows) {
        return false;
    }
    for (int row = 0; row < size; row += 2) {
        for (int column = 0; column < size; ++column) {
            const bool upper = !dark(column, row);
            const bool lower = row + 1 < size && !dark(column, row + 1);
            const std::string_view block = upper && lower ? "\u2588"
                                           : upper        ? "\u2580"
                                           : lower        ? "\u2584"
                                                          : " ";
            canvas.put(x + column, y + row / 2, block);
        }
    }
    return true;
}

}  // namespace bedplate::tui
