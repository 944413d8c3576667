// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/access.hpp"

#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "cluster/files.hpp"
#include "firstboot/pki_file.hpp"

namespace bedplate::firstboot {

namespace {

/// Where a service wants a certificate, its key and the CA, and who may read them.
struct Place {
    std::string ca, certificate, key;
    std::string owner = "root:root";
    std::uint32_t mode = 0600;  ///< of the key
};

Result<std::vector<ManagedFile>> certificate_files(Node& node, const std::vector<Place>& places) {
    auto& files = node.platform.files;
    BEDPLATE_ASSIGN(const auto ca, files.read(pki_file("ca.crt")));
    BEDPLATE_ASSIGN(const auto certificate, files.read(pki_file("node.crt")));
    BEDPLATE_ASSIGN(const auto key, files.read(pki_file("node.key")));
    std::vector<ManagedFile> wanted;
    for (const auto& place : places) {
        wanted.push_back({.path = place.ca, .text = ca});
        wanted.push_back({.path = place.certificate, .text = certificate});
        wanted.push_back({.path = place.key, .text = key, .mode = place.mode, .owner = place.owner});
    }
    return wanted;
}

std::vector<Place> places() {
    const std::string etcd(etcd_pki);
    const std::string migrate = "/etc/pki/libvirt-migrate";
    return {
        {etcd + "/ca.crt", etcd + "/node.crt", etcd + "/node.key", "etcd:etcd", 0400},
        {"/etc/pki/CA/cacert.pem", "/etc/pki/libvirt/servercert.pem",
         "/etc/pki/libvirt/private/serverkey.pem"},
        {"/etc/pki/CA/cacert.pem", "/etc/pki/libvirt/clientcert.pem",
         "/etc/pki/libvirt/private/clientkey.pem"},
        {migrate + "/ca-cert.pem", migrate + "/server-cert.pem", migrate + "/server-key.pem",
         "root:libvirt-qemu", 0640},
        {migrate + "/ca-cert.pem", migrate + "/client-cert.pem", migrate + "/client-key.pem",
         "root:libvirt-qemu", 0640},
    };
}

Result<std::vector<ManagedFile>> access_files(Node& node) {
    BEDPLATE_ASSIGN(const auto membership, read_membership(node.platform.files));
    Json endpoints = Json::array();
    if (membership.self.control) {
        endpoints.push_back("https://127.0.0.1:2379");
    }
    for (const auto& member : membership.all) {
        if (member.control && member.hostname != membership.self.hostname) {
            endpoints.push_back(std::format("https://{}:2379", member.management.to_text()));
        }
    }
    const Json document{{"endpoints", endpoints},
                        {"ca", pki_file("ca.crt")},
                        {"certificate", pki_file("node.crt")},
                        {"key", pki_file("node.key")}};
    return std::vector<ManagedFile>{
        {.path = std::string(registry_access_path), .text = document.dump(2) + "\n"},
        {.path = "/etc/hosts", .text = hosts_file(membership.all)}};
}

/// The members that etcd has itself: a new one has to name exactly these, this node among them, and another
/// may be joining at the same time.
Result<std::vector<Member>> etcd_peers(Node& node) {
    RegistryConnection connection(node.platform);
    BEDPLATE_TRY(connection.open());
    BEDPLATE_ASSIGN(const auto members, connection.registry().list_members());
    BEDPLATE_ASSIGN(const auto peers, connection.registry().etcd().members());
    std::vector<Member> initial;
    for (const auto& member : members) {
        if (std::ranges::contains(peers, etcd_peer_url(member), &EtcdMember::peer_url)) {
            initial.push_back(member);
        }
    }
    return initial;
}

Result<std::vector<ManagedFile>> etcd_files(Node& node) {
    BEDPLATE_ASSIGN(const auto membership, read_membership(node.platform.files));
    BEDPLATE_ASSIGN(const auto identity, read_identity(node.platform.files));
    const bool fresh = node.settings.create;
    BEDPLATE_ASSIGN(const auto initial,
                    fresh ? Result<std::vector<Member>>(std::vector{membership.self}) : etcd_peers(node));
    return std::vector<ManagedFile>{
        {.path = std::string(etcd_conf_path), .text = etcd_conf(identity, membership.self, initial, fresh)},
        {.path = "/etc/default/etcd", .text = std::format("ETCD_CONFIG_FILE={}\n", etcd_conf_path)}};
}

Result<bool> registry_answers(Node& node) {
    RegistryConnection connection(node.platform);
    BEDPLATE_TRY(connection.open());
    const auto there = connection.registry().identity();
    return there || there.error().code == "registry.empty" ? Result<bool>(true)
                                                           : std::unexpected(there.error());
}

constexpr std::string_view sshd_conf =
    "# Written by bedplate-firstboot. Join tickets log in as this user and may do one thing.\n"
    "Match User bedplate-join\n"
    "    AuthorizedKeysFile none\n"
    "    AuthorizedKeysCommand /usr/lib/bedplate/bedplate-accept --keys %f\n"
    "    AuthorizedKeysCommandUser root\n"
    "    PasswordAuthentication no\n"
    "    KbdInteractiveAuthentication no\n"
    "    DisableForwarding yes\n"
    "    PermitTTY no\n";

constexpr std::string_view sudoers =
    "# Written by bedplate-firstboot.\n"
    "bedplate-join ALL=(root) NOPASSWD: /usr/lib/bedplate/bedplate-accept --ticket *\n";

}  // namespace

std::vector<Step> certificate_steps(Node& node) {
    return {{"pki.places", node.settings.create ? "create" : "join",
             "put the certificate where each service wants it",
             file_steps(node.platform, [&node] { return certificate_files(node, places()); })}};
}

std::vector<Step> etcd_steps(Node& node) {
    const std::string stage = node.settings.create ? "create" : "join";
    return {
        {"etcd.access", stage, "say how the registry is reached",
         file_steps(node.platform, [&node] { return access_files(node); })},
        {"etcd.config", stage, "configure etcd",
         on_control(node.platform, file_steps(node.platform, [&node] { return etcd_files(node); }))},
        {"etcd.running", stage, "start etcd",
         on_control(node.platform,
                    unit_steps(node.platform, {"etcd.service"}, [&node] { return registry_answers(node); }))},
    };
}

namespace {

Result<std::string> own_host_key(const FileSystem& files) {
    BEDPLATE_ASSIGN(const auto text, files.read("/etc/ssh/ssh_host_ed25519_key.pub"));
    const auto words = split(trim(text), ' ');
    return words.size() < 2 ? fail("seed.host-key", "the host key's public half cannot be read")
                            : Result<std::string>(words[0] + " " + words[1]);
}

Steps host_key_steps(Node& node) {
    return {.observe = [&node]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto key, own_host_key(node.platform.files));
                RegistryConnection connection(node.platform);
                BEDPLATE_TRY(connection.open());
                BEDPLATE_ASSIGN(const auto keys, connection.registry().host_keys());
                const auto found = keys.find(node.settings.hostname);
                return found != keys.end() && found->second == key ? satisfied() : needed();
            },
            .apply = [&node]() -> Result<void> {
                BEDPLATE_ASSIGN(const auto key, own_host_key(node.platform.files));
                RegistryConnection connection(node.platform);
                BEDPLATE_TRY(connection.open());
                return connection.registry().publish_host_key(node.settings.hostname, key);
            }};
}

}  // namespace

