// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/runner.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <format>

#include "base/digest.hpp"
#include "execute/journal.hpp"

namespace bedplate::firstboot {

namespace {

/// Which steps there are: what the journal's first line names, as an installation names its plan.
std::string digest_of(const std::vector<Step>& steps) {
    std::string text;
    for (const auto& step : steps) {
        text += step.id + "\n";
    }
    return sha256_hex(text);
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

}  // namespace

void fail_point(Platform& platform, const std::string& step, std::string_view point) {
    const std::string wanted = environment("BEDPLATE_FAILPOINT");
    if (wanted.empty()) {
        return;
    }
    const std::string here = std::format("{}:{}", step, point);
    if (wanted == here) {
        std::raise(SIGKILL);
    }
    const std::filesystem::path folder = environment("BEDPLATE_FAILPOINT_DIR");
    if (wanted == std::format("*:{}", point) && !folder.empty() && !platform.files.exists(folder / here)) {
        static_cast<void>(platform.files.write(folder / here, ""));  // else it would never end
        std::raise(SIGKILL);
    }
}

std::chrono::milliseconds Runner::pause_after(unsigned tries) const {
    auto pause = options_.first_pause;
    for (unsigned i = 1; i < tries && pause < options_.longest_pause; ++i) {
        pause *= 2;
    }
    return std::min(pause, options_.longest_pause);
}

Result<void> Runner::write_report(const std::vector<Step>& steps, std::size_t index, const Error* error,
                                  unsigned tries, bool parked) {
    NodeReport report = header_;
    report.state = parked ? NodeReport::State::failed : NodeReport::State::joining;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const std::string detail = i < index   ? "done"
                                   : i > index ? "waits"
                                   : error == nullptr
                                       ? "running"
                                       : std::format("try {} failed: {}", tries, error->message);
        report.checks.push_back({.id = "step." + steps[i].id, .ok = i < index, .detail = detail});
    }
    if (error != nullptr) {
        report.failed_action = steps[index].id;
        report.error = error->to_text();
        if (!error->hint.empty()) {
            report.next_steps.push_back(error->hint);
        }
    }
    if (parked) {
        report.next_steps.push_back(
            std::format("nothing more has to be done than to mend this: it is tried again every {} s",
                        options_.parked_pause.count()));
    }
    return platform_.files.write(options_.report, to_json(report).dump(2) + "\n");
}

Result<void> Runner::one(const std::vector<Step>& steps, std::size_t index) {
    const Step& step = steps[index];
    std::string last_message;
    for (unsigned tries = 1;; ++tries) {
        fail_point(platform_, step.id, "before");
        BEDPLATE_TRY(journal_->append(JournalEntry::Type::started, step.id));
        Steps observed = step.steps;
        observed.apply = [&]() -> Result<void> {
            options_.say(std::format("{:<10} {}", step.stage, step.summary));
            BEDPLATE_TRY(write_report(steps, index, nullptr, tries, false));
            BEDPLATE_TRY(step.steps.apply());
            fail_point(platform_, step.id, "applied");
            return {};
        };
        const auto done = carry_out(observed, step.id);
        if (done) {
            BEDPLATE_TRY(journal_->append(
                *done ? JournalEntry::Type::satisfied : JournalEntry::Type::finished, step.id));
            fail_point(platform_, step.id, "done");
            return {};
        }
        const bool parked = tries >= options_.tries || done.error().kind == ErrorKind::refused;
        // A parked node would otherwise fill its disk with the same line.
        if (done.error().message != last_message) {
            last_message = done.error().message;
            BEDPLATE_TRY(journal_->append(JournalEntry::Type::failed, step.id, {}, &done.error()));
            options_.say(std::format("{:<10} {} failed: {}", step.stage, step.id, done.error().to_text()));
        }
        BEDPLATE_TRY(write_report(steps, index, &done.error(), tries, parked));
        if (parked && options_.parked_tries > 0 && tries >= options_.tries + options_.parked_tries) {
            return std::unexpected(done.error());
        }
        platform_.clock.sleep(parked ? std::chrono::milliseconds(options_.parked_pause) : pause_after(tries));
    }
}

Result<void> Runner::run(const std::vector<Step>& steps) {
    BEDPLATE_ASSIGN(const auto journal,
                    Journal::begin(platform_.files, platform_.clock, options_.journal, digest_of(steps),
                                   Json{{"given_by", "the installed node's own plan"},
                                        {"plan_digest", header_.plan_digest}}));
    journal_ = journal.get();
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (auto done = one(steps, i); !done) {
            journal_ = nullptr;
            return done;
        }
    }
    journal_ = nullptr;
    return {};
}

}  // namespace bedplate::firstboot
