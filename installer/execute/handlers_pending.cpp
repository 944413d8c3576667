// SPDX-License-Identifier: GPL-3.0-or-later
// Kinds of action that the planner knows and the executor does not carry out: they stop a run before anything
// that depends on them.
#include "execute/handlers.hpp"

namespace bedplate {
namespace {

Steps not_carried_out() {
    return {.observe = []() -> Result<Observation> {
                return conflict("this is not carried out by this version yet");
            },
            .apply = []() -> Result<void> { return {}; }};
}

}  // namespace

Steps steps(const action::ZapBluestore& /*kind*/, const Action& /*action*/, Run& /*run*/) {
    return not_carried_out();
}

Steps steps(const action::CloseCrypt& /*kind*/, const Action& /*action*/, Run& /*run*/) {
    return not_carried_out();
}

Steps steps(const action::StopArray& /*kind*/, const Action& /*action*/, Run& /*run*/) {
    return not_carried_out();
}

Steps steps(const action::StopBcache& /*kind*/, const Action& /*action*/, Run& /*run*/) {
    return not_carried_out();
}

Steps steps(const action::RemoveMultipathMap& /*kind*/, const Action& /*action*/, Run& /*run*/) {
    return not_carried_out();
}

Steps steps(const action::CreateArray& /*kind*/, const Action& /*action*/, Run& /*run*/) {
    return not_carried_out();
}

Steps steps(const action::CreateCrypt& /*kind*/, const Action& /*action*/, Run& /*run*/) {
    return not_carried_out();
}

Steps steps(const action::OpenCrypt& /*kind*/, const Action& /*action*/, Run& /*run*/) {
    return not_carried_out();
}

Steps steps(const action::BindTpm2& /*kind*/, const Action& /*action*/, Run& /*run*/) {
    return not_carried_out();
}

Steps steps(const action::UpdateInitramfs& /*kind*/, const Action& /*action*/, Run& /*run*/) {
    return not_carried_out();
}

}  // namespace bedplate
