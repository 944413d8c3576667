// SPDX-License-Identifier: GPL-3.0-or-later
// bedplate-lab: `bedplate lab ...`.
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "base/foreign_text.hpp"
#include "base/text.hpp"
#include "lab/control.hpp"
#include "lab/drill_verbs.hpp"
#include "platform/linux/linux.hpp"

namespace {

using namespace bedplate;
namespace fs = std::filesystem;

struct Options {
    lab::UpOptions up;
    std::string name = "lab", folder, emulator = "auto", memory = "3GiB", profiles, node;
    unsigned minutes = 90;
    std::vector<std::string> command;
    bool json = false;

    [[nodiscard]] fs::path place() const {
        return folder.empty() ? fs::path(lab::lab_folder) / name : fs::absolute(folder);
    }
};

/// On a terminal the same lines over and over, with the time since the start; else a line when a node comes
/// to something new.
class Screen {
public:
    explicit Screen(std::vector<std::string> hostnames) : hostnames_(std::move(hostnames)) {}

    void show(const std::vector<lab::Progress>& nodes) {
        return terminal_ ? redraw(nodes) : print_news(nodes);
    }

private:
    [[nodiscard]] std::string elapsed() const {
        const auto seconds =
            std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began_);
        return std::format("{:>3}:{:02}", seconds.count() / 60, seconds.count() % 60);
    }

    void redraw(const std::vector<lab::Progress>& nodes) {
        winsize size{};
        const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
        const std::size_t width = known ? size.ws_col - 1U : 79;
        if (!before_.empty()) {
            std::cerr << "\x1b[" << nodes.size() + 1 << "A";
        }
        std::cerr << "\x1b[2K" << elapsed() << " since the start\n";
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            std::cerr << "\x1b[2K" << lab::to_line(hostnames_[i], nodes[i], width) << "\n";
        }
        before_ = nodes;
    }

    void print_news(const std::vector<lab::Progress>& nodes) {
        before_.resize(nodes.size());
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            const auto& now = nodes[i];
            const bool further = now.percent / 10 != before_[i].percent / 10;
            const bool other = now.phase != before_[i].phase || now.stage != before_[i].stage;
            const bool step = now.phase == lab::Progress::Phase::first_boot && now.text != before_[i].text;
            if (further || other || step) {
                constexpr std::size_t width = 120;
                std::cerr << elapsed() << "  " << lab::to_line(hostnames_[i], now, width) << std::endl;
                before_[i] = now;
            }
        }
    }

    std::vector<std::string> hostnames_;
    std::vector<lab::Progress> before_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    bool terminal_ = ::isatty(STDERR_FILENO) == 1;
};

Result<int> up(Platform& platform, Options& options) {
    options.up.folder = options.place();
    options.up.wish.name = options.name;
    BEDPLATE_ASSIGN(options.up.wish.memory, parse_bytes(options.memory));
    options.up.patience = std::chrono::minutes(options.minutes);
    options.up.wish.emulator = options.emulator;
    options.up.profile_places = {options.profiles.empty() ? std::string("/usr/share/bedplate/profiles")
                                                          : options.profiles};
    if (options.up.iso.empty()) {
        return refuse("lab.image", "no image was given, and none was built here", "out/",
                      "make iso, or --iso FILE");
    }
    std::error_code error;
    options.up.program = fs::read_symlink("/proc/self/exe", error);
    std::optional<Screen> screen;
    BEDPLATE_ASSIGN(
        const auto made, lab::up(platform, options.up, [&](const std::vector<lab::Progress>& nodes) {
            if (!screen) {
                const auto described = lab::read_lab(platform.files, options.up.folder);
                std::vector<std::string> names;
                for (const auto& node : described ? described->nodes : std::vector<lab::LabNode>()) {
                    names.push_back(node.hostname);
                }
                screen.emplace(std::move(names));
            }
            screen->show(nodes);
        }));
    if (options.json) {
        std::cout << pretty(to_json(made)) << "\n";
    } else {
        std::cout << std::format("{} nodes are ready: bedplate lab ssh {} --name {}\n", made.nodes.size(),
                                 made.nodes.front().hostname, made.name);
    }
    return 0;
}

Result<int> status(Platform& platform, const Options& options) {
    BEDPLATE_ASSIGN(const auto made, lab::read_lab(platform.files, options.place()));
    BEDPLATE_ASSIGN(const auto states, lab::status(platform, made));
    Json nodes = Json::array();
    bool ready = true;
    for (std::size_t i = 0; i < states.size(); ++i) {
        const auto& state = states[i];
        ready = ready && state.progress.phase == lab::Progress::Phase::ready;
        nodes.push_back({{"hostname", made.nodes[i].hostname},
                         {"machine", to_string(state.machine)},
                         {"phase", to_string(state.progress.phase)},
                         {"stage", state.progress.stage},
                         {"text", state.progress.text},
                         {"report", state.report}});
        if (!options.json) {
            constexpr std::size_t width = 120;
            std::cout << std::format("{:<8} ", to_string(state.machine))
                      << lab::to_line(made.nodes[i].hostname, state.progress, width) << "\n";
        }
    }
    if (options.json) {
        std::cout << pretty({{"schema", "bedplate/lab-status/v1"}, {"name", made.name}, {"nodes", nodes}})
                  << "\n";
    }
    return ready ? 0 : exit_status(ErrorKind::failed);
}

