// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/manifest.hpp"
#include "base/secret.hpp"
#include "execute/events.hpp"
#include "inventory/inventory.hpp"
#include "plan/plan.hpp"
#include "platform/block_devices.hpp"
#include "platform/clock.hpp"
#include "platform/command_runner.hpp"
#include "platform/file_system.hpp"

namespace bedplate {

/// Permission to carry out one plan: without it the executor refuses. Disks are named as the plan names them.
struct Consent {
    std::string plan_digest;
    std::vector<DiskIdentity> disks;  ///< that may be written to
    std::string given_by;             ///< "site file site.yaml", "screen"
};

/// Where payload chunks come from. Implementations: a file on the medium, memory, HTTP ranges.
class PayloadSource {
public:
    PayloadSource() = default;
    PayloadSource(const PayloadSource&) = delete;
    PayloadSource& operator=(const PayloadSource&) = delete;
    virtual ~PayloadSource() = default;
    /// The bytes [offset, offset+size) of the payload file. Thread-safe. Errors: payload.read.
    [[nodiscard]] virtual Result<std::vector<std::byte>> read(Bytes offset, Bytes size) = 0;
    [[nodiscard]] virtual std::string name() const = 0;
};

[[nodiscard]] Result<std::unique_ptr<PayloadSource>> open_payload_file(const std::filesystem::path& path);

/// Everything that carrying out a plan needs from outside.
struct ExecuteContext {
    CommandRunner& commands;
    FileSystem& files;
    BlockDevices& blocks;
    Clock& clock;
    EventSink& events;
    PayloadSource& payload;
    const Manifest& manifest;
    /// The machine as it is now; disks of the plan are found in it by identity.
    const Inventory& inventory;
    std::optional<Secret> root_password_hash;
    std::optional<Secret> disk_passphrase = {};  ///< for an encrypted system that a passphrase opens
    std::optional<Secret> join_ticket = {};      ///< for a node that joins; none: it waits for one
    /// What the node gets of the secrets document, as its files' texts by path; a file without is not
    /// written.
    std::map<std::string, Secret> node_secrets = {};
    std::filesystem::path target = "/target";
    std::filesystem::path journal = "/run/bedplate/journal.jsonl";
    unsigned threads = 0;  ///< for decoding; 0: one per core
    unsigned parallel =
        0;  ///< how many actions on different disks may go on at a time; 0: as many as there are
    std::chrono::milliseconds
        hang_limit{};  ///< for a disk with work to do; 0: 30 s, stretched by the time scale
};

/// Where every command of an execute() is written down (execute/command_log.hpp): beside its journal.
[[nodiscard]] std::filesystem::path command_log(const ExecuteContext& context);

/// Carry the plan out. Every action is observed first: satisfied ones are skipped, conflicts end the run.
/// Stops at the first failure; then the clean-up actions run (unmount, journal copy), and none of their
/// errors hides the first. Errors: consent.missing, consent.other-plan, disk.gone, disk.changed, disk.hung (a
/// disk that was given work and does not end it), and those of the actions, each with action id, the disk's
/// serial number and bay, and the command.
[[nodiscard]] Result<void> execute(const Plan& plan, const Consent& consent, ExecuteContext& context);

/// How many threads an execute() had to leave behind because they are stuck on a disk. What the context of
/// that execute() refers to must stay until the program ends, and a program that ends must do so without
/// destroying anything (std::_Exit).
[[nodiscard]] unsigned abandoned_work();

}  // namespace bedplate
