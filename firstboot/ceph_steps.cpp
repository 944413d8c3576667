// SPDX-License-Identifier: GPL-3.0-or-later
// Monitor, manager, options, pools. The OSDs are in osd_steps.cpp.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "cluster/files.hpp"
#include "firstboot/ceph.hpp"
#include "firstboot/steps.hpp"

namespace bedplate::firstboot {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view own_keyrings = "/var/lib/bedplate/ceph";

/// A key that the cluster begins with: made here, before there is a monitor to ask, and put into its store.
struct FirstKey {
    std::string entity, path, owner;
    std::vector<std::pair<std::string, std::string>> caps;
};

std::vector<FirstKey> first_keys(const std::string& hostname) {
    const std::string own(own_keyrings);
    return {
        {"mon.", own + "/mon.keyring", "root:root", {{"mon", "allow *"}}},
        {"client.admin",
         "/etc/ceph/ceph.client.admin.keyring",
         "root:root",
         {{"mon", "allow *"}, {"osd", "allow *"}, {"mds", "allow *"}, {"mgr", "allow *"}}},
        {"client.bootstrap-osd",
         "/var/lib/ceph/bootstrap-osd/ceph.keyring",
         "ceph:ceph",
         {{"mon", "profile bootstrap-osd"}, {"mgr", "allow r"}}},
        {"mgr." + hostname,
         std::format("/var/lib/ceph/mgr/ceph-{}/keyring", hostname),
         "ceph:ceph",
         {{"mon", "allow profile mgr"}, {"osd", "allow *"}, {"mds", "allow *"}}},
        {"client.crash",
         "/etc/ceph/ceph.client.crash.keyring",
         "ceph:ceph",
         {{"mon", "profile crash"}, {"mgr", "profile crash"}}},
        {"client.libvirt",
         own + "/client.libvirt.keyring",
         "root:root",
         {{"mon", "profile rbd"}, {"osd", "profile rbd pool=vms"}, {"mgr", "profile rbd pool=vms"}}},
        {"client.bedplate-join",
         own + "/client.bedplate-join.keyring",
         "root:root",
         {{"mon", "profile bootstrap-osd, profile bootstrap-mgr, allow r"}, {"mgr", "allow r"}}},
    };
}

bool has_key(const FileSystem& files, const std::string& path) {
    const auto text = files.read(path);
    return text && text->find("key = ") != std::string::npos;
}

Result<void> make_key(Platform& platform, const FirstKey& key) {
    const auto parent = fs::path(key.path).parent_path();
    if (!platform.files.exists(parent)) {
        BEDPLATE_TRY(platform.files.make_directories(parent, 0750));
        BEDPLATE_TRY(run_all(platform, {{"chown", key.owner, parent.string()}}));
    }
    Command command{.argv = {"ceph-authtool", "--create-keyring", key.path, "--gen-key", "--mode", "0600",
                             "--name", key.entity}};
    for (const auto& [service, cap] : key.caps) {
        command.argv.insert(command.argv.end(), {"--cap", service, cap});
    }
    BEDPLATE_TRY(run_checked(platform.commands, command));
    return run_all(platform, {{"chown", key.owner, key.path}});
}

Steps key_steps(Node& node) {
    return {.observe = [&node]() -> Result<Observation> {
                for (const auto& key : first_keys(node.settings.hostname)) {
                    if (!has_key(node.platform.files, key.path)) {
                        return needed();
                    }
                }
                return satisfied();
            },
            .apply = [&node]() -> Result<void> {
                for (const auto& key : first_keys(node.settings.hostname)) {
                    if (!has_key(node.platform.files, key.path)) {
                        BEDPLATE_TRY(make_key(node.platform, key));
                    }
                }
                return {};
            }};
}

std::string mon_folder(const Node& node) {
    return "/var/lib/ceph/mon/ceph-" + node.settings.hostname;
}

/// ceph-mon --mkfs for the first monitor: a map of one, and every first key.
Result<void> make_mon_store(Node& node) {
    Platform& platform = node.platform;
    BEDPLATE_ASSIGN(const auto identity, read_identity(platform.files));
    BEDPLATE_ASSIGN(const auto membership, read_membership(platform.files));
    std::string keyring;
    for (const auto& key : first_keys(node.settings.hostname)) {
        BEDPLATE_ASSIGN(const auto text, platform.files.read(key.path));
        keyring += text + "\n";
    }
    const std::string folder = mon_folder(node), ip = membership.self.storage.to_text();
    const std::string keys = "/var/lib/ceph/tmp/first.keyring", map = "/var/lib/ceph/tmp/first.monmap";
    BEDPLATE_TRY(put(platform, {.path = keys, .text = keyring, .mode = 0600, .owner = "ceph:ceph"}));
    BEDPLATE_TRY(run_all(
        platform, {{"rm", "--recursive", "--force", "--one-file-system", folder},
                   {"install", "-d", "-o", "ceph", "-g", "ceph", "-m", "750", folder},
                   {"monmaptool", "--create", "--clobber", "--fsid", identity.fsid.to_text(), "--addv",
                    node.settings.hostname, std::format("[v2:{}:3300,v1:{}:6789]", ip, ip), map},
                   {"chown", "ceph:ceph", map},
                   {"setpriv", "--reuid", "ceph", "--regid", "ceph", "--init-groups", "ceph-mon", "--mkfs",
                    "-i", node.settings.hostname, "--monmap", map, "--keyring", keys}}));
    BEDPLATE_TRY(platform.files.remove(keys));
    // Says that the store is whole: a cut-off mkfs leaves one that looks like it.
    return put(platform, {.path = folder + "/done", .text = "", .owner = "ceph:ceph"});
}

Steps mon_store_steps(Node& node) {
    return {.observe = [&node]() -> Result<Observation> {
                return node.platform.files.exists(mon_folder(node) + "/done") ? satisfied() : needed();
            },
            .apply = [&node] { return make_mon_store(node); }};
}

/// Options of the manager's modules are unknown to the monitors until there has been a manager.
enum class Whose { daemons, manager };

std::vector<CephOption> wanted_options(const Node& node, Whose whose) {
    auto options = ceph_options(node.settings);
    std::erase_if(options, [&](const CephOption& option) {
        return (option.who == "mgr") != (whose == Whose::manager);
    });
    if (whose == Whose::daemons) {
        // The pools that Ceph makes for itself, while there is one host: its rule puts copies on different
        // hosts.
        options.push_back({"global", "osd_pool_default_size", "1"});
        options.push_back({"global", "mon_allow_pool_size_one", "true"});
    }
    return options;
}

/// Options that are not set yet. Central options only: {section, name, value}.
Result<std::vector<CephOption>> missing_options(Node& node, Whose whose) {
    BEDPLATE_ASSIGN(const Json dump, ceph_json(node.platform, {"config", "dump"}));
    auto missing = wanted_options(node, whose);
    for (const Json& option : dump) {
        const std::string mask = option.value("mask", "");
        const std::string who = option.value("section", "") + (mask.empty() ? "" : "/" + mask);
        std::erase_if(missing, [&](const CephOption& wanted) {
            return wanted.who == who && wanted.name == option.value("name", "") &&
                   wanted.value == option.value("value", "");
        });
    }
    return missing;
}

Steps option_steps(Node& node, Whose whose) {
    return {.observe = [&node, whose]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto missing, missing_options(node, whose));
                return missing.empty() ? satisfied()
                                       : Observation{.state = Observation::State::needed,
                                                     .reason = missing.front().name + " is not set"};
            },
            .apply = [&node, whose]() -> Result<void> {
                const std::string file = "/run/bedplate/options.conf";
                BEDPLATE_TRY(node.platform.files.write(file, ceph_options_conf(wanted_options(node, whose))));
                BEDPLATE_TRY(ceph(node.platform, {"config", "assimilate-conf", "-i", file}));
                return {};
            }};
}

