// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/cluster.hpp"
#include "cluster/services.hpp"

namespace bedplate {

// Logs (docs/logs.md): every node sends each line of its journal to every control node, over RELP in TLS; the
// control nodes keep a file for each node and day.

/// Where things are. The defaults are those of a node; tests have others.
struct LogPlaces {
    std::filesystem::path pki = "/etc/bedplate/pki";                 ///< ca.crt, node.crt, node.key
    std::filesystem::path spool = "/var/spool/rsyslog";              ///< queues and the place in the journal
    std::filesystem::path kept = "/var/log/bedplate";                ///< NODE/YYYY-MM-DD.jsonl
    std::filesystem::path table = "/etc/bedplate/log-senders.json";  ///< address -> node, for the receiver
    std::filesystem::path elasticsearch_ca = "/etc/bedplate/elasticsearch-ca.pem";
    std::uint16_t port = 2514;
    std::string group = "adm";  ///< that may read what is kept; empty: that of the process
    std::string input = {};     ///< what is sent, in rsyslog's words; empty: the journal
};

/// /etc/rsyslog.conf of a node: what it sends, and on a control node what it takes, keeps and forwards. With
/// a login in it, it is a secret. `login` is only used for https.
[[nodiscard]] std::string rsyslog_conf(const LogPolicy& policy, const Member& self,
                                       std::span<const Member> members,
                                       const std::optional<NodeSecrets::Login>& login,
                                       const LogPlaces& places = {});

/// The lookup table by which a control node knows whose lines a connection brings: rsyslog's JSON.
[[nodiscard]] std::string log_senders(std::span<const Member> members);

/// The queue that holds what a control node, or Elasticsearch, has not taken yet: prefix of its files in the
/// spool.
[[nodiscard]] std::string log_queue(std::string_view receiver);
inline constexpr std::string_view elasticsearch_queue = "elasticsearch";

/// The rules for /etc/audit/rules.d, each a line (audit.rules(7)), and the folders that they need.
[[nodiscard]] std::string audit_rules();
[[nodiscard]] std::vector<std::string> audited_folders();
/// /etc/audit/auditd.conf: what differs from Debian's is how much is kept.
[[nodiscard]] std::string auditd_conf();
/// What `auditctl -l` prints holds every rule of audit_rules(), by their keys; else the first key that lacks
/// one.
[[nodiscard]] std::optional<std::string> missing_audit_rule(std::string_view loaded);

// --- what a control node keeps -----------------------------------------------------------------------------

/// A file of one node and day.
struct KeptLog {
    std::string path;  ///< below LogPlaces::kept
    std::string node;
    std::chrono::sys_days day;
    Bytes size;
    std::chrono::sys_seconds written;  ///< last
};

/// Size and age of a file below a folder, as find(1) prints them with `log_find_format`.
struct FoundFile {
    std::chrono::sys_seconds written;
    Bytes size;
    std::string path;
};
inline constexpr std::string_view log_find_format = "%T@ %s %P\\n";
/// What cannot be read is left out.
[[nodiscard]] std::vector<FoundFile> parse_found(std::string_view out);
/// Those of them that are logs of nodes, the oldest day first; whatever else lies there is nobody's business.
[[nodiscard]] std::vector<KeptLog> kept_logs(std::span<const FoundFile> files);

/// What to do with them: days that are over (in UTC) are compressed; what is older than the retention goes,
/// and the oldest days while all of them are larger than allowed. Today's files stay whatever they are.
struct LogChores {
    std::vector<std::string> remove, compress;
};
[[nodiscard]] LogChores log_chores(std::span<const KeptLog> kept, std::chrono::sys_seconds now,
                                   const LogPolicy& policy);

/// Files in the spool that belong to queues nobody reads any more: their receiver is no control node now.
[[nodiscard]] std::vector<std::string> orphaned_queues(std::span<const FoundFile> spool,
                                                       std::span<const Member> members,
                                                       const LogPolicy& policy);

/// What waits on this node's disk, by receiver: control nodes' names, and "elasticsearch".
[[nodiscard]] std::map<std::string, Bytes> waiting_by_receiver(std::span<const FoundFile> spool,
                                                               std::span<const Member> members,
                                                               const LogPolicy& policy);

/// For the node exporter's textfile collector: bytes that wait for each receiver, and on control nodes
/// (`kept`) when each member was last heard of.
[[nodiscard]] std::string log_metrics(std::span<const FoundFile> spool, std::span<const KeptLog> kept,
                                      const Member& self, std::span<const Member> members,
                                      const LogPolicy& policy);

}  // namespace bedplate
