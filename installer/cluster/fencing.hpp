// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "cluster/cluster.hpp"
#include "cluster/ha_policy.hpp"

namespace bedplate {

/// How a node is switched off by the others: every member gets it from the registry, and keeps the password
/// in a file for root alone (docs/decisions/0091).
struct FenceDevice {
    std::string agent;    ///< "fence_idrac", "fence_ipmilan", "fence_redfish"
    std::string address;  ///< of the BMC
    std::optional<std::uint32_t> port, cipher;
    std::string user;
    Secret password;
    bool watchdog = false;  ///< sbd runs there over a hardware watchdog: the second level

    /// What a proof is of: everything that decides which machine is switched off and whether that works. No
    /// secret can be told from it (the password is in it by a digest of all together).
    [[nodiscard]] std::string digest() const;
    bool operator==(const FenceDevice&) const = default;
};

/// Whether watchdogs may be the second level: from the third full member on. sbd without a disk ends a node
/// that does not see the others; of two nodes (two_node of votequorum(5)) that would be the survivor,
/// whenever the other one is lost. A quorum device would help, but it is taken away whenever a node joins or
/// leaves.
[[nodiscard]] bool watchdogs_serve(std::span<const Member> members);

/// With the password: for the registry, which only members can read.
[[nodiscard]] Secret to_text(const FenceDevice& device);
/// Errors: fence.record, which shows nothing of the text.
[[nodiscard]] Result<FenceDevice> fence_device_from_text(std::string_view text);

/// What opens the BMC of the machine that the file is on, as the installer or an administrator left it:
/// {"user": ..., "password": ...}.
inline constexpr std::string_view bmc_path = "/etc/bedplate/bmc.json";

/// Where members keep what opens a node's BMC.
[[nodiscard]] std::string fence_folder(std::string_view hostname);
[[nodiscard]] std::string fence_password_path(std::string_view hostname);
/// Stands in for ipmitool where fence_ipmilan calls it: that agent would put the password into ipmitool's
/// arguments, for everybody to see who is logged in.
[[nodiscard]] std::string fence_ipmitool_path(std::string_view hostname);
/// The text of that program: a shell script that takes the arguments as they are, but the password from the
/// file.
[[nodiscard]] std::string fence_ipmitool_script();

/// The agent's parameters, by the names that Pacemaker and the agent's standard input take. None is secret.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> agent_parameters(const FenceDevice& device,
                                                                                std::string_view hostname);
/// The same as the agent reads it from standard input, with what it is to do.
[[nodiscard]] std::string agent_input(const FenceDevice& device, std::string_view hostname,
                                      std::string_view action);

/// A node asks the others to prove that they can switch it off.
struct FenceRequest {
    std::string id;
    FenceTest test = FenceTest::status;
    std::string boot_id;  ///< of the node's kernel when it asked
    std::int64_t at = 0;  ///< seconds since 1970
};

/// What a peer answered.
struct FenceProof {
    enum class State {
        trying,   ///< a peer has taken it on
        ordered,  ///< the power was on, and the cycle is under way
        done,
        failed
    } state = State::trying;
    std::string request;  ///< its id
    FenceTest test = FenceTest::status;
    std::string by;       ///< host name of the peer
    std::int64_t at = 0;  ///< of the last change
    std::string device;   ///< digest of what was proved
    std::string boot_id;  ///< of the request
    std::string detail;   ///< why not, or what the BMC said; never a secret
};

[[nodiscard]] Json to_json(const FenceRequest& request);
[[nodiscard]] Json to_json(const FenceProof& proof);
/// Errors: fence.record.
[[nodiscard]] Result<FenceRequest> fence_request_from_json(const Json& json);
[[nodiscard]] Result<FenceProof> fence_proof_from_json(const Json& json);

/// What the registry knows of one node's fencing.
struct FencingRecord {
    std::optional<FenceDevice> device;
    std::optional<FenceRequest> request;
    std::optional<FenceProof> proof;
    /// When it was fenced by the cluster (not in a test), in seconds since 1970, by Pacemaker's own word for
    /// the event. That is the time at which a peer heard of it, so each peer has another one for the same
    /// event.
    std::map<std::string, std::int64_t> fenced;
    std::int64_t released = 0;  ///< when it was let in last: what was before does not count any more
    bool held = false;          ///< stays out until somebody lets it in
    bool remote = false;        ///< runs pacemaker_remote and waits to be connected
};

/// Nothing: fencing is proved as far as `wanted` asks for it. Else why not, as the end of a sentence ("no
/// peer has answered yet"). `boot_id` is the node's own now, where that is known; empty otherwise.
[[nodiscard]] std::optional<std::string> why_not_proved(const FencingRecord& record, FenceTest wanted,
                                                        std::string_view boot_id);

/// Its BMC was asked a short while ago and did not take what it was given: many lock a user out that comes
/// with the wrong password again and again. Ten minutes, or until something about the device is changed.
[[nodiscard]] bool failed_lately(const FencingRecord& record, std::int64_t now);

/// How long a peer that took a request on may take, before another one may; in seconds, unscaled.
inline constexpr std::int64_t fence_answer_time = 300;

/// There is a request that this member may take on: another node's, unanswered, or taken on by a peer so long
/// ago that it must have died meanwhile.
[[nodiscard]] bool may_answer(const FencingRecord& record, std::string_view asking, std::string_view self,
                              std::int64_t now, std::int64_t answer_time);

/// What is to be done with a request.
enum class FenceAnswer { status, cycle, confirm };
/// confirm: a cycle was ordered by a peer that did not come to its end, and the node has restarted since (its
/// request says so): its power status is enough.
[[nodiscard]] FenceAnswer answer_for(const FencingRecord& record);

/// How often the node was fenced within the policy's window before `now`, since it was let in last. What lies
/// no more than 60 s apart is one event in the words of several peers: their clocks differ by less, and a
/// node does not come back and get lost again in less.
[[nodiscard]] std::size_t times_fenced(const FencingRecord& record, const HaPolicy& policy, std::int64_t now);
/// It is to stay out: it is held already, or was fenced too often.
[[nodiscard]] bool in_fence_loop(const FencingRecord& record, const HaPolicy& policy, std::int64_t now);

/// A fencing that went well, out of `stonith_admin --history '*' --output-as=xml`.
struct FenceEvent {
    std::string target, completed;
    bool by_cluster = false;  ///< not asked for by a person or a test
};
[[nodiscard]] std::vector<FenceEvent> fence_history(std::string_view xml);

/// When an event was, in seconds since 1970, out of `completed`: a time with its zone, "2026-01-02
/// 03:04:05.000000Z" or "2026-01-02 04:04:05 +01:00". Nothing: it is none.
[[nodiscard]] std::optional<std::int64_t> fence_time(std::string_view completed);

}  // namespace bedplate
