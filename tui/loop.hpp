// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "tui/app.hpp"
#include "tui/terminal.hpp"

namespace bedplate::tui {

struct LoopOptions {
    std::filesystem::path socket = "/run/bedplate/engine.sock";
    App::Options app;
    TerminalChoice terminal;
    std::string shell = "/bin/bash";
};

/// Show the screens until the person leaves, the line is hung up or a signal asks to end. Never waits longer
/// than a tenth of a second for anything. Errors: terminal.none.
[[nodiscard]] Result<void> run(const LoopOptions& options);

}  // namespace bedplate::tui
