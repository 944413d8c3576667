// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/identifiers.hpp"
#include "base/quantities.hpp"
#include "base/secret.hpp"

namespace bedplate {

/// Where the control nodes send every line besides their own files. Credentials stand in the secrets
/// document.
struct ElasticsearchSpec {
    std::string url;                 ///< "https://logs.example.com:9200"
    std::string index = "bedplate";  ///< index or data stream
    std::string ca;                  ///< PEM; empty: the certificate authorities that Debian ships
};

/// What becomes of the nodes' journals (docs/logs.md).
struct LogSettings {
    std::chrono::seconds retention = std::chrono::days(30);  ///< of a control node's files; whole days
    Bytes max_size = gib(8);                                 ///< of all files on one control node
    Bytes queue = gib(1);  ///< on each node, for each control node that does not answer
    std::optional<ElasticsearchSpec> elasticsearch;
};

/// One service behind the edge's address.
struct EdgeServiceSpec {
    std::string name;
    std::uint32_t listen = 0;           ///< TCP port on the address
    std::vector<std::string> backends;  ///< "10.0.50.11:8080"
    std::string check;                  ///< http only: path that a living backend answers with 2xx or 3xx
    std::string certificate;            ///< http only: name in the secrets document; empty: no TLS
};

/// HAProxy and nginx behind an address that moves between nodes (docs/edge.md).
struct EdgeSpec {
    std::string network;             ///< that the address is in
    std::uint64_t host = 0;          ///< host part of the address
    std::uint32_t router_id = 51;    ///< of VRRP: another one for each such address in a network
    std::vector<std::string> nodes;  ///< host names; empty: the control nodes
    std::vector<EdgeServiceSpec> http, tcp;
};

/// The edge as every node has to know it.
struct NodeEdge {
    EdgeSpec spec;
    Ipv4 address;
    Cidr subnet;
    /// Host name -> address in that network, of all that may carry it; empty: the control nodes, whoever they
    /// are.
    std::map<std::string, Ipv4> nodes;

    [[nodiscard]] bool may_be_on(const std::string& hostname) const {
        return nodes.empty() || nodes.contains(hostname);
    }
};

struct ElasticsearchLogin {
    Secret user, password;
};

}  // namespace bedplate
