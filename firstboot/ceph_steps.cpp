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
constexpr std::string_view admin_keyring = "/etc/ceph/ceph.client.admin.keyring";

std::string join_keyring() {
    return std::format("{}/client.bedplate-join.keyring", own_keyrings);
}

/// A key that the cluster begins with: made here, before there is a monitor to ask, and put into its store.
struct FirstKey {
    std::string entity, path, owner;
    std::vector<std::pair<std::string, std::string>> caps;
};

std::string mgr_keyring(const std::string& hostname) {
    return std::format("/var/lib/ceph/mgr/ceph-{}/keyring", hostname);
}

std::vector<FirstKey> first_keys(const std::string& hostname) {
    const std::string own(own_keyrings);
    return {
        {"mon.", own + "/mon.keyring", "root:root", {{"mon", "allow *"}}},
        {"client.admin",
         std::string(admin_keyring),
         "root:root",
         {{"mon", "allow *"}, {"osd", "allow *"}, {"mds", "allow *"}, {"mgr", "allow *"}}},
        {"client.bootstrap-osd",
         "/var/lib/ceph/bootstrap-osd/ceph.keyring",
         "ceph:ceph",
         {{"mon", "profile bootstrap-osd"}, {"mgr", "allow r"}}},
        {"mgr." + hostname,
         mgr_keyring(hostname),
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
         join_keyring(),
         "root:root",
         {{"mon", "profile bootstrap-osd, profile bootstrap-mgr, allow r"}, {"mgr", "allow r"}}},
    };
}

bool has_key(const FileSystem& files, const std::string& path) {
    const auto text = files.read(path);
    return text && text->find("key = ") != std::string::npos;
}

Result<void> make_folder_of(Platform& platform, const std::string& path, const std::string& owner) {
    const auto parent = fs::path(path).parent_path();
    if (platform.files.exists(parent)) {
        return {};
    }
    BEDPLATE_TRY(platform.files.make_directories(parent, 0750));
    return run_all(platform, {{"chown", owner, parent.string()}});
}

