// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/verbs.hpp"

namespace bedplate::cli {

/// boot, eject
void add_bmc_verb(CLI::App& app, Invocation& invocation);

}  // namespace bedplate::cli
