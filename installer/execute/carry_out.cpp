// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/carry_out.hpp"

#include <format>

namespace bedplate {

Result<bool> carry_out(const Steps& steps, const std::string& id) {
    BEDPLATE_ASSIGN(const Observation before, steps.observe());
    switch (before.state) {
        case Observation::State::satisfied:
            return true;
        case Observation::State::conflict:
            return fail("action.conflict", before.reason, id,
                        "nothing was changed by this action; clear what is in the way and start again");
        case Observation::State::needed:
            break;
    }
    BEDPLATE_TRY(steps.apply());
    if (steps.verify) {
        BEDPLATE_TRY(steps.verify());
        return false;
    }
    BEDPLATE_ASSIGN(const Observation after, steps.observe());
    if (after.state != Observation::State::satisfied) {
        return fail("action.not-done",
                    std::format("the action ran without an error, but its result is not there{}{}",
                                after.reason.empty() ? "" : ": ", after.reason),
                    id);
    }
    return false;
}

}  // namespace bedplate