Result<std::vector<ManagedFile>> shim_files() {
    const std::string folder = "/usr/lib/bedplate/ceph-mgr-shim";
    return std::vector<ManagedFile>{{.path = folder + "/bcrypt.py", .text = bcrypt_shim()},
                                    {.path = folder + "/sitecustomize.py", .text = manager_customization()},
                                    {.path = "/etc/systemd/system/ceph-mgr@.service.d/10-bedplate.conf",
                                     .text = std::format("[Service]\nEnvironment=PYTHONPATH={}\n", folder)}};
}

/// The package leaves this folder to root: ceph-crash, which runs as ceph, sends a report and can not put it
/// away, and never comes to the next one. (systemd-tmpfiles refuses to mend it: the folder above belongs to
/// ceph.)
Steps crash_folder_steps(Platform& platform) {
    const std::string folder = "/var/lib/ceph/crash/posted";
    return {.observe = [&platform, folder]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto owner,
                                run_checked(platform.commands, {.argv = {"stat", "--format=%U", folder}}));
                return trim(owner) == "ceph" ? satisfied() : needed();
            },
            .apply = [&platform, folder] { return run_all(platform, {{"chown", "ceph:ceph", folder}}); }};
}

Result<bool> mon_answers(Node& node) {
    BEDPLATE_ASSIGN(const Json status, ceph_json(node.platform, {"quorum_status"}));
    const auto names = status.value("quorum_names", std::vector<std::string>{});
    return std::ranges::find(names, node.settings.hostname) != names.end();
}

