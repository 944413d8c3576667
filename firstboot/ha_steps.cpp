// SPDX-License-Identifier: GPL-3.0-or-later
// corosync and Pacemaker from rendered files (DOMAIN: the upstream procedure, no pcsd).
#include <format>

#include "base/text.hpp"
#include "cluster/files.hpp"
#include "firstboot/steps.hpp"

namespace bedplate::firstboot {

namespace {

constexpr std::string_view corosync_key = "/etc/corosync/authkey";
constexpr std::string_view pacemaker_key = "/etc/pacemaker/authkey";

Steps corosync_key_steps(Platform& platform) {
    return {.observe = [&platform]() -> Result<Observation> {
                const auto key = platform.files.read(corosync_key);
                return key && key->size() >= 128 ? satisfied()
                                                 : needed();  // corosync-keygen(8): 1024 bits and more
            },
            .apply =
                [&platform] {
                    return run_all(platform,
                                   {{"corosync-keygen", "-k", std::string(corosync_key), "-s", "256"}});
                }};
}

Steps pacemaker_key_steps(Platform& platform) {
    constexpr std::size_t size = 4096;
    return {
        .observe = [&platform]() -> Result<Observation> {
            const auto key = platform.files.read(pacemaker_key);
            if (!key || key->size() != size) {
                return needed();
            }
            BEDPLATE_ASSIGN(const bool fine, in_place(platform, {.path = std::string(pacemaker_key),
                                                                 .text = *key,
                                                                 .mode = 0640,
                                                                 .owner = "root:haclient"}));
            return fine ? satisfied() : needed();
        },
        .apply = [&platform]() -> Result<void> {
            auto key = platform.files.read(pacemaker_key);
            if (!key || key->size() != size) {
                key = run_checked(platform.commands, {.argv = {"openssl", "rand", std::to_string(size)}});
            }
            if (!key) {
                return std::unexpected(key.error());
            }
            return put(
                platform,
                {.path = std::string(pacemaker_key), .text = *key, .mode = 0640, .owner = "root:haclient"});
        }};
}

Result<std::vector<ManagedFile>> pacemaker_files(Node& node) {
    BEDPLATE_ASSIGN(const auto identity, read_identity(node.platform.files));
    BEDPLATE_ASSIGN(const auto membership, read_membership(node.platform.files));
    std::vector<ManagedFile> files{
        {.path = "/etc/corosync/corosync.conf",
         .text = corosync_conf(identity.name, membership.corosync_version, membership.all)},
        // Machines are stopped before libvirt and the network go.
        {.path = "/etc/systemd/system/resource-agents-deps.target.d/10-bedplate.conf",
         .text = "[Unit]\nRequires=libvirtd.service\n"
                 "After=libvirtd.service virtlogd.socket network-online.target\n"}};
    return files;
}

Result<bool> quorate(Platform& platform) {
    return succeeds(platform, {.argv = {"corosync-quorumtool", "-s"}});
}

/// Pacemaker knows this node and sees it online.
Result<bool> online(Node& node) {
    BEDPLATE_ASSIGN(const auto xml, run_checked(node.platform.commands,
                                                {.argv = {"crm_mon", "--one-shot", "--output-as=xml"}}));
    const auto at = xml.find(std::format("<node name=\"{}\"", node.settings.hostname));
    if (at == std::string::npos) {
        return false;
    }
    const auto end = xml.find('>', at);
    return xml.substr(at, end - at).find("online=\"true\"") != std::string::npos;
}

/// Every name and value that cib_options_xml() holds, in what the cluster has.
Result<bool> options_set(Platform& platform) {
    BEDPLATE_ASSIGN(const auto cib, run_checked(platform.commands, {.argv = {"cibadmin", "--query"}}));
    const std::string wanted = cib_options_xml(true);
    for (auto at = wanted.find(" name=\""); at != std::string::npos; at = wanted.find(" name=\"", at + 1)) {
        if (cib.find(wanted.substr(at, wanted.find("/>", at) - at)) == std::string::npos) {
            return false;
        }
    }
    return true;
}

Steps rule_steps(Platform& platform) {
    return {.observe = [&platform]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const bool set, options_set(platform));
                return set ? satisfied() : needed();
            },
            .apply = [&platform]() -> Result<void> {
                BEDPLATE_TRY(run_checked(platform.commands,
                                         {.argv = {"cibadmin", "--modify", "--allow-create", "--xml-pipe"},
                                          .input = cib_options_xml(true)}));
                return {};
            }};
}

/// A node that joins takes no resources until it is proved (pacemaker's sysconfig file).
constexpr std::string_view standby_line = "PCMK_node_start_state=standby\n";

}  // namespace

std::vector<Step> ha_steps(Node& node) {
    Platform& platform = node.platform;
    std::vector<Step> steps;
    if (node.settings.create) {
        steps.push_back({"ha.corosync-key", "ha", "make corosync's key", corosync_key_steps(platform)});
        steps.push_back({"ha.pacemaker-key", "ha", "make Pacemaker's key", pacemaker_key_steps(platform)});
    } else {
        steps.push_back({"ha.standby", "ha", "start in standby",
                         file_steps(platform, []() -> Result<std::vector<ManagedFile>> {
                             return std::vector<ManagedFile>{
                                 {.path = "/etc/default/pacemaker", .text = std::string(standby_line)}};
                         })});
    }
    steps.push_back({"ha.config", "ha", "configure corosync",
                     file_steps(
                         platform, [&node] { return pacemaker_files(node); },
                         [&platform] {
                             return run_all(platform, {{"corosync", "-t"}, {"systemctl", "daemon-reload"}});
                         })});
    steps.push_back({"ha.corosync", "ha", "start corosync",
                     unit_steps(platform, {"corosync.service"}, [&platform] { return quorate(platform); })});
    steps.push_back(
        {"ha.pacemaker", "ha", "start Pacemaker",
         unit_steps(
             platform, {"pacemaker.service"}, [&node] { return online(node); }, std::chrono::seconds{180})});
    if (node.settings.create) {
        steps.push_back({"ha.options", "ha", "set the cluster's rules", rule_steps(platform)});
    }
    return steps;
}

}  // namespace bedplate::firstboot
