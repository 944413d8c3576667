// SPDX-License-Identifier: GPL-3.0-or-later
#include <format>

#include "cluster/files.hpp"

namespace bedplate {

std::string libvirt_secret_xml(const ClusterIdentity& identity) {
    return std::format(
        "<secret ephemeral='no' private='yes'><uuid>{}</uuid><usage type='ceph'>"
        "<name>client.libvirt secret</name></usage></secret>\n",
        identity.libvirt_secret.to_text());
}

std::string libvirt_pool_xml(const ClusterIdentity& identity, std::span<const Member> members) {
    std::string hosts;
    for (const auto& member : members) {
        if (member.control) {
            // Without a port librados tries msgr2 first; with 3300 it would take the address for a v1 one.
            hosts += std::format("<host name='{}'/>", member.storage.to_text());
        }
    }
    return std::format(
        "<pool type='rbd'><name>vms</name><uuid>{}</uuid><source><name>vms</name>{}"
        "<auth type='ceph' username='libvirt'><secret uuid='{}'/></auth></source></pool>\n",
        Guid::derive("bedplate/libvirt/pool/vms", identity.fsid.to_text()).to_text(), hosts,
        identity.libvirt_secret.to_text());
}

std::string libvirt_bridge_xml(std::string_view name, std::string_view bridge,
                               std::optional<std::uint64_t> vlan) {
    const std::string tag =
        vlan ? std::format("<portgroup name='vlan{0}' default='yes'><vlan><tag id='{0}'/></vlan></portgroup>",
                           *vlan)
             : "";
    return std::format(
        "<network><name>{}</name><uuid>{}</uuid><forward mode='bridge'/><bridge name='{}'/>{}</network>\n",
        name, Guid::derive("bedplate/libvirt/network", std::string(name)).to_text(), bridge, tag);
}

std::string qemu_conf(const Member& node) {
    return std::format(
        "vnc_listen = \"127.0.0.1\"\n"
        "spice_listen = \"127.0.0.1\"\n"
        "migrate_tls_x509_cert_dir = \"/etc/pki/libvirt-migrate\"\n"
        "migrate_tls_x509_verify = 1\n"
        "migrate_tls_force = 1\n"
        "migration_address = \"{}\"\n"
        "migration_port_min = 49152\n"
        "migration_port_max = 49215\n"
        "seccomp_sandbox = 1\n"
        "max_core = 0\n"
        "keepalive_interval = 5\n"
        "keepalive_count = 5\n",
        node.migration.to_text());
}

std::string libvirtd_conf() {
    // TLS: the certificate is the authentication; the cluster's own CA signs nothing but its nodes.
    // What may change something is left to polkit, which root passes by. Group and mode of the sockets would
    // be ignored here, since systemd opens them.
    return "auth_tls = \"none\"\n"
           "tls_no_verify_certificate = 0\n"
           "auth_unix_ro = \"none\"\n";
}

}  // namespace bedplate