Result<bool> mgr_available(Node& node) {
    BEDPLATE_ASSIGN(const Json status, ceph_json(node.platform, {"mgr", "stat"}));
    return status.value("available", false);
}

/// The pool `vms` and how often it keeps things.
struct PoolState {
    bool exists = false;
    std::size_t size = 0, min_size = 0;
    bool initialised = false;
};

Result<PoolState> pool_state(Node& node) {
    BEDPLATE_ASSIGN(const Json pools, ceph_json(node.platform, {"osd", "pool", "ls", "detail"}));
    for (const Json& pool : pools) {
        if (pool.value("pool_name", "") == "vms") {
            return PoolState{
                .exists = true,
                .size = pool.value("size", std::size_t{0}),
                .min_size = pool.value("min_size", std::size_t{0}),
                .initialised = pool.value("application_metadata", Json::object()).contains("rbd")};
        }
    }
    return PoolState{};
}

Result<PoolPolicy> policy_now(Node& node) {
    BEDPLATE_ASSIGN(const Json tree, ceph_json(node.platform, {"osd", "tree"}));
    std::size_t hosts = 0, osds = 0;
    for (const Json& item : tree.value("nodes", Json::array())) {
        hosts += item.value("type", "") == "host" && !item.value("children", Json::array()).empty() ? 1 : 0;
        osds += item.value("type", "") == "osd" ? 1 : 0;
    }
    if (osds == 0) {
        return fail("ceph.no-osd", "the cluster has no OSD to keep a pool on", {},
                    "give the node a disk that the profile's osd selector matches");
    }
    return pool_policy(hosts, osds);
}

Result<void> make_pool(Node& node) {
    Platform& platform = node.platform;
    BEDPLATE_ASSIGN(const auto policy, policy_now(node));
    BEDPLATE_ASSIGN(const auto state, pool_state(node));
    const std::string rule = policy.across_hosts ? "bedplate-host" : "bedplate-osd";
    const std::string domain = policy.across_hosts ? "host" : "osd";
    BEDPLATE_TRY(ceph(platform, {"osd", "crush", "rule", "create-replicated", rule, "default", domain}));
    if (!state.exists) {
        BEDPLATE_TRY(ceph(platform, {"osd", "pool", "create", "vms", "32", "32", "replicated", rule,
                                     "--autoscale-mode=on"}));
    }
    const auto set = [&](const std::string& name, const std::string& value) -> Result<void> {
        std::vector<std::string> command{"osd", "pool", "set", "vms", name, value};
        if (name == "size" && value == "1") {
            command.emplace_back("--yes-i-really-mean-it");
        }
        BEDPLATE_TRY(ceph(platform, command));
        return {};
    };
    BEDPLATE_TRY(set("crush_rule", rule));
    BEDPLATE_TRY(set("size", std::to_string(policy.size)));
    BEDPLATE_TRY(set("min_size", std::to_string(policy.min_size)));
    BEDPLATE_TRY(set("bulk", "true"));
    if (!state.initialised) {
        BEDPLATE_TRY(run_checked(
            platform.commands, {.argv = {"rbd", "pool", "init", "vms"}, .timeout = std::chrono::minutes{3}}));
    }
    return {};
}

