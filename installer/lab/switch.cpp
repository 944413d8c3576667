// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/switch.hpp"

#include "base/text.hpp"

namespace bedplate::lab {

namespace {

std::string host_port(const Lab& lab) {
    return lab.bridge + "-host";
}

/// ovs-vsctl that waits for the switch to have done it, but not for ever where nothing runs.
Result<std::string> vsctl(CommandRunner& commands, std::vector<std::string> arguments) {
    std::vector<std::string> argv{"ovs-vsctl", "--timeout=10"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run_checked(commands, {.argv = std::move(argv)});
}

/// The kernel's datapath cannot be had: the switch says so in its own table, not by a status.
Result<bool> kernel_cannot(CommandRunner& commands, const Lab& lab) {
    BEDPLATE_ASSIGN(const auto error, vsctl(commands, {"get", "Interface", lab.bridge, "error"}));
    BEDPLATE_ASSIGN(const auto port, vsctl(commands, {"get", "Interface", lab.bridge, "ofport"}));
    return trim(error) != "[]" || trim(port) == "[]" || trim(port) == "-1";
}

}  // namespace

Result<void> make_switch(CommandRunner& commands, const Lab& lab) {
    if (auto made = vsctl(commands, {"--may-exist", "add-br", lab.bridge}); !made) {
        return fail("switch.none", "Open vSwitch does not answer: " + made.error().message,
                    made.error().where, "start it (package openvswitch-switch), and be root");
    }
    BEDPLATE_ASSIGN(const bool user_space, kernel_cannot(commands, lab));
    if (user_space) {
        BEDPLATE_TRY(vsctl(commands, {"set", "Bridge", lab.bridge, "datapath_type=netdev"}));
    }
    std::vector<std::string> port{"--may-exist", "add-port", lab.bridge, host_port(lab)};
    if (lab.management_vlan) {
        port.push_back("tag=" + std::to_string(lab.management_vlan->value()));
    }
    port.insert(port.end(), {"--", "set", "Interface", host_port(lab), "type=internal",
                             "mtu_request=" + std::to_string(lab.mtu)});
    BEDPLATE_TRY(vsctl(commands, std::move(port)));
    for (const auto& argv : std::vector<std::vector<std::string>>{
             {"ip", "address", "replace", lab.address, "dev", host_port(lab)},
             {"ip", "link", "set", host_port(lab), "up"}}) {
        if (auto done = run_checked(commands, {.argv = argv}); !done) {
            return fail("switch.address", done.error().message, done.error().where,
                        "is the subnet of the management network in use on this machine?");
        }
    }
    return {};
}

Result<void> remove_switch(CommandRunner& commands, const Lab& lab) {
    BEDPLATE_TRY(vsctl(commands, {"--if-exists", "del-br", lab.bridge}));
    return {};
}

}  // namespace bedplate::lab
