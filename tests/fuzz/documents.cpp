// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes at all as a profile, a site, an inventory: the loaders neither crash nor hang, and what they say
// about a document fits what they return.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "profile/profile.hpp"

namespace {

using namespace bedplate;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

/// Findings lie inside the document, in the order of the text.
void check_places(std::string_view text, const Report& report) {
    const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
    for (const Finding& finding : report.findings()) {
        require(!finding.code.empty() && !finding.message.empty());
        require(finding.where.line <= lines);
        require(finding.where.column <= text.size() + 1);
    }
    require(std::ranges::is_sorted(report.findings(), {}, [](const Finding& finding) {
        return std::pair(finding.where.line, finding.where.column);
    }));
}

template <typename T>
std::optional<T> check_loader(std::string_view text, auto loader) {
    Report report;
    std::optional<T> value = loader(text, "fuzz.yaml", report);
    require(value.has_value() != report.has_errors());
    check_places(text, report);
    Report again;
    (void)loader(text, "fuzz.yaml", again);
    require(again.to_text() == report.to_text());
    return value;
}

void check_profile(const Profile& profile) {
    require(!profile.name.empty() && profile.network.roles.contains("management"));
    require(!profile.system.select.empty());
    const MatchResult result = match(Inventory{}, {profile});
    require(result.verdicts.size() == 1);
    // A machine of which nothing is known fits no profile that asks for something it lacks, and a profile
    // without any clause is no profile.
    require(result.verdicts.front().matches == result.chosen.has_value());
}

/// Whoever loaded a site can compose each of its nodes.
void check_site(const Site& site) {
    for (const NodeEntry& node : site.nodes) {
        const auto spec = compose(site, Inventory{}, node.hostname);
        require(spec.has_value());
        require(spec->addresses.contains("management"));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto profile = check_loader<Profile>(text, load_profile)) {
        check_profile(*profile);
    }
    if (const auto site = check_loader<Site>(text, load_site)) {
        check_site(*site);
    }
    (void)validate_document(text, "fuzz");
    return 0;
}
