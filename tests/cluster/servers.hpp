// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cluster/ticket.hpp"
#include "platform/linux/linux.hpp"
#include "platform/platform.hpp"
#include "registry/registry.hpp"
#include "registry/seed.hpp"
#include "registry/tickets.hpp"
#include "tests/support/processes.hpp"

namespace bedplate::jointest {

/// A folder with a cluster of one in it: CA, a real etcd with TLS, a real sshd that knows tickets, and a
/// seed's files. The folder is below the build tree, since sshd insists on a path that only root can change.
class SeedHost {
public:
    SeedHost();
    ~SeedHost();
    SeedHost(const SeedHost&) = delete;
    SeedHost& operator=(const SeedHost&) = delete;

    [[nodiscard]] HttpTls tls() const;
    [[nodiscard]] std::vector<std::string> endpoints() const;
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
    [[nodiscard]] const ClusterIdentity& identity() const { return identity_; }
    [[nodiscard]] std::uint16_t ssh_port() const { return ssh_port_; }
    [[nodiscard]] const std::string& host_key() const { return host_key_; }
    [[nodiscard]] std::string user() const;

    /// sshd, started when it is first asked for.
    void start_sshd();
    /// A new ticket, in the registry and as it is carried to a node. Expired ones have an end in the past.
    [[nodiscard]] Ticket make_ticket(std::uint32_t uses, std::int64_t seconds = 3600,
                                     std::vector<std::string> tags = {});

private:
    void make_pki();
    void start_etcd();
    void write_seed_files();

    RealPlatform real_;
    std::filesystem::path folder_;
    std::uint16_t etcd_port_, peer_port_, ssh_port_;
    ClusterIdentity identity_;
    std::string host_key_;
    std::unique_ptr<fakes::Process> etcd_, sshd_;
};

/// A registry of one's own (connection included), for one thread.
struct Connection {
    RealPlatform real;
    Etcd etcd;
    Registry registry;

    explicit Connection(const SeedHost& seed)
        : real(curl_http(seed.tls())),
          etcd(real.get().http, seed.endpoints()),
          registry(etcd, real.get().clock) {}
};

/// The n-th made-up machine: no two have a name, UUID or address in common.
[[nodiscard]] Member machine(std::uint32_t n);
[[nodiscard]] JoinRequest request(std::uint32_t n, JoinRequest::Verb verb);

}  // namespace bedplate::jointest
