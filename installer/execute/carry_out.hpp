// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "execute/run.hpp"

namespace bedplate {

/// Observe, apply where that is needed, verify: how every action of an installation and every step of a first
/// boot is carried out. True: nothing had to be done. Errors: those of the three; action.conflict (something
/// is in the way, nothing was changed), action.not-done (applied without an error, but the result is not
/// there).
[[nodiscard]] Result<bool> carry_out(const Steps& steps, const std::string& id);

}  // namespace bedplate
