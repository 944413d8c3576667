// SPDX-License-Identifier: GPL-3.0-or-later
// rsyslog's configuration. What goes into it from outside (names, addresses, the URL) was checked when the
// site was read and holds neither quotes nor backslashes.
#include <format>

#include "base/text.hpp"
#include "cluster/log_files.hpp"

namespace bedplate {
namespace {

/// The place in the journal is kept; no rate limit: journald has one, and says what it dropped.
constexpr std::string_view journal_input =
    R"(module(load="imjournal" StateFile="imjournal.state" PersistStateInterval="100" Ratelimit.Interval="0"
       FileCreateMode="0600"))";

/// A line is a JSON object from its first station on, behind a header (RFC 5424) that carries its id.
std::string line_template(const std::string& host) {
    constexpr std::string_view head = R"(template(name="line" type="list") {
    constant(value="<") property(name="pri") constant(value=">1 ")
    property(name="timereported" dateFormat="rfc3339") constant(value=" )";
    constexpr std::string_view middle = R"( bedplate - ") property(name="$!bedplate!id")
    constant(value=" - {")
    property(outname="@timestamp" name="timereported" dateFormat="rfc3339" format="jsonf")
    constant(value=",\"host\":\")";
    constexpr std::string_view tail =
        R"(\",")
    property(outname="severity" name="syslogseverity-text" format="jsonf")
    constant(value=",") property(outname="facility" name="syslogfacility-text" format="jsonf")
    constant(value=",") property(outname="unit" name="$!_SYSTEMD_UNIT" format="jsonf")
    constant(value=",") property(outname="program" name="programname" format="jsonf")
    constant(value=",") property(outname="pid" name="$!_PID" format="jsonf")
    constant(value=",") property(outname="boot" name="$!_BOOT_ID" format="jsonf")
    constant(value=",") property(outname="id" name="$!bedplate!id" format="jsonf")
    constant(value=",") property(outname="message" name="msg" format="jsonf")
    constant(value="}")
}
)";
    return std::string(head) + host + std::string(middle) + host + std::string(tail);
}

std::string tls(const LogPlaces& places, const std::vector<std::string>& peers) {
    const auto file = [&](std::string_view name) { return (places.pki / name).string(); };
    return std::format(
        R"(tls="on" tls.caCert="{}" tls.myCert="{}" tls.myPrivKey="{}"
       tls.authMode="name" tls.permittedPeer=["{}"])",
        file("ca.crt"), file("node.crt"), file("node.key"), join(peers, R"(", ")"));
}

/// In memory as long as the receiver keeps up, on disk from the hundredth line on; the list of files is
/// written every ten lines, since a queue without it cannot be taken up after a power cut. Full: a line waits
/// 20 ms and is then dropped for this receiver alone, so that what is oldest stays and the others go on. When
/// rsyslog stops, what is in hand gets the time to be sent, or is written to the queue's files.
std::string queue(std::string_view name, Bytes limit) {
    return std::format(
        R"(queue.type="LinkedList" queue.filename="{}" queue.size="20000" queue.highWatermark="100"
       queue.lowWatermark="20" queue.dequeueBatchSize="32" queue.maxFileSize="1m" queue.maxDiskSpace="{}"
       queue.saveOnShutdown="on" queue.checkpointInterval="10" queue.timeoutEnqueue="20"
       queue.timeoutShutdown="2000" queue.timeoutActionCompletion="5000")",
        name, limit.value);
}

constexpr std::string_view for_ever =
    R"(action.resumeRetryCount="-1" action.resumeInterval="5" action.resumeIntervalMax="60")";

/// 128 lines at most are on their way without an acknowledgement, and lost for this receiver if rsyslog is
/// stopped while it is away. Fewer, and a delayed acknowledgement of TCP (40 ms) for each ten lines holds
/// everything up.
std::string sending(const LogPolicy& policy, const Member& self, const Member& to, const LogPlaces& places) {
    return std::format(
        R"(action(type="omrelp" name="{0}" template="line" target="{1}" port="{2}" localClientIp="{3}"
       windowSize="128" timeout="30" conn.timeout="10"
       {4}
       {5}
       {6})
)",
        log_queue(to.hostname), to.management.to_text(), places.port, self.management.to_text(),
        tls(places, {to.hostname}), queue(log_queue(to.hostname), policy.queue), for_ever);
}

