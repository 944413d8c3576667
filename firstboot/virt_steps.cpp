// SPDX-License-Identifier: GPL-3.0-or-later
// libvirt: TLS for live migration, the secret, the pool, the host's networks.
#include <format>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "cluster/files.hpp"
#include "firstboot/steps.hpp"
#include "firstboot/virt.hpp"

namespace bedplate::firstboot {

namespace {

constexpr std::string_view libvirt_keyring = "/var/lib/bedplate/ceph/client.libvirt.keyring";

/// As dropins/libvirtd.socket.d wants it.
constexpr std::string_view libvirt_socket = "/run/libvirt/libvirt-sock";
constexpr std::string_view socket_mode = "root:libvirt:660";

Result<std::vector<ManagedFile>> libvirt_files(Node& node) {
    BEDPLATE_ASSIGN(const auto membership, read_membership(node.platform.files));
    const std::string listen = std::format("[Socket]\nListenStream=\nListenStream={}:16514\nFreeBind=yes\n",
                                           membership.self.migration.to_text());
    return std::vector<ManagedFile>{
        {.path = "/etc/libvirt/qemu.conf", .text = qemu_conf(membership.self), .mode = 0600},
        {.path = "/etc/libvirt/libvirtd.conf", .text = libvirtd_conf()},
        // Without the idle timeout: Pacemaker and the exporter keep asking.
        {.path = "/etc/default/libvirtd", .text = "LIBVIRTD_ARGS=\"\"\n"},
        {.path = "/etc/systemd/system/libvirtd-tls.socket.d/10-bedplate.conf", .text = listen}};
}

/// It answers, and not to everybody.
Result<bool> answers_whom_it_should(Platform& platform) {
    BEDPLATE_TRY(virsh(platform, {"version"}));
    BEDPLATE_ASSIGN(
        const auto is,
        run_checked(platform.commands, {.argv = {"stat", "--format=%U:%G:%a", std::string(libvirt_socket)}}));
    return trim(is) == socket_mode;
}

/// A socket of libvirtd cannot be opened while the daemon runs; machines survive its restart.
Steps daemon_steps(Node& node) {
    Platform& platform = node.platform;
    auto steps = unit_steps(platform, {"libvirtd.socket", "libvirtd-tls.socket", "libvirtd.service"},
                            [&platform] { return answers_whom_it_should(platform); });
    auto start = steps.apply;
    steps.apply = [&platform, start]() -> Result<void> {
        // The socket first (the other ones are bound to it): whoever asks meanwhile would start the daemon
        // again, and the socket could not be opened.
        BEDPLATE_TRY(run_all(platform, {{"systemctl", "stop", "libvirtd.socket", "libvirtd.service"}}));
        return start();
    };
    return steps;
}

/// The base64 text after "key = " in a keyring.
Result<Secret> key_in(const FileSystem& files, std::string_view path) {
    BEDPLATE_ASSIGN(const auto text, files.read(path));
    for (const auto& line : split(text, '\n')) {
        const auto trimmed = trim(line);
        if (trimmed.starts_with("key = ")) {
            return Secret(std::string(trim(trimmed.substr(6))));
        }
    }
    return fail("ceph.keyring", "there is no key in the keyring", std::string(path));
}

/// A private secret cannot be read back, not even by root: what was set is remembered by its digest.
constexpr std::string_view secret_mark = "/var/lib/bedplate/libvirt-secret.sha256";

Result<void> set_secret(Platform& platform) {
    BEDPLATE_ASSIGN(const auto identity, read_identity(platform.files));
    BEDPLATE_ASSIGN(const auto key, key_in(platform.files, libvirt_keyring));
    const std::string xml = "/run/bedplate/secret.xml", value = "/run/bedplate/secret.value";
    BEDPLATE_TRY(platform.files.write(xml, libvirt_secret_xml(identity)));
    BEDPLATE_TRY(virsh(platform, {"secret-define", "--file", xml, "--validate"}));
    // By a file in RAM: an argument would be seen in the process list.
    BEDPLATE_TRY(platform.files.write(value, key.reveal(), 0600));
    const auto set =
        virsh(platform, {"secret-set-value", "--secret", identity.libvirt_secret.to_text(), "--file", value});
    BEDPLATE_TRY(platform.files.remove(value));
    if (!set) {
        return std::unexpected(set.error());
    }
    return platform.files.write(secret_mark, sha256_hex(key.reveal()) + "\n", 0600);
}

Steps secret_steps(Node& node) {
    Platform& platform = node.platform;
    return {.observe = [&platform]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto identity, read_identity(platform.files));
                BEDPLATE_ASSIGN(const auto key, key_in(platform.files, libvirt_keyring));
                const auto there = virsh(platform, {"secret-dumpxml", identity.libvirt_secret.to_text()});
                const auto mark = platform.files.read(secret_mark);
                return there && mark && *mark == sha256_hex(key.reveal()) + "\n" ? satisfied() : needed();
            },
            .apply = [&platform] { return set_secret(platform); }};
}

