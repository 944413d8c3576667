// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "profile/profile.hpp"

namespace bedplate {

namespace {

/// lshw and Ironic append " (SKU=...;ModelName=...)" to the product; DMI itself does not have it.
std::string_view product_of(const SystemFacts& system) {
    const std::string_view product = system.product;
    return trim(product.substr(0, product.find(" (SKU=")));
}

std::string_view fact(const SystemFacts& system, std::string_view name) {
    if (name == "manufacturer") {
        return system.manufacturer;
    }
    return name == "product" ? product_of(system) : system.sku;
}

/// Counts the clauses that hold and keeps the first that does not.
class Verdict {
public:
    void clause(std::optional<std::string> mismatch) {
        if (!mismatch) {
            ++matched_;
        } else if (first_mismatch_.empty()) {
            first_mismatch_ = std::move(*mismatch);
        }
    }

    [[nodiscard]] ProfileVerdict take(const Profile& profile) const {
        return {.profile = profile.name,
                .matches = first_mismatch_.empty(),
                .priority = profile.match.priority,
                .clauses = matched_,
                .first_mismatch = first_mismatch_};
    }

private:
    std::size_t matched_ = 0;
    std::string first_mismatch_;
};

std::optional<std::string> system_mismatch(const SystemFacts& system, const std::string& name,
                                           const std::string& pattern) {
    const std::string_view value = fact(system, name);
    if (value.empty()) {
        return std::format("system.{} is unknown, wanted '{}'", name, pattern);
    }
    if (!glob_match(pattern, value)) {
        return std::format("system.{} is '{}', wanted '{}'", name, value, pattern);
    }
    return std::nullopt;
}

std::optional<std::string> memory_mismatch(Bytes total, bool fits, std::string_view relation, Bytes limit) {
    if (total.value == 0) {
        return std::format("the size of the memory is unknown, wanted {} {}", relation,
                           to_binary_text(limit));
    }
    if (!fits) {
        return std::format("memory is {}, wanted {} {}", to_binary_text(total), relation,
                           to_binary_text(limit));
    }
    return std::nullopt;
}

std::optional<std::string> disk_mismatch(const std::vector<Disk>& disks, const DiskMatchRule& rule) {
    const auto found =
        std::ranges::count_if(disks, [&](const Disk& disk) { return !rule.select.why_not(disk); });
    const Count count{.exactly = rule.count, .at_least = rule.min_count, .at_most = {}};
    const auto mismatch = count.mismatch(static_cast<std::size_t>(found));
    if (!mismatch) {
        return std::nullopt;
    }
    return std::format("disks with {}: {}", rule.select.to_text(), *mismatch);
}

ProfileVerdict judge(const Inventory& inventory, const Profile& profile) {
    const MatchRules& rules = profile.match;
    const Bytes memory = inventory.memory.total;
    Verdict verdict;
    for (const auto& [name, pattern] : rules.system) {
        verdict.clause(system_mismatch(inventory.system, name, pattern));
    }
    if (rules.memory_min) {
        verdict.clause(memory_mismatch(memory, memory >= *rules.memory_min, "at least", *rules.memory_min));
    }
    if (rules.memory_max) {
        verdict.clause(memory_mismatch(memory, memory <= *rules.memory_max, "at most", *rules.memory_max));
    }
    for (const DiskMatchRule& rule : rules.disks) {
        verdict.clause(disk_mismatch(inventory.disks, rule));
    }
    return verdict.take(profile);
}

std::pair<std::int64_t, std::size_t> rank(const ProfileVerdict& verdict) {
    return {verdict.priority, verdict.clauses};
}

/// The verdicts of the profiles that fit best: none, one, or several that fit equally well.
std::vector<const ProfileVerdict*> best(const std::vector<ProfileVerdict>& verdicts) {
    std::vector<const ProfileVerdict*> fitting;
    for (const ProfileVerdict& verdict : verdicts) {
        if (!verdict.matches || (!fitting.empty() && rank(verdict) < rank(*fitting.front()))) {
            continue;
        }
        if (!fitting.empty() && rank(*fitting.front()) < rank(verdict)) {
            fitting.clear();
        }
        fitting.push_back(&verdict);
    }
    return fitting;
}

std::string machine_text(const SystemFacts& system) {
    return std::format("{} {}, serial {}", system.manufacturer.empty() ? "unknown" : system.manufacturer,
                       system.product.empty() ? "machine" : product_of(system),
                       system.serial.empty() ? "unknown" : system.serial);
}

}  // namespace

MatchResult match(const Inventory& inventory, const std::vector<Profile>& profiles) {
    MatchResult result;
    for (const Profile& profile : profiles) {
        result.verdicts.push_back(judge(inventory, profile));
    }
    std::ranges::sort(result.verdicts, {}, &ProfileVerdict::profile);
    const auto fitting = best(result.verdicts);
    if (fitting.size() == 1) {
        result.chosen = fitting.front()->profile;
    }
    return result;
}

Result<const Profile*> choose_profile(const Inventory& inventory, const std::vector<Profile>& profiles) {
    const MatchResult result = match(inventory, profiles);
    if (result.chosen) {
        return &*std::ranges::find(profiles, *result.chosen, &Profile::name);
    }
    const auto fitting = best(result.verdicts);
    if (!fitting.empty()) {
        std::string text = std::format("several profiles fit this machine equally well ({}):",
                                       machine_text(inventory.system));
        for (const ProfileVerdict* verdict : fitting) {
            text += std::format("\n  {}: priority {}, {} clauses", verdict->profile, verdict->priority,
                                verdict->clauses);
        }
        return refuse("profile.ambiguous", text, {},
                      "give one of them a higher priority, or name one in the node's entry of the site file");
    }
    std::string text = std::format("no profile fits this machine ({}):", machine_text(inventory.system));
    for (const ProfileVerdict& verdict : result.verdicts) {
        text += std::format("\n  {}: {}", verdict.profile, verdict.first_mismatch);
    }
    return refuse("profile.none", text, {},
                  profiles.empty() ? "there are no profiles at all"
                                   : "write a profile for it, beginning with the one that comes nearest");
}

Json to_json(const MatchResult& result) {
    Json json = {{"schema", "bedplate/match/v1"}, {"chosen", nullptr}, {"profiles", Json::array()}};
    if (result.chosen) {
        json["chosen"] = *result.chosen;
    }
    for (const ProfileVerdict& verdict : result.verdicts) {
        json["profiles"].push_back({{"profile", verdict.profile},
                                    {"matches", verdict.matches},
                                    {"priority", verdict.priority},
                                    {"clauses", verdict.clauses},
                                    {"first_mismatch", verdict.first_mismatch}});
    }
    return json;
}

}  // namespace bedplate
