// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/identifiers.hpp"
#include "base/json.hpp"
#include "base/quantities.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace bedplate {

/// What the site says of logs and edge, as the installer left it in /etc/bedplate/site.json.
struct LogPolicy {
    struct Elasticsearch {
        std::string url, index;
        std::string ca;  ///< PEM; empty: the system's certificate authorities
    };
    std::uint64_t retention_days = 30;
    Bytes max_size = gib(8);  ///< of all files on one control node
    Bytes queue = gib(1);     ///< on a node, for each receiver that is away
    std::optional<Elasticsearch> elasticsearch;
};

struct EdgeService {
    std::string name;
    std::uint16_t listen = 0;
    std::vector<std::string> backends;  ///< "10.0.50.11:8080"
    std::string check;                  ///< path; empty: a connection is enough
    std::string certificate;            ///< name; empty: no TLS
};

struct EdgePolicy {
    std::string network;
    Ipv4 address;
    Cidr subnet;
    std::uint8_t router_id = 0;
    std::map<std::string, Ipv4> nodes;  ///< host name -> address; empty: the control nodes
    std::vector<EdgeService> http, tcp;
};

/// Both throw what nlohmann's JSON throws; the caller reads a whole document.
[[nodiscard]] LogPolicy log_policy_from_json(const Json& logs);
[[nodiscard]] Result<EdgePolicy> edge_policy_from_json(const Json& edge);

/// /etc/bedplate/secrets.json: what this node was given of the secrets document.
struct NodeSecrets {
    struct Login {
        Secret user, password;
    };
    std::optional<Login> elasticsearch;
    std::map<std::string, Secret> edge_certificates;  ///< name -> PEM
};
inline constexpr std::string_view node_secrets_path = "/etc/bedplate/secrets.json";
/// Errors: node.file, which shows nothing of the text.
[[nodiscard]] Result<NodeSecrets> node_secrets_from_text(std::string_view text);

}  // namespace bedplate
