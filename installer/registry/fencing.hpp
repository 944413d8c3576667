// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cluster/fencing.hpp"
#include "registry/registry.hpp"

namespace bedplate {

/// What the registry knows of the nodes' fencing, below /bedplate/fencing/NAME/: device (with its password),
/// request, proof, fenced/EVENT, held, released, remote. One request reads all of it.
class FencingRegistry {
public:
    explicit FencingRegistry(Registry& registry) : registry_(registry) {}

    /// By host name. Errors: fence.record, registry.*.
    [[nodiscard]] Result<std::map<std::string, FencingRecord>> list();
    [[nodiscard]] Result<FencingRecord> record(const std::string& hostname);

    [[nodiscard]] Result<void> publish(const std::string& hostname, const FenceDevice& device);
    [[nodiscard]] Result<void> ask(const std::string& hostname, const FenceRequest& request);
    /// Take a request on: false, if another peer was faster or it is another request by now.
    [[nodiscard]] Result<bool> take_on(const std::string& hostname, const FenceProof& proof);
    [[nodiscard]] Result<void> answer(const std::string& hostname, const FenceProof& proof);

    /// Remember that the cluster fenced it. `event` is Pacemaker's own word for it, the time at which a peer
    /// heard of it: the same one is kept once. One that is no time counts from now.
    [[nodiscard]] Result<void> remember(const std::string& hostname, const std::string& event);
    [[nodiscard]] Result<void> hold(const std::string& hostname);
    /// Let it in again: what it was fenced for until now does not count any more, also where a peer reads of
    /// it in Pacemaker's history later.
    [[nodiscard]] Result<void> release(const std::string& hostname);

    /// A remote node runs pacemaker_remote now.
    [[nodiscard]] Result<void> offer_remote(const std::string& hostname);

    /// A member has the files of these devices (devices_digest).
    [[nodiscard]] Result<void> acknowledge(const std::string& member, const std::string& digest);
    /// Digest by member.
    [[nodiscard]] Result<std::map<std::string, std::string>> acknowledged();

    /// The site's rules: nothing until the node that creates the cluster has written them.
    [[nodiscard]] Result<std::optional<HaPolicy>> policy();
    [[nodiscard]] Result<void> store_policy(const HaPolicy& policy);

private:
    Registry& registry_;
};

/// Of what every member keeps in files: devices and their passwords.
[[nodiscard]] std::string devices_digest(const std::map<std::string, FencingRecord>& records);

}  // namespace bedplate
