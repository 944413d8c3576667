// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/execute.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <format>
#include <thread>

#include "execute/action_disks.hpp"
#include "execute/cancel.hpp"
#include "execute/clean_up.hpp"
#include "execute/command_log.hpp"
#include "execute/disk_watch.hpp"
#include "execute/executor.hpp"
#include "platform/time_scale.hpp"

namespace bedplate {
namespace {

std::atomic<unsigned> abandoned_threads = 0;

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

unsigned thread_count(unsigned wanted) {
    return wanted > 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
}

/// Everything of one run, kept alive as long as any thread works on it: the plan and the context are copies,
/// what the context refers to is the caller's.
struct Execution {
    Execution(const Plan& given_plan, const ExecuteContext& given_context)
        : plan(given_plan),
          digest(plan.digest()),
          log(given_context.commands, given_context.files, given_context.clock, command_log(given_context)),
          commands(log, token),
          blocks(given_context.blocks, token),
          context{.commands = commands,
                  .files = given_context.files,
                  .blocks = blocks,
                  .clock = given_context.clock,
                  .events = given_context.events,
                  .payload = given_context.payload,
                  .manifest = given_context.manifest,
                  .inventory = given_context.inventory,
                  .root_password_hash = given_context.root_password_hash,
                  .disk_passphrase = given_context.disk_passphrase,
                  .join_ticket = given_context.join_ticket,
                  .node_secrets = given_context.node_secrets,
                  .target = given_context.target,
                  .journal = given_context.journal,
                  .threads = given_context.threads,
                  .parallel = given_context.parallel,
                  .hang_limit = given_context.hang_limit} {}

    Plan plan;
    std::string digest;
    CancelToken token;
    CommandLog log;
    CancelableCommands commands;
    CancelableBlocks blocks;
    ExecuteContext context;
    std::optional<TargetDisks> disks;
    std::unique_ptr<Progress> progress;
    std::unique_ptr<Journal> journal;
    std::optional<RunRecorder> recorder;
    std::unique_ptr<Run> run;
    std::unique_ptr<Executor> executor;
};

Result<std::shared_ptr<Execution>> begin(const Plan& plan, const Consent& consent,
                                         const ExecuteContext& context) {
    auto execution = std::make_shared<Execution>(plan, context);
    BEDPLATE_ASSIGN(execution->disks, TargetDisks::find(execution->plan, consent, execution->context));
    execution->progress =
        std::make_unique<Progress>(execution->plan, execution->context.events, execution->context.clock);
    auto done_before = completed_before(context.files, context.journal, execution->digest);
    BEDPLATE_ASSIGN(execution->journal, Journal::begin(context.files, context.clock, context.journal,
                                                       execution->digest, consent_json(consent)));
    execution->recorder.emplace(execution->plan, execution->digest, *execution->disks);
    execution->run.reset(new Run{.plan = execution->plan,
                                 .context = execution->context,
                                 .disks = *execution->disks,
                                 .progress = *execution->progress,
                                 .journal = *execution->journal,
                                 .recorder = *execution->recorder,
                                 .digest = execution->digest,
                                 .work = context.journal.parent_path(),
                                 .threads = thread_count(context.threads),
                                 .payload_in_memory = {},
                                 .digests = {},
                                 .done_before = std::move(done_before),
                                 .esp_images = {}});
    constexpr std::size_t most_disks_at_a_time = 32;
    execution->executor = std::make_unique<Executor>(
        *execution->run, context.parallel > 0 ? context.parallel : most_disks_at_a_time);
    return execution;
}

/// How the work ended: with a result, or because a disk does not answer.
struct Outcome {
    std::optional<Result<void>> result;
    const Disk* hung = nullptr;
};

/// Does the work on a thread of its own and watches the disks meanwhile. A thread that is stuck in the kernel
/// cannot be ended: it is left behind, and what it works on with it.
class Supervisor {
public:
    explicit Supervisor(std::shared_ptr<Execution> execution) : execution_(std::move(execution)) {}

    Outcome run() {
        std::thread worker([state = state_, execution = execution_] {
            auto result = execution->executor->all([&] { return execution->token.cancelled(); });
            const std::scoped_lock lock(state->mutex);
            state->result = std::move(result);
            state->ended.notify_one();
            if (state->abandoned) {
                --abandoned_threads;
            }
        });
        Outcome outcome = wait();
        if (outcome.result) {
            worker.join();
        } else {
            worker.detach();
        }
        return outcome;
    }

private:
    struct State {
        std::mutex mutex;
        std::condition_variable ended;
        std::optional<Result<void>> result;
        bool abandoned = false;
    };

