// SPDX-License-Identifier: GPL-3.0-or-later
#include <iostream>
#include <memory>

#include "cli/machine.hpp"
#include "cli/verbs.hpp"
#include "profile/profile.hpp"

namespace bedplate::cli {

namespace {

int validate(const std::vector<std::string>& paths, const Invocation& invocation) {
    Machine machine;
    Report report;
    for (const auto& path : paths) {
        const auto text = machine.platform().files.read(path);
        if (!text) {
            return report_error(text.error(), invocation);
        }
        report.append(validate_document(*text, path));
    }
    if (invocation.json) {
        print_json({{"schema", "bedplate/findings/v1"}, {"findings", report.to_json()}});
    } else {
        std::cout << report.to_text();
        if (!report.has_errors()) {
            std::cout << paths.size() << (paths.size() == 1 ? " document is" : " documents are") << " good\n";
        }
    }
    return report.has_errors() ? exit_status(ErrorKind::findings) : 0;
}

}  // namespace

void add_validate_verb(CLI::App& app, Invocation& invocation) {
    auto* verb = app.add_subcommand("validate", "All findings of profiles, sites and inventories");
    auto paths = std::make_shared<std::vector<std::string>>();
    verb->add_option("FILE", *paths, "YAML or JSON documents")->required();
    verb->add_flag("--json", invocation.json, "Print the findings as JSON");
    verb->callback([paths, &invocation] {
        invocation.run = [paths, &invocation] { return validate(*paths, invocation); };
    });
}

}  // namespace bedplate::cli
