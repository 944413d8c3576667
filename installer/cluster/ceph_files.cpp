// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <format>
#include <map>

#include "base/text.hpp"
#include "cluster/files.hpp"

namespace bedplate {
namespace {

/// What the manager does not even load (docs/decisions/0076-managers-modules.md): restful cannot be loaded
/// with Debian's Python, and only trying would be reported as a crash; the others send figures to systems
/// other than Prometheus, serve CephFS, or are Ceph's own tests.
constexpr std::string_view unused_mgr_modules =
    "restful,"
    "influx,telegraf,zabbix,insights,"
    "mirroring,nfs,snap_schedule,stats,"
    "localpool,osd_perf_query,osd_support,selftest,test_orchestrator";

}  // namespace

std::string ceph_conf(const ClusterIdentity& identity, const NodeSettings& node,
                      std::span<const Member> members) {
    std::vector<std::string> names, addresses;
    for (const auto& member : members) {
        if (member.control) {
            names.push_back(member.hostname);
            const std::string ip = member.storage.to_text();
            addresses.push_back(std::format("[v2:{}:3300/0,v1:{}:6789/0]", ip, ip));
        }
    }
    const auto subnet = [&](std::string_view network) {
        const auto found = node.subnet(network);
        return found ? found->to_text() : std::string();
    };
    std::string text = "[global]\n";
    const auto set = [&](std::string_view key, const std::string& value) {
        if (!value.empty()) {
            text += std::format("{} = {}\n", key, value);
        }
    };
    set("fsid", identity.fsid.to_text());
    set("mon_initial_members", join(names, ", "));
    set("mon_host", join(addresses, ","));
    set("public_network", subnet("storage_public"));
    set("cluster_network", subnet("storage_cluster"));
    // Here and not in the central database: a client reads this before it can ask anybody.
    for (const auto* key : {"ms_cluster_mode", "ms_service_mode", "ms_client_mode", "ms_mon_cluster_mode",
                            "ms_mon_service_mode", "ms_mon_client_mode"}) {
        set(key, "secure");
    }
    // What the first manager map is made with. Not restful, which Debian's Python cannot load.
    text += "\n[mon]\nmgr_initial_modules = iostat prometheus\n";
    text += std::format("\n[mgr]\nmgr_disabled_modules = {}\n\n[osd]\n", unused_mgr_modules);
    set("crush_location", std::format("root=default host={}", node.hostname));
    // This node's own, from its profile; a node that joins may not write into the central database.
    set("osd_memory_target", std::to_string(node.osd_memory_target.value));
    return text;
}

std::vector<CephOption> ceph_options() {
    return {
        // Without it every cluster begins with the warning AUTH_INSECURE_GLOBAL_ID_RECLAIM_ALLOWED.
        {"mon", "auth_allow_insecure_global_id_reclaim", "false"},
        {"global", "ms_cluster_mode", "secure"},
        {"global", "ms_service_mode", "secure"},
        {"global", "ms_client_mode", "secure"},
        {"mon", "mon_osd_down_out_interval", "600"},
        {"mon", "mon_max_pg_per_osd", "250"},
        {"osd", "osd_mclock_profile", "balanced"},
        {"mgr", "mgr/prometheus/exclude_perf_counters", "false"},
        {"mgr", "mgr/prometheus/rbd_stats_pools", "vms"},
        // As often as Prometheus asks. In a large or ailing cluster gathering takes longer than the module's
        // own 15 s, and then it would answer with an error: figures of a minute ago are worth more. It reads
        // both as its manager becomes active. A number stands here as `ceph config dump` writes it.
        {"mgr", "mgr/prometheus/scrape_interval", "30.000000"},
        {"mgr", "mgr/prometheus/stale_cache_strategy", "return"},
        {"mgr", "mgr/prometheus/server_addr", "0.0.0.0"},
    };
}

PoolPolicy pool_policy(std::size_t hosts, std::size_t osds) {
    if (hosts >= 3) {
        return {.size = 3, .min_size = 2, .across_hosts = true};
    }
    if (hosts == 2) {
        return {.size = 2, .min_size = 1, .across_hosts = true};
    }
    const std::size_t size = std::clamp<std::size_t>(osds, 1, 3);
    return {.size = size, .min_size = size == 3 ? 2U : 1U, .across_hosts = false};
}

std::string ceph_options_conf(std::span<const CephOption> options) {
    std::map<std::string, std::string> sections;
    for (const auto& option : options) {
        sections[option.who] += std::format("{} = {}\n", option.name, option.value);
    }
    std::string text;
    for (const auto& [who, lines] : sections) {
        text += std::format("[{}]\n{}", who, lines);
    }
    return text;
}

std::string bcrypt_shim() {
    return R"(# bcrypt for Ceph's manager, over libcrypt(3). The real module is written in Rust with PyO3, which refuses to be
# imported by more than one interpreter of a process; the manager starts one interpreter for each of its modules.
import ctypes
import hmac

_lib = ctypes.CDLL('libcrypt.so.1')
_lib.crypt.restype = ctypes.c_char_p
_lib.crypt.argtypes = [ctypes.c_char_p] * 2
_lib.crypt_gensalt.restype = ctypes.c_char_p
_lib.crypt_gensalt.argtypes = [ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_int]


def gensalt(rounds=12, prefix=b'2b'):
    salt = _lib.crypt_gensalt(b'$' + prefix + b'$', rounds, None, 0)
    if not salt:
        raise ValueError('bad bcrypt parameters')
    return salt


def hashpw(password, salt):
    hashed = _lib.crypt(password, salt)
    if not hashed or hashed.startswith(b'*'):
        raise ValueError('invalid salt')
    return hashed


def checkpw(password, hashed):
    return hmac.compare_digest(hashpw(password, hashed), hashed)
)";
}

std::string manager_customization() {
    return R"(# Run by Python's own start in each interpreter of Ceph's manager: its base class of all modules gets the list of
# notifications that most modules lack. Ceph 18 asks each class for NOTIFY_TYPES, leaves the error of a missing one
# pending, fails in its next import and reports that as a crash of the module, at every start. An empty list means
# what a missing one meant.
import importlib.machinery
import sys


class _WithNotifyTypes:
    def find_spec(self, name, path=None, target=None):
        if name != 'mgr_module':
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None:
            packaged = spec.loader.exec_module

            def exec_module(module):
                packaged(module)
                if not hasattr(module.MgrModule, 'NOTIFY_TYPES'):
                    module.MgrModule.NOTIFY_TYPES = []

            spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, _WithNotifyTypes())
)";
}

}  // namespace bedplate
