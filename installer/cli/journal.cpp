// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/journal.hpp"

#include <iostream>
#include <memory>

#include "cli/machine.hpp"
#include "cli/verbs.hpp"

namespace bedplate::cli {

namespace {

constexpr std::string_view installer_journal_path = "/run/bedplate/journal.jsonl";

Result<int> show_journal(std::string path, const Invocation& invocation) {
    Machine machine;
    const auto& files = machine.platform().files;
    if (path.empty()) {
        // In the installer the run that is going on; on a node the one that made it.
        path = files.exists(installer_journal_path) ? installer_journal_path : node_journal_path;
    }
    BEDPLATE_ASSIGN(const auto journal, read_journal(files, path));
    if (invocation.json) {
        BEDPLATE_ASSIGN(const auto text, files.read(path));
        std::cout << text;
    } else {
        std::cout << to_text(journal);
    }
    return 0;
}

}  // namespace

void add_journal_verb(CLI::App& app, Invocation& invocation) {
    auto* verb = app.add_subcommand("journal", "What an installation did, entry by entry");
    auto path = std::make_shared<std::string>();
    verb->add_option("FILE", *path, "Journal; without it this installer's or this node's own");
    verb->add_flag("--json", invocation.json, "The journal as it is: JSON lines");
    verb->callback([path, &invocation] {
        invocation.run = [path, &invocation] {
            const auto status = show_journal(*path, invocation);
            return status ? *status : report_error(status.error(), invocation);
        };
    });
}

}  // namespace bedplate::cli