Steps pool_steps(Node& node) {
    return {.observe = [&node]() -> Result<Observation> {
                if (node.settings.osds.empty()) {
                    return satisfied();  // nothing to keep it on; the report says that there is no OSD
                }
                BEDPLATE_ASSIGN(const auto policy, policy_now(node));
                BEDPLATE_ASSIGN(const auto state, pool_state(node));
                const bool fine =
                    state.initialised && state.size == policy.size && state.min_size == policy.min_size;
                return fine ? satisfied() : needed();
            },
            .apply = [&node] { return make_pool(node); }};
}

}  // namespace

Result<std::string> ceph(Platform& platform, const std::vector<std::string>& arguments) {
    Command command{.argv = {"ceph", "--connect-timeout", "30"}, .timeout = std::chrono::minutes{2}};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    return run_checked(platform.commands, command);
}

Result<Json> ceph_json(Platform& platform, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--format", "json"});
    BEDPLATE_ASSIGN(const auto text, ceph(platform, arguments));
    return parse_json(text, "ceph " + join(arguments, " "));
}

std::vector<Step> ceph_steps(Node& node) {
    Platform& platform = node.platform;
    const std::string name = node.settings.hostname;
    std::vector<Step> steps{
        {"ceph.config", "ceph", "write ceph.conf",
         file_steps(platform, [&node]() -> Result<std::vector<ManagedFile>> {
             BEDPLATE_ASSIGN(const auto identity, read_identity(node.platform.files));
             BEDPLATE_ASSIGN(const auto membership, read_membership(node.platform.files));
             return std::vector<ManagedFile>{
                 {.path = "/etc/ceph/ceph.conf", .text = ceph_conf(identity, node.settings, membership.all)}};
         })}};
    if (node.settings.create) {
        steps.push_back({"ceph.keys", "ceph", "make the cluster's first keys", key_steps(node)});
        steps.push_back({"ceph.mon-store", "ceph", "make the monitor's store", mon_store_steps(node)});
        steps.push_back(
            {"ceph.mon", "ceph", "start the monitor",
             unit_steps(platform,
                        {std::format("ceph-mon@{}.service", name), "ceph-mon.target", "ceph.target"},
                        [&node] { return mon_answers(node); })});
        steps.push_back(
            {"ceph.options", "ceph", "set the cluster's options", option_steps(node, Whose::daemons)});
        steps.push_back({"ceph.mgr-shim", "ceph", "let the manager load its modules",
                         file_steps(platform, shim_files, [&platform] {
                             return run_all(platform, {{"systemctl", "daemon-reload"}});
                         })});
        steps.push_back({"ceph.mgr", "ceph", "start the manager",
                         unit_steps(
                             platform, {std::format("ceph-mgr@{}.service", name), "ceph-mgr.target"},
                             [&node] { return mgr_available(node); }, std::chrono::seconds{300})});
        steps.push_back({"ceph.mgr-options", "ceph", "set the options of the manager's modules",
                         option_steps(node, Whose::manager)});
    }
    steps.push_back(
        {"ceph.crash-folder", "ceph", "let crash reports be put away", crash_folder_steps(platform)});
    steps.push_back({"ceph.crash", "ceph", "collect crash reports",
                     unit_steps(platform, {"ceph-crash.service"}, [] { return Result<bool>(true); })});
    steps.push_back({"ceph.osds", "ceph", "make or activate the planned OSDs", osd_steps(node)});
    if (node.settings.create) {
        steps.push_back({"ceph.pools", "ceph", "make the pool of the virtual machines", pool_steps(node)});
    }
    return steps;
}

}  // namespace bedplate::firstboot