Result<void> make_key(Platform& platform, const FirstKey& key) {
    BEDPLATE_TRY(make_folder_of(platform, key.path, key.owner));
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

constexpr std::string_view mon_keys = "/var/lib/ceph/tmp/mon.keyring", mon_map = "/var/lib/ceph/tmp/mon.map";

std::string mon_folder(const Node& node) {
    return "/var/lib/ceph/mon/ceph-" + node.settings.hostname;
}

/// ceph-mon --mkfs with this map and these keys.
Result<void> make_mon_store(Node& node, const std::vector<std::string>& get_map, const std::string& keyring) {
    Platform& platform = node.platform;
    const std::string folder = mon_folder(node), keys = std::string(mon_keys), map = std::string(mon_map);
    BEDPLATE_TRY(put(platform, {.path = keys, .text = keyring, .mode = 0600, .owner = "ceph:ceph"}));
    BEDPLATE_TRY(
        run_all(platform, {{"rm", "--recursive", "--force", "--one-file-system", folder},
                           {"install", "-d", "-o", "ceph", "-g", "ceph", "-m", "750", folder},
                           get_map,
                           {"chown", "ceph:ceph", map},
                           {"setpriv", "--reuid", "ceph", "--regid", "ceph", "--init-groups", "ceph-mon",
                            "--mkfs", "-i", node.settings.hostname, "--monmap", map, "--keyring", keys}}));
    BEDPLATE_TRY(platform.files.remove(keys));
    // Says that the store is whole: a cut-off mkfs leaves one that looks like it.
    return put(platform, {.path = folder + "/done", .text = "", .owner = "ceph:ceph"});
}

/// The first monitor: a map of one, and every first key.
Result<void> make_first_mon_store(Node& node) {
    BEDPLATE_ASSIGN(const auto identity, read_identity(node.platform.files));
    BEDPLATE_ASSIGN(const auto membership, read_membership(node.platform.files));
    std::string keyring;
    for (const auto& key : first_keys(node.settings.hostname)) {
        BEDPLATE_ASSIGN(const auto text, node.platform.files.read(key.path));
        keyring += text + "\n";
    }
    const std::string ip = membership.self.storage.to_text();
    return make_mon_store(
        node,
        {"monmaptool", "--create", "--clobber", "--fsid", identity.fsid.to_text(), "--addv",
         node.settings.hostname, std::format("[v2:{}:3300,v1:{}:6789]", ip, ip), std::string(mon_map)},
        keyring);
}

/// A further monitor: the map of those that run, which it enters itself into when it starts.
Result<void> make_next_mon_store(Node& node) {
    BEDPLATE_ASSIGN(const auto keyring,
                    node.platform.files.read(std::format("{}/mon.keyring", own_keyrings)));
    return make_mon_store(
        node, ceph_command(node.platform, {"mon", "getmap", "--out-file", std::string(mon_map)}), keyring);
}

Steps mon_store_steps(Node& node) {
    return {.observe = [&node]() -> Result<Observation> {
                return node.platform.files.exists(mon_folder(node) + "/done") ? satisfied() : needed();
            },
            .apply =
                [&node] {
                    return node.settings.create ? make_first_mon_store(node) : make_next_mon_store(node);
                }};
}

/// The key of this node's manager, where the monitors know it already or make it now.
Steps mgr_key_steps(Node& node) {
    return {
        .observe = [&node]() -> Result<Observation> {
            const auto path = mgr_keyring(node.settings.hostname);
            if (!has_key(node.platform.files, path)) {
                return needed();
            }
            BEDPLATE_ASSIGN(const auto text, node.platform.files.read(path));
            BEDPLATE_ASSIGN(
                const bool fine,
                in_place(node.platform, {.path = path, .text = text, .mode = 0600, .owner = "ceph:ceph"}));
            return fine ? satisfied() : needed();
        },
        .apply = [&node]() -> Result<void> {
            const auto path = mgr_keyring(node.settings.hostname);
            BEDPLATE_TRY(make_folder_of(node.platform, path, "ceph:ceph"));
            BEDPLATE_ASSIGN(
                const auto text,
                mon_command(node.platform, "auth get-or-create",
                            {{"entity", "mgr." + node.settings.hostname},
                             {"caps", {"mon", "allow profile mgr", "osd", "allow *", "mds", "allow *"}}}));
            return put(node.platform, {.path = path, .text = text, .mode = 0600, .owner = "ceph:ceph"});
        }};
}

/// Options of the manager's modules are unknown to the monitors until there has been a manager.
enum class Whose { daemons, manager };

std::vector<CephOption> wanted_options(Whose whose) {
    auto options = ceph_options();
    std::erase_if(options, [&](const CephOption& option) {
        return (option.who == "mgr") != (whose == Whose::manager);
    });
    if (whose == Whose::daemons) {
        // The pools that Ceph makes for itself, while there is one host: its rule puts copies on different
        // hosts.
        options.push_back({"global", std::string(default_pool_size), "1"});
        options.push_back({"global", "mon_allow_pool_size_one", "true"});
    }
    return options;
}

/// Options that are not set yet. Central options only: {section, name, value}.
Result<std::vector<CephOption>> missing_options(Node& node, Whose whose) {
    BEDPLATE_ASSIGN(const Json dump, mon_query(node.platform, "config dump"));
    auto missing = wanted_options(whose);
    for (const Json& option : dump) {
        std::erase_if(missing, [&](const CephOption& wanted) {
            return wanted.who == option.value("section", "") && wanted.name == option.value("name", "") &&
                   (wanted.value == option.value("value", "") || wanted.name == default_pool_size);
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
                BEDPLATE_ASSIGN(const auto missing, missing_options(node, whose));
                BEDPLATE_TRY(
                    mon_command(node.platform, "config assimilate-conf", {}, ceph_options_conf(missing)));
                return {};
            }};
}

/// Its service looks there (dropins/ceph-mgr@.service.d).
Result<std::vector<ManagedFile>> shim_files() {
    const std::string folder = "/usr/lib/bedplate/ceph-mgr-shim";
    return std::vector<ManagedFile>{{.path = folder + "/bcrypt.py", .text = bcrypt_shim()},
                                    {.path = folder + "/sitecustomize.py", .text = manager_customization()}};
}

Result<bool> mon_answers(Node& node) {
    BEDPLATE_ASSIGN(const Json status, mon_query(node.platform, "quorum_status"));
    const auto names = status.value("quorum_names", std::vector<std::string>{});
    return std::ranges::find(names, node.settings.hostname) != names.end();
}

/// Who this node is for Ceph. One that is no control node may look, and make OSDs.
std::vector<std::string> access_arguments(Platform& platform) {
    return platform.files.exists(admin_keyring)
               ? std::vector<std::string>{}
               : std::vector<std::string>{"--name", "client.bedplate-join", "--keyring", join_keyring()};
}

/// A manager is active, and this node's is that one or stands by.
Result<bool> mgr_available(Node& node) {
    BEDPLATE_ASSIGN(const Json map, mon_query(node.platform, "mgr dump"));
    const auto is_own = [&](const Json& mgr) { return mgr.value("name", "") == node.settings.hostname; };
    return map.value("available", false) &&
           (map.value("active_name", "") == node.settings.hostname ||
            std::ranges::any_of(map.value("standbys", Json::array()), is_own));
}

}  // namespace

std::vector<std::string> ceph_command(Platform& platform, const std::vector<std::string>& arguments) {
    std::vector<std::string> argv{"ceph", "--connect-timeout", "30"};
    const auto who = access_arguments(platform);
    argv.insert(argv.end(), who.begin(), who.end());
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return argv;
}

Result<std::string> ceph(Platform& platform, const std::vector<std::string>& arguments) {
    return run_checked(platform.commands,
                       {.argv = ceph_command(platform, arguments), .timeout = std::chrono::minutes{2}});
}

Result<std::string> mon_command(Platform& platform, std::string_view prefix, Json arguments,
                                std::string input) {
    std::vector<std::string> argv{"/usr/lib/bedplate/bedplate-ceph"};
    const auto who = access_arguments(platform);
    argv.insert(argv.end(), who.begin(), who.end());
    arguments["prefix"] = prefix;
    const Json request{{"command", std::move(arguments)}, {"input", std::move(input)}};
    return run_checked(platform.commands,
                       {.argv = argv, .input = request.dump(), .timeout = std::chrono::minutes{2}});
}

Result<Json> mon_query(Platform& platform, std::string_view prefix, Json arguments) {
    arguments["format"] = "json";
    BEDPLATE_ASSIGN(const auto text, mon_command(platform, prefix, std::move(arguments)));
    return parse_json(text, std::format("ceph {}", prefix));
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
    // On control nodes only; which kind a node is that joins, is known when its grant is here.
    const auto add = [&](std::string id, std::string summary, Steps what) {
        steps.push_back({std::move(id), "ceph", std::move(summary), on_control(platform, std::move(what))});
    };
    if (node.settings.create) {
        add("ceph.keys", "make the cluster's first keys", key_steps(node));
    }
    add("ceph.mon-store", "make the monitor's store", mon_store_steps(node));
    add("ceph.mon", "start the monitor",
        unit_steps(
            platform, {std::format("ceph-mon@{}.service", name), "ceph-mon.target", "ceph.target"},
            [&node] { return mon_answers(node); }, std::chrono::seconds{180}));
    if (node.settings.create) {
        add("ceph.options", "set the cluster's options", option_steps(node, Whose::daemons));
    } else {
        add("ceph.mgr-key", "get the manager's key", mgr_key_steps(node));
    }
    add("ceph.mgr-shim", "let the manager load its modules", file_steps(platform, shim_files));
    add("ceph.mgr", "start the manager",
        unit_steps(
            platform, {std::format("ceph-mgr@{}.service", name), "ceph-mgr.target"},
            [&node] { return mgr_available(node); }, std::chrono::seconds{300}));
    if (node.settings.create) {
        add("ceph.mgr-options", "set the options of the manager's modules",
            option_steps(node, Whose::manager));
    }
    steps.push_back({"ceph.osds", "ceph", std::string(osd_step_summary), osd_steps(node)});
    add("ceph.pools", "keep as many copies in the pools as there is room for", pool_steps(node));
    return steps;
}

}  // namespace bedplate::firstboot
