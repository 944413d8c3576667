// SPDX-License-Identifier: GPL-3.0-or-later
// bedplate-firstboot: run by systemd on an installed node.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "base/foreign_text.hpp"
#include "firstboot/checks.hpp"
#include "firstboot/identity.hpp"
#include "firstboot/osd_prepare.hpp"
#include "platform/linux/linux.hpp"

namespace {

using namespace bedplate;

Result<void> identity(Platform& platform) {
    BEDPLATE_ASSIGN(const auto made, firstboot::make_identity(platform));
    for (const auto& what : made) {
        std::cout << "made: " << what << '\n';
    }
    return {};
}

Result<void> report(Platform& platform) {
    BEDPLATE_ASSIGN(const auto report, firstboot::check_node(platform));
    BEDPLATE_TRY(platform.files.write(node_report_path, pretty(to_json(report)) + "\n"));
    std::cout << to_text(report);
    if (report.state == NodeReport::State::failed) {
        return fail("node.check", report.error.value_or(""));
    }
    return {};
}

Result<void> osds(Result<std::vector<std::string>> done) {
    BEDPLATE_TRY(done);
    for (const auto& line : *done) {
        std::cout << line << '\n';
    }
    return {};
}

int run(int argc, char** argv) {
    CLI::App app{"Makes an installed system a node at its first start"};
    app.require_subcommand(1);
    auto* make_identity = app.add_subcommand("identity", "Host keys and names that are this node's alone");
    app.add_subcommand("report", "Check the node and write its report");
    auto* make_osds = app.add_subcommand("osds", "Make the planned OSDs and start all of them");
    auto* start_osds = app.add_subcommand("osds-activate", "Start the OSDs that were kept");
    CLI11_PARSE(app, argc, argv);

    const auto commands = linux_command_runner();
    const auto files = linux_file_system();
    const auto blocks = linux_block_devices();
    const auto clock = system_clock();
    const auto http = curl_http();
    Platform platform{
        .commands = *commands, .files = *files, .blocks = *blocks, .clock = *clock, .http = *http};
    const auto done = make_identity->parsed() ? identity(platform)
                      : make_osds->parsed()   ? osds(firstboot::prepare_osds(platform))
                      : start_osds->parsed()  ? osds(firstboot::activate_osds(platform))
                                              : report(platform);
    if (!done) {
        std::cerr << "bedplate-firstboot: " << done.error().to_text() << '\n';
        return exit_status(done.error().kind);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& e) {
        std::fputs("bedplate-firstboot: internal error: ", stderr);
        std::fputs(e.what(), stderr);
        std::fputs("\n", stderr);
        return 1;
    }
}
