// SPDX-License-Identifier: GPL-3.0-or-later
#include <iostream>
#include <memory>
#include <vector>

#include "base/foreign_text.hpp"
#include "cli/machine.hpp"
#include "cli/verbs.hpp"
#include "probe/probe.hpp"

namespace bedplate::cli {

namespace {

struct Source {
    std::string name;
    std::filesystem::path file;        ///< copied, where it is there
    std::vector<std::string> command;  ///< or what this prints
};

/// In the installer and on a node; what is not there is left out and said so. None of it holds a secret: the
/// journal, the events and the plan are free of them by construction.
const std::vector<Source>& sources() {
    static const std::vector<Source> all{
        {.name = "installer-journal.jsonl", .file = "/run/bedplate/journal.jsonl"},
        {.name = "installer-commands.jsonl", .file = "/run/bedplate/commands.jsonl"},
        {.name = "events.jsonl", .file = "/run/bedplate/events.jsonl"},
        {.name = "node-journal.jsonl", .file = "/var/lib/bedplate/journal.jsonl"},
        {.name = "report.json", .file = "/var/lib/bedplate/report.json"},
        {.name = "node.json", .file = "/etc/bedplate/node.json"},
        {.name = "kernel-command-line.txt", .file = "/proc/cmdline"},
        {.name = "dmesg.txt", .command = {"dmesg", "--ctime"}},
        {.name = "units.txt", .command = {"journalctl", "--boot", "--no-pager", "--unit=bedplate-*"}},
        {.name = "failed-units.txt", .command = {"systemctl", "--failed", "--no-pager"}},
        {.name = "lsblk.json", .command = {"lsblk", "--json", "--bytes", "--output-all"}},
    };
    return all;
}

Result<std::string> collect(Platform& platform, const Source& source) {
    if (source.command.empty()) {
        return platform.files.read(source.file);
    }
    return run_checked(platform.commands, {.argv = source.command});
}

Result<int> write_logs(const std::filesystem::path& directory, const Invocation& invocation) {
    Machine machine;
    auto& platform = machine.platform();
    Json written = Json::array();
    Json left_out = Json::array();
    for (const auto& source : sources()) {
        const auto text = collect(platform, source);
        if (!text) {
            left_out.push_back({{"name", source.name}, {"reason", text.error().message}});
            continue;
        }
        BEDPLATE_TRY(platform.files.write(directory / source.name, *text, 0600));
        written.push_back(source.name);
    }
    if (const auto inventory = probe(platform)) {
        BEDPLATE_TRY(
            platform.files.write(directory / "inventory.json", pretty(to_json(*inventory)) + "\n", 0600));
        written.push_back("inventory.json");
    }
    if (invocation.json) {
        print_json({{"schema", "bedplate/logs/v1"},
                    {"directory", directory.string()},
                    {"written", written},
                    {"left_out", left_out}});
        return 0;
    }
    std::cout << std::format("{} files in {}\n", written.size(), directory.string());
    for (const auto& entry : left_out) {
        std::cout << std::format("  not there: {}\n", entry.at("name").get<std::string>());
    }
    return 0;
}

}  // namespace

void add_logs_verb(CLI::App& app, Invocation& invocation) {
    auto* verb = app.add_subcommand("logs", "Collect what a report of a failure needs into a directory");
    auto directory = std::make_shared<std::string>("bedplate-logs");
    verb->add_option("--output", *directory, "Directory to write to")->capture_default_str();
    verb->add_flag("--json", invocation.json, "Say what was collected as JSON");
    verb->callback([directory, &invocation] {
        invocation.run = [directory, &invocation] {
            const auto status = write_logs(*directory, invocation);
            return status ? *status : report_error(status.error(), invocation);
        };
    });
}

}  // namespace bedplate::cli
