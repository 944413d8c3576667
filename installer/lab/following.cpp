// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/following.hpp"

#include "base/text.hpp"
#include "engine/node_report.hpp"
#include "lab/node_shell.hpp"
#include "platform/time_scale.hpp"

namespace bedplate::lab {

namespace {

using Phase = Progress::Phase;
using std::chrono::seconds;

// A login costs seconds of a processor that is emulated: the node itself waits, and is asked seldom.
constexpr seconds one_wait{120}, between_questions{10};

}  // namespace

Following::Following(Platform& platform, Libvirt& libvirt, const Lab& lab)
    : platform_(platform), libvirt_(libvirt), lab_(lab) {
    for (const auto& node : lab.nodes) {
        watched_.push_back(
            {.node = &node, .console = ConsoleFollower(node.console), .answer = {}, .answered = {}});
    }
}

Result<CommandResult> Following::on_node(const LabNode& node, const std::string& command_line,
                                         const std::string& input) const {
    return run_on_node(platform_.commands, lab_, node, {.line = command_line, .input = Secret(input)});
}

/// An installation that ended well leaves the machine switched off; whatever else does is a failure.
Result<void> Following::power(Watched& watched) {
    BEDPLATE_ASSIGN(const auto state, libvirt_.state(lab_.domain(*watched.node)));
    if (state == Libvirt::State::running) {
        return {};
    }
    const auto& progress = watched.console.progress();
    if (progress.phase != Phase::installed) {
        return fail("lab.failed",
                    std::format("{} is {} ({})", watched.node->hostname, to_string(state), progress.text),
                    watched.node->console.string(), "read its console");
    }
    return libvirt_.start(lab_.domain(*watched.node));
}

void Following::ask(Watched& watched) {
    const auto now = platform_.clock.steady();
    if (watched.answer.valid()) {
        if (watched.answer.wait_for(seconds(0)) != std::future_status::ready) {
            return;
        }
        const auto answer = watched.answer.get();
        if (answer && answer->exit_status == 0) {
            watched.console.set_ready();
        }
        watched.answered = now;
        return;
    }
    if (watched.console.progress().phase == Phase::first_boot &&
        now >= watched.answered + between_questions) {
        watched.answer = std::async(std::launch::async, [this, &watched] {
            return run_on_node(
                platform_.commands, lab_, *watched.node,
                {.line = std::format("bedplate node status --wait-ready {}s", one_wait.count()),
                 .timeout = 2 * one_wait});
        });
    }
}

/// When the first node is ready. Of emulated nodes that join at once each keeps the others from answering in
/// time: the next one joins when the one before has come to its OSDs.
bool Following::may_join(const Watched& watched) const {
    if (watched.has_ticket || watched.node->creates ||
        watched.console.progress().phase != Phase::first_boot) {
        return false;
    }
    for (const auto& one : watched_) {
        const bool ready = one.console.progress().phase == Phase::ready;
        if (one.node->creates ? !ready : lab_.emulator == "qemu" && one.has_ticket && !one.at_osds && !ready) {
            return false;
        }
    }
    return true;
}

Result<void> Following::give_ticket(Watched& watched) {
    const auto first = std::ranges::find_if(watched_, [](const Watched& one) { return one.node->creates; });
    if (first == watched_.end() || !may_join(watched)) {
        return {};
    }
    if (ticket_.empty()) {
        BEDPLATE_ASSIGN(const auto made,
                        on_node(*first->node, std::format("bedplate ticket create --ttl 24h --uses {}",
                                                          watched_.size() - 1)));
        if (made.exit_status != 0) {
            return fail("lab.ticket", "no ticket was made: " + made.err, first->node->hostname);
        }
        ticket_ = made.out;
    }
    // It is asked again in a second: a node that does not answer now will later.
    const auto put = on_node(*watched.node, "umask 077; cat > /etc/bedplate/join-ticket", ticket_);
    watched.has_ticket = put && put->exit_status == 0;
    return {};
}

std::vector<Progress> Following::progress() const {
    std::vector<Progress> all;
    for (const auto& watched : watched_) {
        all.push_back(watched.console.progress());
    }
    return all;
}

Result<void> Following::until_ready(std::chrono::minutes patience, const View& view) {
    const auto deadline = platform_.clock.steady() + scaled(patience);
    for (;;) {
        for (auto& watched : watched_) {
            if (watched.console.progress().phase == Phase::ready) {
                continue;
            }
            const auto& said = watched.console.poll();
            watched.at_osds = watched.at_osds || said.text.contains(osd_step_summary);
            if (said.phase == Phase::failed) {
                return fail("lab.failed",
                            std::format("the installation of {} failed: {}", watched.node->hostname, said.text),
                            watched.node->console.string(), "read its console");
            }
            BEDPLATE_TRY(power(watched));
            BEDPLATE_TRY(give_ticket(watched));
            ask(watched);
        }
        const auto now = progress();
        view(now);
        if (std::ranges::all_of(now, [](const Progress& one) { return one.phase == Phase::ready; })) {
            return {};
        }
        if (platform_.clock.steady() >= deadline) {
            return fail("lab.late",
                        std::format("not all nodes were ready within {} minutes", patience.count()),
                        lab_.folder.string(), std::format("bedplate lab status --name {}", lab_.name));
        }
        platform_.clock.sleep(seconds(1));
    }
}

Result<std::vector<NodeState>> Following::look() {
    std::vector<std::future<Result<CommandResult>>> answers;
    for (auto& watched : watched_) {
        watched.console.poll();
        answers.push_back(std::async(std::launch::async, [this, &watched] {
            return on_node(*watched.node, "bedplate node status --json");
        }));
    }
    std::vector<NodeState> states;
    for (std::size_t i = 0; i < watched_.size(); ++i) {
        BEDPLATE_ASSIGN(const auto machine, libvirt_.state(lab_.domain(*watched_[i].node)));
        const auto answer = answers[i].get();
        Json report;
        if (answer) {
            if (auto parsed = parse_json(answer->out, watched_[i].node->hostname)) {
                report = *std::move(parsed);
            }
            if (answer->exit_status == 0) {
                watched_[i].console.set_ready();
            }
        }
        states.push_back(
            {.machine = machine, .progress = watched_[i].console.progress(), .report = std::move(report)});
    }
    return states;
}

Result<std::vector<NodeState>> status(Platform& platform, const Lab& lab) {
    BEDPLATE_ASSIGN(auto libvirt, Libvirt::connect());
    return Following(platform, libvirt, lab).look();
}

}  // namespace bedplate::lab