/// Returns only if ssh cannot be started.
Result<int> ssh(Platform& platform, const Options& options) {
    BEDPLATE_ASSIGN(const auto made, lab::read_lab(platform.files, options.place()));
    const auto node = std::ranges::find(made.nodes, options.node, &lab::LabNode::hostname);
    if (node == made.nodes.end()) {
        std::vector<std::string> names;
        for (const auto& one : made.nodes) {
            names.push_back(one.hostname);
        }
        return fail("lab.node", std::format("the lab has no node {}", options.node), {},
                    "there are " + join(names, ", "));
    }
    auto argv = lab::ssh_command(made, *node);
    argv.insert(argv.end(), options.command.begin(), options.command.end());
    std::vector<char*> words;
    for (auto& word : argv) {
        words.push_back(word.data());
    }
    words.push_back(nullptr);
    ::execvp(words.front(), words.data());
    return fail("lab.ssh", "cannot start ssh", argv.front(), "it is in the package openssh-client");
}

Result<int> down(Platform& platform, const Options& options) {
    BEDPLATE_ASSIGN(const auto made, lab::read_lab(platform.files, options.place()));
    BEDPLATE_TRY(lab::down(platform, made));
    std::cout << std::format("the lab {} is gone\n", made.name);
    return 0;
}

Result<int> chassis(Platform& platform, const Options& options) {
    BEDPLATE_ASSIGN(const auto made, lab::read_lab(platform.files, options.place()));
    BEDPLATE_ASSIGN(const auto answer, lab::chassis(made, options.node, options.command));
    std::cout << answer;
    return 0;
}

void add_up(CLI::App& verb, Options& options) {
    verb.add_option("--nodes", options.up.wish.nodes, "How many (1 to 16)")->capture_default_str();
    verb.add_option("--iso", options.up.iso, "The image (else: the one that was built in out/)");
    auto* site = verb.add_option("--site", options.up.site, "Site document (else: one is made)");
    verb.add_option("--profile", options.up.profile, "Profile of the nodes (else: lab-vm)")->excludes(site);
    verb.add_option("--alerts", options.up.wish.alerts,
                    "Address that alerts are posted to (tests/lab/webhook.py listens at one)")
        ->excludes(site);
    verb.add_option("--profiles", options.profiles, "Directory of profiles (else: the shipped ones)");
    verb.add_option("--memory", options.memory, "Of each node")->capture_default_str();
    verb.add_option("--cpus", options.up.wish.cpus, "Of each node (else: 2, or 1 where they are emulated)");
    verb.add_option("--osds", options.up.wish.osds, "Disks for Ceph on each node")->capture_default_str();
    verb.add_option("--emulator", options.emulator, "kvm or qemu; auto: what works here")
        ->capture_default_str();
    verb.add_option("--minutes", options.minutes, "From power-on until all are ready")->capture_default_str();
}

int run(int argc, char** argv) {
    CLI::App app{"A cluster of virtual machines, installed from the image as servers are", "bedplate lab"};
    app.require_subcommand(1);
    Options options;
    auto* make = app.add_subcommand("up", "Make a lab and wait until its nodes are ready");
    auto* look = app.add_subcommand("status", "What each node is doing; exit status 0 when all are ready");
    auto* enter = app.add_subcommand("ssh", "A shell on a node, or a command");
    auto* remove = app.add_subcommand("down", "Remove a lab and everything that belongs to it");
    auto* power = app.add_subcommand("chassis", "What a BMC asks for")->group("");
    add_up(*make, options);
    for (auto* verb : {make, look, enter, remove}) {
        verb->add_option("--name", options.name, "Of the lab")->capture_default_str();
    }
    for (auto* verb : {make, look, enter, remove, power}) {
        verb->add_option("--folder", options.folder,
                         "Where it is kept (else: below " + std::string(lab::lab_folder) + ")");
    }
    for (auto* verb : {make, look}) {
        verb->add_flag("--json", options.json, "Print JSON");
    }
    for (auto* verb : {enter, power}) {
        verb->add_option("NODE", options.node, "Its host name")->required();
        verb->add_option("COMMAND", options.command, "Run there instead of a shell");
        verb->positionals_at_end();
    }
    lab::DrillVerbs drills;
    drills.add_to(app);
    CLI11_PARSE(app, argc, argv);

    RealPlatform machine;
    Platform& platform = machine.get();
    const auto drilled = drills.run(platform);
    const auto done = drilled            ? *drilled
                      : make->parsed()   ? up(platform, options)
                      : look->parsed()   ? status(platform, options)
                      : enter->parsed()  ? ssh(platform, options)
                      : remove->parsed() ? down(platform, options)
                                         : chassis(platform, options);
    if (!done) {
        std::cerr << "bedplate: " << done.error().to_text() << "\n";
        return exit_status(done.error().kind);
    }
    return *done;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "bedplate: " << error.what() << "\n";
        return exit_status(ErrorKind::failed);
    }
}
