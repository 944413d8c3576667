// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <filesystem>
#include <memory>

#include "cli/hand_on.hpp"
#include "cli/machine.hpp"
#include "cli/verbs.hpp"

namespace bedplate::cli {

namespace {

namespace fs = std::filesystem;

/// Where it is installed, and where a build leaves it beside this program.
Result<fs::path> find_lab() {
    std::error_code error;
    const auto self = fs::read_symlink("/proc/self/exe", error);
    for (const auto& path : {fs::path("/usr/lib/bedplate/bedplate-lab"),
                             self.parent_path().parent_path() / "lab/bedplate-lab"}) {
        if (fs::exists(path, error)) {
            return path;
        }
    }
    return fail("lab.not-installed", "labs of virtual machines are a package of their own", {},
                "install bedplate-lab");
}

/// The image that was built last in this tree, where there is one.
std::optional<fs::path> built_image() {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("out", error)) {
        const auto name = entry.path().filename().string();
        if (name.starts_with("bedplate-") && name.ends_with("-amd64.iso")) {
            return fs::absolute(entry.path());
        }
    }
    return std::nullopt;
}

/// bedplate-lab knows its own arguments; what it is to assume of this machine stands before them. Returns
/// only if it cannot be started.
Result<int> start_lab(std::vector<std::string> arguments) {
    BEDPLATE_ASSIGN(const auto program, find_lab());
    if (!arguments.empty() && arguments.front() == "up") {
        std::vector<std::string> assumed{"--profiles", profile_places("").back().string()};
        if (const auto image = built_image(); image && !std::ranges::contains(arguments, "--iso")) {
            assumed.insert(assumed.end(), {"--iso", image->string()});
        }
        arguments.insert(arguments.begin() + 1, assumed.begin(), assumed.end());
    }
    return hand_on(program, std::move(arguments), "lab.not-installed");
}

}  // namespace

void add_lab_verb(CLI::App& app, Invocation& invocation) {
    auto* verb = app.add_subcommand(
        "lab",
        "A cluster of virtual machines from the same image: up, status, ssh, drill, down (lab --help)");
    verb->prefix_command();
    verb->set_help_flag();
    verb->callback([verb, &invocation] {
        invocation.run = [arguments = verb->remaining(), &invocation] {
            const auto exit = start_lab(arguments);
            return exit ? *exit : report_error(exit.error(), invocation);
        };
    });
}

}  // namespace bedplate::cli
