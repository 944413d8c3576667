// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/execute.hpp"

#include <algorithm>
#include <format>
#include <thread>

#include "execute/carry_out.hpp"
#include "execute/failure_bundle.hpp"
#include "execute/handlers.hpp"
#include "execute/storage_state.hpp"

namespace bedplate {
namespace {

Json consent_json(const Consent& consent) {
    Json disks = Json::array();
    for (const DiskIdentity& disk : consent.disks) {
        disks.push_back(Json{
            {"wwn", disk.wwn}, {"serial", disk.serial}, {"model", disk.model}, {"by_path", disk.by_path}});
    }
    return Json{
        {"plan_digest", consent.plan_digest}, {"disks", std::move(disks)}, {"given_by", consent.given_by}};
}

// What earlier runs of this very plan completed, according to the journal in RAM.
std::set<std::string> completed_before(const FileSystem& files, const std::filesystem::path& path,
                                       const std::string& digest) {
    std::set<std::string> done;
    const auto journal = files.exists(path) ? read_journal(files, path)
                                            : Result<JournalDocument>(fail("journal.none", "there is none"));
    if (!journal) {
        return done;
    }
    for (const JournalRun& run : journal->runs) {
        // A run of another plan in between may have undone everything.
        if (run.plan_digest != digest) {
            done.clear();
            continue;
        }
        for (const JournalEntry& entry : run.entries) {
            if (run.completed(entry.action)) {
                done.insert(entry.action);
            }
        }
    }
    return done;
}

Error name_action(Error error, const Action& action) {
    std::string line = std::format("trying to {} (action {}", action.summary, action.id);
    if (action.device) {
        line += std::format(", disk with {}", action.device->to_text());
        if (!action.device->serial.empty() &&
            action.device->to_text().find(action.device->serial) == std::string::npos) {
            line += std::format(", serial {}", action.device->serial);
        }
    }
    error.context.push_back(line + ")");
    return error;
}

/// Carries out the actions one after the other.
class Executor {
public:
    explicit Executor(Run& run) : run_(run) {}

    Result<void> all() {
        for (const Action& action : run_.plan.actions) {
            if (auto done = one(action); !done) {
                return done;
            }
        }
        return {};
    }

private:
    Result<void> one(const Action& action) {
        run_.progress.begin(action);
        BEDPLATE_TRY(run_.journal.append(JournalEntry::Type::started, action.id));
        auto satisfied = carry_out(action);
        if (!satisfied) {
            return std::unexpected(name_action(std::move(satisfied).error(), action));
        }
        BEDPLATE_TRY(run_.journal.append(
            *satisfied ? JournalEntry::Type::satisfied : JournalEntry::Type::finished, action.id));
        run_.progress.finish(*satisfied);
        return {};
    }

    /// True: nothing had to be done.
    Result<bool> carry_out(const Action& action) {
        if (action.device && !verified_) {
            BEDPLATE_TRY(run_.disks.verify_all());
            verified_ = true;
        }
        return bedplate::carry_out(
            std::visit([&](const auto& kind) { return steps(kind, action, run_); }, action.kind), action.id);
    }

    Run& run_;
    bool verified_ = false;
};

template <typename Kind>
const Action* find_kind(const Plan& plan) {
    const auto found = std::ranges::find_if(
        plan.actions, [](const Action& action) { return std::holds_alternative<Kind>(action.kind); });
    return found == plan.actions.end() ? nullptr : &*found;
}

/// After a failure: leave the machine so that a second try finds nothing in its way. Failures in here are
/// noted and do not hide the first one.
class CleanUp {
public:
    explicit CleanUp(Run& run) : run_(run) {}

    void after(const Error& error) {
        run_.journal.close_mirror();
        unmount();
        deactivate();
        if (run_.storage_changed && !run_.bootable) {
            note("writing the failure bundle",
                 write_failure_bundle(run_.plan, error, run_.context, run_.disks, run_.work));
        }
    }

private:
    void note(std::string_view what, const Result<void>& result) {
        const std::string text = result
                                     ? std::format("clean-up: {}: done", what)
                                     : std::format("clean-up: {} failed: {}", what, result.error().message);
        run_.progress.note(text);
        // The journal may be what is failing; the event above says the same.
        static_cast<void>(run_.journal.append(JournalEntry::Type::note, "", text));
    }

    void unmount() {
        const Action* const action = find_kind<action::UnmountTarget>(run_.plan);
        const auto mounts = mounts_below_target(run_);
        if (action != nullptr && mounts && !mounts->empty()) {
            note("unmounting the target", run_.run_commands(*action));
        }
    }

    void deactivate() {
        const Action* const action = find_kind<action::CreateVolumeGroup>(run_.plan);
        if (action == nullptr || !run_.storage_changed) {
            return;
        }
        const auto& kind = std::get<action::CreateVolumeGroup>(action->kind);
        const auto volumes = logical_volumes(run_.context.commands, kind.device);
        const bool active = volumes && std::ranges::any_of(*volumes, [&](const LvState& volume) {
                                return volume.volume_group == kind.name && volume.active;
                            });
        if (active) {
            const auto done = run_checked(
                run_.context.commands,
                {.argv = {"vgchange", "--devices", kind.device, "--yes", "--activate", "n", kind.name}});
            note("switching off the volume group", done ? Result<void>() : std::unexpected(done.error()));
        }
    }

    Run& run_;
};

unsigned thread_count(unsigned wanted) {
    return wanted > 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

Result<void> execute(const Plan& plan, const Consent& consent, ExecuteContext& context) {
    BEDPLATE_ASSIGN(TargetDisks disks, TargetDisks::find(plan, consent, context));
    Progress progress(plan, context.events, context.clock);
    const std::string digest = plan.digest();
    auto done_before = completed_before(context.files, context.journal, digest);
    BEDPLATE_ASSIGN(const auto journal, Journal::begin(context.files, context.clock, context.journal, digest,
                                                       consent_json(consent)));
    Run run{.plan = plan,
            .context = context,
            .disks = std::move(disks),
            .progress = progress,
            .journal = *journal,
            .digest = digest,
            .work = context.journal.parent_path(),
            .threads = thread_count(context.threads),
            .payload_in_memory = {},
            .digests = {},
            .done_before = std::move(done_before),
            .esp_image = {}};
    if (auto done = Executor(run).all(); !done) {
        const Error& error = done.error();
        progress.fail(error);
        const std::string failed_action = progress.current_action();
        static_cast<void>(journal->append(JournalEntry::Type::failed, failed_action, {}, &error));
        CleanUp(run).after(error);
        return done;
    }
    progress.done(std::format("{} is installed", plan.hostname));
    return {};
}

}  // namespace bedplate
