// SPDX-License-Identifier: GPL-3.0-or-later
// What a node does about the cluster's virtual machines: say what it can run, have their files, make the
// site's.
#include <format>

#include "base/text.hpp"
#include "firstboot/access.hpp"
#include "firstboot/steps.hpp"
#include "firstboot/virt.hpp"
#include "registry/vms.hpp"

namespace bedplate::firstboot {

namespace {

constexpr std::string_view program = "/usr/lib/bedplate/bedplate-vm";

/// It tries KVM out, at most once after each start.
Steps publish_steps(Platform& platform) {
    return {.observe = [&platform]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const bool there,
                                succeeds(platform, {.argv = {std::string(program), "publish", "--check"}}));
                return there ? satisfied() : needed();
            },
            .apply = [&platform] { return run_all(platform, {{std::string(program), "publish"}}); }};
}

Steps machine_file_steps(Node& node) {
    Platform& platform = node.platform;
    return {.observe = [&node, &platform]() -> Result<Observation> {
                RegistryConnection connection(platform);
                BEDPLATE_TRY(connection.open());
                BEDPLATE_ASSIGN(const auto late,
                                without_vm_files(connection.registry(), {node.settings.hostname}));
                return late.empty() ? satisfied() : needed();
            },
            .apply = [&node, &platform]() -> Result<void> {
                RegistryConnection connection(platform);
                BEDPLATE_TRY(connection.open());
                BEDPLATE_TRY(follow_vms(platform, connection.registry(), node.settings.hostname));
                return {};
            }};
}

/// Once for each plan. What cannot be made now (an image that is not there yet, a node too few) is said and
/// left to `bedplate vm apply`: the node itself is ready.
constexpr std::string_view applied_mark = "/var/lib/bedplate/vms-applied";

Result<void> apply_site(Node& node) {
    Command command{.argv = {std::string(program), "apply", "--commit"}, .timeout = std::chrono::hours{6}};
    command.on_line = [&node](std::string_view line) { node.say(std::string(line)); };
    BEDPLATE_TRY(node.platform.commands.run(command));
    return node.platform.files.write(applied_mark, node.settings.plan_digest + "\n");
}

}  // namespace

std::vector<Step> machine_host_steps(Node& node) {
    return {{"virt.machines", "virt", "say what machines this node can run", publish_steps(node.platform)}};
}

std::vector<Step> machine_steps(Node& node) {
    return {{"ha.machines", "ha", "write the machines' files", machine_file_steps(node)}};
}

std::vector<Step> site_machine_steps(Node& node) {
    if (!node.settings.create || node.settings.vms.empty()) {
        return {};
    }
    return {{"ready.machines",
             "ready",
             "make the machines of the site",
             {.observe = [&node]() -> Result<Observation> {
                  const auto mark = node.platform.files.read(applied_mark);
                  return mark && *mark == node.settings.plan_digest + "\n" ? satisfied() : needed();
              },
              .apply = [&node] { return apply_site(node); }}}};
}

Result<std::string> virt_type(Registry& registry, const std::string& hostname) {
    BEDPLATE_ASSIGN(const auto hosts, vm_hosts(registry));
    const auto self = hosts.find(hostname);
    return self != hosts.end()
               ? Result<std::string>(self->second.type)
               : fail("vm.host-unknown", "this node has not said yet what machines it can run");
}

Result<std::string> virt_type(Platform& platform, const std::string& hostname) {
    RegistryConnection connection(platform);
    BEDPLATE_TRY(connection.open());
    return virt_type(connection.registry(), hostname);
}

}  // namespace bedplate::firstboot
