// SPDX-License-Identifier: GPL-3.0-or-later
// The keys about fencing and high availability: of a profile, of a site, of the secrets.
#include <algorithm>
#include <cctype>
#include <format>

#include "profile/rules.hpp"
#include "profile/tables.hpp"

namespace bedplate {

Result<Secret> parse_bmc_password(std::string_view value) {
    constexpr std::size_t longest = 64;
    if (value.empty() || value.size() > longest) {
        return fail("yaml.value", std::format("this one has {} characters", value.size()));
    }
    if (std::ranges::any_of(value, [](char c) { return c <= ' ' || c > '~'; })) {
        return fail("yaml.value", "this one holds others");
    }
    return Secret(std::string(value));
}

BmcCredentials BmcSecrets::of(std::string_view service_tag) const {
    const auto same = [&](const Machine& machine) {
        return std::ranges::equal(machine.service_tag, service_tag, [](unsigned char a, unsigned char b) {
            return std::tolower(a) == std::tolower(b);
        });
    };
    BmcCredentials credentials = common;
    if (const auto own = std::ranges::find_if(machines, same); own != machines.end()) {
        if (!own->credentials.user.empty()) {
            credentials.user = own->credentials.user;
        }
        if (own->credentials.password) {
            credentials.password = own->credentials.password;
        }
    }
    return credentials;
}

namespace fields {

namespace {

constexpr std::uint64_t largest_port = 65535;

/// Of a BMC: 16 characters is what IPMI stores, iDRACs take more.
Rule<std::string> bmc_user() {
    constexpr std::size_t longest = 32;
    return scalar<std::string>("a user name without spaces, quotes and control characters",
                               {.type = "string"}, [](std::string_view value) -> Result<std::string> {
                                   const bool odd = std::ranges::any_of(value, [](char c) {
                                       return c <= ' ' || c > '~' || c == '"' || c == '\'' || c == '\\';
                                   });
                                   if (value.empty() || value.size() > longest || odd) {
                                       return fail("yaml.value", "this is none");
                                   }
                                   return std::string(value);
                               });
}

Rule<Secret> bmc_password() {
    return scalar<Secret>("a password of 1 to 64 printable ASCII characters without spaces",
                          {.type = "string"}, parse_bmc_password);
}

void check_agent(Reader& reader, const YamlNode& node, FencingProfile& value) {
    const bool of_bmc =
        value.agent == "fence_idrac" || value.agent == "fence_ipmilan" || value.agent == "fence_redfish";
    if (!value.agent.empty() && !value.via.empty() && of_bmc != (value.via == "bmc")) {
        reader.error(node, "profile.fencing",
                     std::format("{} does not work over '{}'", value.agent, value.via),
                     "fence_idrac, fence_ipmilan and fence_redfish ask a BMC (via: bmc), the others do not");
    }
    if (value.cipher && value.agent == "fence_redfish") {
        reader.error(*node.find("cipher"), "profile.fencing", "'cipher' is IPMI's, not Redfish's");
    }
}

Table<BmcSecrets::Machine> machine() {
    using Machine = BmcSecrets::Machine;
    return Table<Machine>()
        .required("service_tag", &Machine::service_tag, text(64))
        .optional("user", inside(&Machine::credentials, &BmcCredentials::user), bmc_user())
        .optional("password", inside(&Machine::credentials, &BmcCredentials::password), bmc_password());
}

}  // namespace

Table<FencingProfile> fencing_table() {
    constexpr std::uint64_t last_suite = 17;
    return Table<FencingProfile>()
        .required("agent", &FencingProfile::agent,
                  one_word_of({"fence_idrac", "fence_ipmilan", "fence_redfish", "fence_virsh", "fence_virt",
                               "fence_sbd"}))
        .required("via", &FencingProfile::via, one_word_of({"bmc", "libvirt", "watchdog"}))
        .optional("cipher", &FencingProfile::cipher, integer<std::uint32_t>(1, last_suite))
        .optional("watchdog", &FencingProfile::watchdog, one_of<bool>({{"auto", true}, {"off", false}}))
        .check(check_agent);
}

Table<BmcSpec> bmc_table() {
    return Table<BmcSpec>()
        .optional("address", &BmcSpec::address, ipv4())
        .optional("port", &BmcSpec::port, integer<std::uint32_t>(1, largest_port))
        .optional("user", &BmcSpec::user, bmc_user());
}

Table<HaSettings> ha_table() {
    constexpr std::uint64_t largest_score = 1'000'000;  // Pacemaker's INFINITY
    auto loop = Table<HaSettings>()
                    .optional("times", &HaSettings::fence_loop_times, integer<std::uint32_t>(1, 100))
                    .optional("window", &HaSettings::fence_loop_window, duration());
    auto qdevice = Table<HaSettings>().required("host", &HaSettings::qdevice_host, host());
    return Table<HaSettings>()
        .optional("wait_before_moving", &HaSettings::wait_before_moving, duration())
        .optional("stickiness", &HaSettings::stickiness, integer<std::uint32_t>(0, largest_score))
        .optional("migration_threshold", &HaSettings::migration_threshold,
                  integer<std::uint32_t>(1, largest_score))
        .optional("failure_timeout", &HaSettings::failure_timeout, duration())
        .optional("reserve", &HaSettings::reserve_percent, percent(1, 90))
        .optional("memory_overcommit", &HaSettings::memory_overcommit, factor(1, 4))
        .optional("cpu_overcommit", &HaSettings::cpu_overcommit, factor(1, 32))
        .optional("fencing_test", &HaSettings::fencing_test,
                  one_of<FencingTest>({{"status", FencingTest::status},
                                       {"cycle", FencingTest::cycle},
                                       {"none", FencingTest::none}}))
        .optional_group("fence_loop", std::move(loop))
        .optional_group("qdevice", std::move(qdevice))
        .check([](Reader& reader, const YamlNode& node, HaSettings& value) {
            if (value.wait_before_moving < std::chrono::seconds{value.migration_threshold}) {
                reader.error(node, "site.ha",
                             "'wait_before_moving' is shorter than a second for each try of "
                             "'migration_threshold'");
            }
        });
}

Table<BmcSecrets> bmc_secrets_table() {
    return Table<BmcSecrets>()
        .optional("user", inside(&BmcSecrets::common, &BmcCredentials::user), bmc_user())
        .optional("password", inside(&BmcSecrets::common, &BmcCredentials::password), bmc_password())
        .optional("nodes", &BmcSecrets::machines, list_of(object(machine())));
}

}  // namespace fields

}  // namespace bedplate