std::vector<Step> seed_steps(Node& node) {
    Platform& platform = node.platform;
    const std::string stage = node.settings.create ? "create" : "join";
    return {
        {"seed.user",
         stage,
         "make the user that join tickets log in as",
         {.observe = [&platform]() -> Result<Observation> {
              BEDPLATE_ASSIGN(const bool there,
                              succeeds(platform, {.argv = {"getent", "passwd", "bedplate-join"}}));
              return there ? satisfied() : needed();
          },
          .apply =
              [&platform] {
                  return run_all(platform, {{"systemd-sysusers", "/usr/lib/sysusers.d/bedplate.conf"}});
              }}},
        {"seed.access", stage, "let join tickets in",
         file_steps(
             platform,
             []() -> Result<std::vector<ManagedFile>> {
                 return std::vector<ManagedFile>{
                     {.path = "/etc/ssh/sshd_config.d/60-bedplate-join.conf", .text = std::string(sshd_conf)},
                     {.path = "/etc/sudoers.d/bedplate-join", .text = std::string(sudoers), .mode = 0440}};
             },
             [&platform] {
                 return run_all(platform, {{"sshd", "-t"}, {"systemctl", "reload", "ssh.service"}});
             })},
        {"seed.host-key", stage, "publish the host key that tickets pin", host_key_steps(node)},
    };
}

Result<void> RegistryConnection::open() {
    BEDPLATE_ASSIGN(const auto access, read_registry_access(platform_.files, registry_access_path));
    etcd_ = std::make_unique<Etcd>(platform_.http, access.endpoints);
    registry_ = std::make_unique<Registry>(*etcd_, platform_.clock);
    return {};
}

}  // namespace bedplate::firstboot
