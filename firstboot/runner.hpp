// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engine/node_report.hpp"
#include "execute/carry_out.hpp"
#include "platform/platform.hpp"

namespace bedplate {
class Journal;
}

namespace bedplate::firstboot {

/// One step of the first boot: the same observe, apply, verify as an action of an installation.
struct Step {
    std::string id;       ///< "create.ca": stable, stands in the journal and in fail points
    std::string stage;    ///< network, time, join, create, ceph, virt, ha, logs, edge, monitoring
    std::string summary;  ///< one line of English
    Steps steps;
};

struct RunnerOptions {
    std::filesystem::path journal = "/var/lib/bedplate/firstboot.jsonl";
    std::filesystem::path report = node_report_path;
    unsigned tries = 5;                           ///< of one step before the node parks
    std::chrono::milliseconds first_pause{2000};  ///< doubled after each try
    std::chrono::milliseconds longest_pause{30000};
    std::chrono::seconds parked_pause{60};  ///< between tries of a parked node
    unsigned parked_tries = 0;              ///< 0: for ever
    /// A line for whoever watches the console.
    std::function<void(const std::string&)> say = [](const std::string&) {};
};

/// Carries steps out in their order. A step that fails is tried again a bounded number of times; then the
/// node parks: its report says what failed and what to do, and the step is tried again at a slow pace until
/// it succeeds. Every start begins with the first step, and what holds already is only looked at: so a run
/// that was cut off anywhere is taken up by starting it again. Refusals (ErrorKind::refused) park at once:
/// another try in two seconds would be refused as well.
class Runner {
public:
    /// `header` is the report without checks: who the node is.
    Runner(Platform& platform, RunnerOptions options, NodeReport header)
        : platform_(platform), options_(std::move(options)), header_(std::move(header)) {}

    /// Errors: file.write (journal or report), and the last step's own where parked_tries ran out.
    [[nodiscard]] Result<void> run(const std::vector<Step>& steps);

private:
    [[nodiscard]] Result<void> one(const std::vector<Step>& steps, std::size_t index);
    [[nodiscard]] Result<void> write_report(const std::vector<Step>& steps, std::size_t index,
                                            const Error* error, unsigned tries, bool parked);
    [[nodiscard]] std::chrono::milliseconds pause_after(unsigned tries) const;

    Platform& platform_;
    RunnerOptions options_;
    NodeReport header_;
    bedplate::Journal* journal_ = nullptr;
};

/// For tests: the process kills itself (SIGKILL) where BEDPLATE_FAILPOINT says so. "create.ca:applied" does
/// it each time that point is reached; "*:applied" once at each step, which is remembered in the folder
/// BEDPLATE_FAILPOINT_DIR. Points are `before`, `applied` (the change is made, nothing is journaled) and
/// `done`.
void fail_point(Platform& platform, const std::string& step, std::string_view point);

}  // namespace bedplate::firstboot
