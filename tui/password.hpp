// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/secret.hpp"

namespace bedplate::tui {

/// A yescrypt hash (crypt(5)) with a salt of the kernel's random numbers; empty where libcrypt refuses.
[[nodiscard]] Secret hash_password(const Secret& password);

}  // namespace bedplate::tui
