// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/drill_verbs.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "base/foreign_text.hpp"
#include "base/text.hpp"
#include "lab/control.hpp"
#include "lab/drill_run.hpp"
#include "lab/guest_image.hpp"
#include "lab/pulse_machine.hpp"

namespace bedplate::lab {

namespace {

namespace fs = std::filesystem;

std::atomic<bool> ended = false;

/// The first Ctrl-C ends the drill when all is healed. A second one ends the program at once; what is left to
/// heal is on disk.
void end_drill(int /*signal*/) {
    ended = true;
}

void handle_signals() {
    struct sigaction action{};
    action.sa_handler = end_drill;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        ::sigaction(signal, &action, nullptr);
    }
}

std::size_t terminal_width() {
    winsize size{};
    const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col - 1U : 100;
}

std::vector<std::string> drill_names() {
    std::vector<std::string> names;
    for (const auto kind : all_drills) {
        names.emplace_back(to_string(kind));
    }
    return names;
}

void say(const std::string& line) {
    std::cerr << line << std::endl;
}

}  // namespace

fs::path DrillVerbs::place() const {
    return folder_.empty() ? fs::path(lab_folder) / name_ : fs::absolute(folder_);
}

void DrillVerbs::add_to(CLI::App& app) {
    drill_ = app.add_subcommand("drill",
                                "Break something, and measure how the cluster and its machines come back");
    drill_->add_option("DRILL", kind_, "Which")->check(CLI::IsMember(drill_names()));
    drill_->add_option("--rounds", rounds_, "How often (1 to 100)")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    drill_->add_option("--seed", seed_, "What is hit, and when; the same again with the same number")
        ->capture_default_str();
    drill_->add_option("--json", json_, "Write the report there, after each round");
    drill_->add_flag("--keep", keep_, "Leave the machine that is watched for the next drill");
    drill_->add_flag("--heal", heal_, "Only undo what an earlier drill left");
    report_ = app.add_subcommand("drill-report", "A table of drills' reports, and a picture of each");
    report_->add_option("REPORT", reports_, "Files that --json wrote")->required()->check(CLI::ExistingFile);
    report_->add_option("--svg", svg_, "Folder for drill-NAME.svg");
    guest_ = app.add_subcommand("guest", "Write the disk image of the machine that drills watch");
    guest_->add_option("--iso", iso_, "Image that its kernel comes from (else: the lab's medium)");
    guest_->add_option("--output", output_, "The raw disk image to write")->required();
    guest_->add_option("--address", address_,
                       "Its address, with prefix (else: the 200th of the lab's network)");
    guest_->add_option("--collector", collector_, "Who hears it, address:port (else: the lab's gateway)");
    for (auto* verb : {drill_, guest_}) {
        verb->add_option("--name", name_, "Of the lab")->capture_default_str();
        verb->add_option("--folder", folder_,
                         "Where it is kept (else: below " + std::string(lab_folder) + ")");
    }
}

std::optional<Result<int>> DrillVerbs::run(Platform& platform) {
    if (drill_->parsed()) {
        return drill(platform);
    }
    if (report_->parsed()) {
        return report(platform);
    }
    return guest_->parsed() ? std::optional(guest(platform)) : std::nullopt;
}

Result<int> DrillVerbs::drill(Platform& platform) const {
    BEDPLATE_ASSIGN(const auto lab, read_lab(platform.files, place()));
    if (heal_) {
        BEDPLATE_TRY(heal_lab(platform, lab, say));
        std::cout << "nothing is left to heal\n";
        return 0;
    }
    const auto kind = parse_drill(kind_);
    if (!kind) {
        return fail("drill.which", "which drill?", {}, "there are " + join(drill_names(), ", "));
    }
    BEDPLATE_ASSIGN(const auto program, pulse_program());
    handle_signals();
    Result<void> written;
    const auto show = [&](const DrillReport& report, const DrillRound& round) {
        std::cout << chart(report, round, terminal_width()) << std::flush;
        if (!json_.empty()) {
            written = platform.files.write(json_, pretty(to_json(report)) + "\n");
        }
    };
    BEDPLATE_ASSIGN(const auto report, run_drill(platform, lab,
                                                 {.kind = *kind,
                                                  .rounds = rounds_,
                                                  .seed = seed_,
                                                  .keep = keep_,
                                                  .program = program,
                                                  .say = say,
                                                  .show = show,
                                                  .ended = &ended}));
    BEDPLATE_TRY(written);
    const bool good =
        std::ranges::all_of(report.rounds, [](const auto& one) { return one.failures().empty(); });
    return good ? 0 : exit_status(ErrorKind::failed);
}

Result<int> DrillVerbs::report(Platform& platform) const {
    std::vector<DrillReport> reports;
    for (const auto& path : reports_) {
        BEDPLATE_ASSIGN(const auto text, platform.files.read(path));
        BEDPLATE_ASSIGN(const auto json, parse_json(text, path.string()));
        BEDPLATE_ASSIGN(auto one, drill_report_from_json(json, path.string()));
        if (!svg_.empty()) {
            BEDPLATE_TRY(platform.files.write(svg_ / std::format("drill-{}.svg", to_string(one.kind)),
                                              chart_svg(one)));
        }
        reports.push_back(std::move(one));
    }
    std::cout << markdown_table(reports);
    return 0;
}

Result<int> DrillVerbs::guest(Platform& platform) const {
    auto settings =
        pulse::parse_settings(std::format("pulse.address={} pulse.collector={}", address_, collector_));
    auto medium = iso_;
    if (!settings || medium.empty()) {
        BEDPLATE_ASSIGN(const auto lab, read_lab(platform.files, place()));
        medium = medium.empty() ? lab.medium() : medium;
        if (!settings && (!address_.empty() || !collector_.empty())) {
            return fail("guest.settings",
                        "--address ADDRESS/PREFIX and --collector ADDRESS:PORT go together");
        }
        if (!settings) {
            BEDPLATE_ASSIGN(settings, pulse_settings(lab));
        }
    }
    BEDPLATE_ASSIGN(const auto program, pulse_program());
    BEDPLATE_TRY(make_guest(
        platform.commands,
        {.medium = medium, .program = program, .settings = *settings, .scratch = output_.string() + ".parts"},
        output_));
    return 0;
}

}  // namespace bedplate::lab
