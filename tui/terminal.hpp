// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tui/canvas.hpp"
#include "tui/key.hpp"

namespace bedplate::tui {

/// How the terminal shall be used; each may be forced, else it follows from TERM and the locale.
struct TerminalChoice {
    std::optional<bool> colour, unicode;
};

/// The terminal on standard input and output. There is one; whatever way the program ends, it is left as it
/// was found.
class Terminal {
public:
    Terminal() = default;
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    virtual ~Terminal() = default;
    /// Errors: terminal.none (no terminal, or of a kind that terminfo does not know).
    [[nodiscard]] static Result<std::unique_ptr<Terminal>> open(const TerminalChoice& choice);

    [[nodiscard]] virtual int width() const = 0;
    [[nodiscard]] virtual int height() const = 0;
    [[nodiscard]] virtual Glyphs glyphs() const = 0;
    /// What came since the last call; waits for nothing. `gone` is set when the line was hung up.
    [[nodiscard]] virtual std::vector<Key> keys(bool& gone) = 0;
    virtual void show(const Canvas& canvas) = 0;
    /// Everything anew: after somebody else wrote to the terminal.
    virtual void redraw() = 0;
    /// The terminal as it was before, until resume().
    virtual void suspend() = 0;
    virtual void resume() = 0;
};

/// Whether a terminal of this kind (TERM) shows UTF-8 and more glyphs than a Linux console has.
[[nodiscard]] bool shows_unicode(const std::string& term, const std::string& locale);
[[nodiscard]] bool has_many_glyphs(const std::string& term, const std::string& locale);

}  // namespace bedplate::tui