    std::vector<DiskWatch::Subject> subjects() const {
        std::vector<DiskWatch::Subject> subjects;
        for (const auto& [identity, disk] : execution_->disks->all()) {
            subjects.push_back({.disk = disk, .system = execution_->recorder->is_on(identity)});
        }
        return subjects;
    }

    Outcome wait() {
        const std::chrono::milliseconds limit = execution_->context.hang_limit.count() > 0
                                                    ? execution_->context.hang_limit
                                                    : scaled(std::chrono::seconds{30});
        const auto interval = std::min<std::chrono::milliseconds>(limit / 8, std::chrono::seconds{1});
        // A disk in use that ends not even two requests a second is as good as one that ends none.
        const auto window = limit + limit / 3;
        DiskWatch watch(
            execution_->context.files, subjects(),
            {.silent = limit,
             .slow = window,
             .requests =
                 static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(window).count()) * 2});
        std::unique_lock lock(state_->mutex);
        while (!state_->ended.wait_for(lock, interval, [&] { return state_->result.has_value(); })) {
            if (const Disk* hung =
                    watch.hung(std::chrono::steady_clock::now(), execution_->run->flushing > 0)) {
                return give_up(lock, hung);
            }
        }
        return {.result = std::move(state_->result), .hung = nullptr};
    }

    // Whoever waits for something that can be cancelled gets the time to notice.
    Outcome give_up(std::unique_lock<std::mutex>& lock, const Disk* hung) {
        execution_->token.cancel();
        constexpr std::chrono::seconds grace{2};
        if (state_->ended.wait_for(lock, grace, [&] { return state_->result.has_value(); })) {
            return {.result = std::move(state_->result), .hung = hung};
        }
        state_->abandoned = true;
        ++abandoned_threads;
        return {.result = std::nullopt, .hung = hung};
    }

    std::shared_ptr<Execution> execution_;
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

bool on_disk(const Action& action, const Disk& disk, const Inventory& inventory) {
    return std::ranges::any_of(disks_of(action), [&](const DiskIdentity& identity) {
        const auto found = find_disk(identity, inventory);
        return found && *found == &disk;
    });
}

/// What was going on at the disk, and with which commands.
Error hang_error(const Execution& execution, const Disk& disk, const Action*& action) {
    Error error{.kind = ErrorKind::failed,
                .code = "disk.hung",
                .message = std::format("the disk with serial {} ({}) does not answer: it was given work and "
                                       "does not end it",
                                       disk.serial, disk.path),
                .where = std::format("disk {}, bay {}", disk.serial, disk.by_path),
                .hint =
                    "the disk, its slot or its controller hangs: see dmesg; switch the machine off and on, "
                    "and replace the disk if it happens again",
                .context = {}};
    for (const std::string& command : execution.commands.running()) {
        error.context.push_back("while running: " + command);
    }
    for (const Action* running : execution.progress->running()) {
        if (action == nullptr || on_disk(*running, disk, execution.context.inventory)) {
            action = running;
        }
    }
    return action == nullptr ? error : name_action(std::move(error), *action, execution.context.inventory);
}

Result<void> after_hang(Execution& execution, const Disk& disk, const ExecuteContext& context) {
    const Action* action = nullptr;
    const Error error = hang_error(execution, disk, action);
    execution.progress->fail(error, action);
    // The journal's own handle may be held by the thread that is stuck.
    static_cast<void>(Journal::append_to(context.files, context.clock, context.journal,
                                         JournalEntry::Type::failed, action == nullptr ? "" : action->id,
                                         error));
    CleanUp(*execution.run, &disk).after(error);
    return std::unexpected(error);
}

}  // namespace

std::filesystem::path command_log(const ExecuteContext& context) {
    return context.journal.parent_path() / "commands.jsonl";
}

unsigned abandoned_work() {
    return abandoned_threads;
}

Result<void> execute(const Plan& plan, const Consent& consent, ExecuteContext& context) {
    BEDPLATE_ASSIGN(const auto execution, begin(plan, consent, context));
    Outcome outcome = Supervisor(execution).run();
    if (outcome.hung != nullptr) {
        return after_hang(*execution, *outcome.hung, context);
    }
    if (!*outcome.result) {
        const Error& error = outcome.result->error();
        const Action* const failed = execution->executor->failed();
        execution->progress->fail(error, failed);
        static_cast<void>(execution->journal->append(JournalEntry::Type::failed,
                                                     failed == nullptr ? "" : failed->id, {}, &error));
        CleanUp(*execution->run, nullptr).after(error);
        return *outcome.result;
    }
    execution->progress->done(std::format("{} is installed", plan.hostname));
    return {};
}

}  // namespace bedplate