/// Each control node sends each line, and the id makes one document of them: with `create` Elasticsearch
/// answers 409 to what is there already, and rsyslog is done with it. What it did not take for another reason
/// comes back with the answer in $.omes, to be sent again, unless it never can be (400).
std::string forwarding(const LogPolicy& policy, const std::optional<NodeSecrets::Login>& login,
                       const LogPlaces& places) {
    const auto& where = *policy.elasticsearch;
    const bool secured = where.url.starts_with("https://");
    const std::string ca =
        where.ca.empty() ? "/etc/ssl/certs/ca-certificates.crt" : places.elasticsearch_ca.string();
    std::string access = secured ? std::format(R"( tls.cacert="{}")", ca) : "";
    if (secured && login) {
        access += std::format(R"( uid="{}" pwd="{}")", login->user.reveal(), login->password.reveal());
    }
    return std::format(
        R"(module(load="omelasticsearch")
template(name="document" type="list") {{ property(name="msg") }}
template(name="document-id" type="list") {{ property(name="$.id") }}
ruleset(name="forward" {0}) {{
    if $.omes!status == 400 then {{ stop }}
    if strlen($.omes!_id) > 0 then {{ set $.id = $.omes!_id; }} else {{ set $.id = $msgid; }}
    action(type="omelasticsearch" name="elasticsearch" template="document" server="{1}"{2}
       searchIndex="{3}" searchType="" bulkmode="on" maxbytes="4m" writeoperation="create"
       dynbulkid="on" bulkid="document-id" retryfailures="on" retryruleset="forward"
       {4})
}}
)",
        queue(elasticsearch_queue, policy.queue), where.url, access, where.index, for_ever);
}

/// What a control node does with what it is sent. No queue in between: a line is acknowledged when it was
/// written to its file. A file that cannot be written is tried again for ever, and the senders keep what they
/// have.
std::string receiving(const LogPolicy& policy, const Member& self, std::span<const Member> members,
                      const std::optional<NodeSecrets::Login>& login, const LogPlaces& places) {
    std::vector<std::string> peers;
    for (const auto& member : members) {
        peers.push_back(member.hostname);
    }
    std::string text = std::format(
        R"(
module(load="imrelp" tls.tlslib="openssl")
template(name="kept-line" type="list") {{ property(name="msg") constant(value="\n") }}
template(name="kept-file" type="list") {{
    constant(value="{0}/") property(name="$.node") constant(value="/") property(name="$now-utc")
    constant(value=".jsonl")
}}
lookup_table(name="senders" file="{1}")
)",
        places.kept.string(), places.table.string());
    if (policy.elasticsearch) {
        text += forwarding(policy, login, places);
    }
    const std::string group =
        places.group.empty() ? "" : std::format(R"( fileGroup="{0}" dirGroup="{0}")", places.group);
    text += std::format(
        R"(ruleset(name="keep" queue.type="Direct") {{
    set $.node = lookup("senders", $fromhost-ip);
    action(type="omfile" name="kept" dynaFile="kept-file" template="kept-line" dynaFileCacheSize="200"
       closeTimeout="10" fileCreateMode="0640" dirCreateMode="0750"{4}
       action.resumeRetryCount="-1")
{0}}}
input(type="imrelp" address="{1}" port="{2}" ruleset="keep" keepAlive="on" maxDataSize="256k"
      {3})
)",
        policy.elasticsearch ? "    call forward\n" : "", self.management.to_text(), places.port,
        tls(places, peers), group);
    return text;
}

}  // namespace

std::string log_queue(std::string_view receiver) {
    return std::format("to-{}", receiver);
}

std::string log_senders(std::span<const Member> members) {
    Json table = Json::array();
    for (const auto& member : members) {
        table.push_back(Json{{"index", member.management.to_text()}, {"value", member.hostname}});
    }
    return Json{{"version", 1}, {"nomatch", "unknown"}, {"type", "string"}, {"table", table}}.dump(2) + "\n";
}

std::string rsyslog_conf(const LogPolicy& policy, const Member& self, std::span<const Member> members,
                         const std::optional<NodeSecrets::Login>& login, const LogPlaces& places) {
    std::string text = std::format(
        R"(# Written by bedplate-firstboot from the list of members; docs/logs.md.
global(workDirectory="{0}" maxMessageSize="128k" net.enableDNS="off")
main_queue(queue.type="LinkedList" queue.size="10000" queue.timeoutEnqueue="60000")
module(load="immark" interval="300" markmessagetext="bedplate: the log of this node")
module(load="mmutf8fix")
module(load="omrelp" tls.tlslib="openssl")
{1}
)",
        places.spool.string(), places.input.empty() ? journal_input : places.input);
    text += line_template(self.hostname);
    if (self.control) {
        text += receiving(policy, self, members, login, places);
    }
    text += R"(
set $!bedplate!id = $uuid;
action(type="mmutf8fix" mode="utf-8")
)";
    for (const auto& member : members) {
        if (member.control) {
            text += sending(policy, self, member, places);
        }
    }
    return text;
}

}  // namespace bedplate