/// Something of libvirt that is defined from XML, started, and started with the host.
Steps object_steps(Platform& platform, std::string kind, std::string name,
                   std::function<Result<std::string>()> xml) {
    const auto state = [&platform, kind, name]() -> Result<bool> {
        const auto info = virsh(platform, {kind + "-info", name});
        if (!info) {
            return false;
        }
        const bool active = info->find("running") != std::string::npos ||
                            info->find("Active:         yes") != std::string::npos;
        const auto autostart = info->find("Autostart:");
        return active && autostart != std::string::npos &&
               trim(std::string_view(*info).substr(autostart + 10)).starts_with("yes");
    };
    // What it was defined with last: libvirt gives its own text back, with more in it.
    const std::string kept = std::format("/var/lib/bedplate/libvirt-{}-{}.xml", kind, name);
    return {.observe = [&platform, state, xml, kept]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const bool fine, state());
                BEDPLATE_ASSIGN(const auto wanted, xml());
                const auto defined = platform.files.read(kept);
                return fine && defined && *defined == wanted ? satisfied() : needed();
            },
            .apply = [&platform, kind, name, xml, kept]() -> Result<void> {
                const std::string file = std::format("/run/bedplate/{}-{}.xml", kind, name);
                BEDPLATE_ASSIGN(const auto text, xml());
                BEDPLATE_TRY(platform.files.write(file, text));
                BEDPLATE_TRY(virsh(platform, {kind + "-define", file, "--validate"}));
                BEDPLATE_TRY(virsh(platform, {kind + "-autostart", name}));
                // Stopping a pool is no matter to the machines whose disks are in it: QEMU has its own
                // connection. A network is not stopped: its machines would lose their ports.
                if (kind == "pool") {
                    static_cast<void>(virsh(platform, {"pool-destroy", name}));
                }
                // Already started is no failure; whether it runs is looked at afterwards.
                static_cast<void>(virsh(platform, {kind + "-start", name}));
                return platform.files.write(kept, text);
            }};
}

}  // namespace

Result<std::string> virsh(Platform& platform, std::vector<std::string> arguments) {
    Command command{.argv = {"virsh", "--connect", "qemu:///system", "--quiet"}};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    return run_checked(platform.commands, command);
}

std::vector<Step> virt_steps(Node& node) {
    Platform& platform = node.platform;
    std::vector<Step> steps{{"virt.config", "virt", "configure libvirt",
                             file_steps(
                                 platform, [&node] { return libvirt_files(node); },
                                 [&platform] { return reload_if_stale(platform, "libvirtd-tls.socket"); })},
                            {"virt.daemon", "virt", "start libvirt with its TLS port", daemon_steps(node)}};
    for (auto& step : machine_host_steps(node)) {
        steps.push_back(std::move(step));
    }
    steps.push_back(
        {"virt.cpu", "virt", "find the processor that all nodes have in common", cpu_steps(node)});
    steps.push_back({"virt.secret", "virt", "give libvirt the key of its Ceph client", secret_steps(node)});
    for (const auto& [name, network] : node.settings.networks) {
        if (!network.bridge.empty()) {
            steps.push_back({"virt.network-" + name, "virt",
                             std::format("offer the bridge {} to machines", network.bridge),
                             object_steps(platform, "net", name, [name, network]() -> Result<std::string> {
                                 return libvirt_bridge_xml(name, network.bridge, std::nullopt);
                             })});
        }
    }
    if (!node.settings.osds.empty() || !node.settings.create) {
        steps.push_back({"virt.pool", "virt", "offer the RBD pool to libvirt",
                         object_steps(platform, "pool", "vms", [&node]() -> Result<std::string> {
                             BEDPLATE_ASSIGN(const auto identity, read_identity(node.platform.files));
                             BEDPLATE_ASSIGN(const auto membership, read_membership(node.platform.files));
                             return libvirt_pool_xml(identity, membership.all);
                         })});
    }
    return steps;
}

}  // namespace bedplate::firstboot
