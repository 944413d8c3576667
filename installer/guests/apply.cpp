// SPDX-License-Identifier: GPL-3.0-or-later
// The machines of the site.
#include <format>

#include "base/text.hpp"
#include "guests/guests.hpp"

namespace bedplate::guests {

namespace {

Result<Applied> apply_one(Guests& guests, const VmSpec& spec, const VmRecords& records, bool commit) {
    const auto found = records.find(spec.name);
    if (found != records.end() && found->second.ready) {
        const auto others = differences(found->second.spec, spec);
        return Applied{.name = spec.name,
                       .state = others.empty() ? Applied::State::there : Applied::State::differs,
                       .detail = join(others, ", ")};
    }
    BEDPLATE_ASSIGN(const auto creation, plan_creation(guests, spec));
    BEDPLATE_TRY(carry_out(guests, creation_steps(guests, creation, false), commit));
    return Applied{
        .name = spec.name, .state = commit ? Applied::State::made : Applied::State::wanted, .detail = {}};
}

}  // namespace

Result<std::vector<Applied>> apply(Guests& guests, bool commit) {
    BEDPLATE_ASSIGN(const auto records, vm_records(guests.registry));
    std::vector<Applied> all;
    for (const auto& spec : guests.settings.vms) {
        auto one = apply_one(guests, spec, records, commit);
        all.push_back(one ? std::move(*one)
                          : Applied{.name = spec.name,
                                    .state = Applied::State::failed,
                                    .detail = one.error().to_text()});
    }
    return all;
}

}  // namespace bedplate::guests
