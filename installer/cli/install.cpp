// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdlib>
#include <iostream>
#include <memory>

#include "base/text.hpp"
#include "cli/machine.hpp"
#include "cli/rehearsal.hpp"
#include "cli/serve.hpp"
#include "cli/sinks.hpp"
#include "cli/verbs.hpp"
#include "engine/boot_local.hpp"
#include "engine/session.hpp"

namespace bedplate::cli {

namespace {

struct InstallOptions {
    std::string site, secrets, profiles, socket = engine_socket, inventory;
    bool serve = false;
    bool commit = false, resume = false, unattended = false, skip_network_proof = false;
};

SessionOptions session_options(const InstallOptions& options) {
    SessionOptions session;
    if (!options.site.empty()) {
        session.site = options.site;
    }
    if (!options.profiles.empty()) {
        session.profiles = {options.profiles};
    }
    if (!options.secrets.empty()) {
        session.secrets = options.secrets;
    }
    session.skip_network_proof = options.skip_network_proof;
    return session;
}

Result<void> carry_out(Session& session) {
    BEDPLATE_ASSIGN(const auto consent, session.consent_of_site());
    return session.apply(consent);
}

/// A thread that hangs on a disk outlives everything: the program ends without taking anything away from it.
void end_if_stuck(const Error& error) {
    if (abandoned_work() > 0) {
        std::cout.flush();
        std::cerr.flush();
        std::_Exit(exit_status(error.kind));
    }
}

/// At a prompt: the plan without --commit, the installation with it.
Result<int> install_here(const InstallOptions& options, const Invocation& invocation) {
    Machine machine;
    JsonLines json(std::cout);
    TextLines text(invocation.json ? std::cerr : std::cout, machine.platform().clock);
    EventSink& events = invocation.json ? static_cast<EventSink&>(json) : text;
    Session session(machine.platform(), events, session_options(options));
    BEDPLATE_TRY(session.prepare());
    if (!options.commit) {
        if (invocation.json) {
            print_json(to_json(session.plan()));
        } else {
            std::cout << to_text(session.plan()) << "\nNothing was written. Carry it out with --commit.\n";
        }
        return 0;
    }
    if (auto done = carry_out(session); !done) {
        if (abandoned_work() > 0) {
            std::cerr << done.error().to_text() << '\n';
        }
        end_if_stuck(done.error());
        return std::unexpected(std::move(done).error());
    }
    return 0;
}

std::string machine_name(const FileSystem& files) {
    const auto tag = files.read("/sys/class/dmi/id/product_serial");
    return tag ? "serial " + std::string(trim(*tag)) : std::string();
}

Result<void> run_session(Session& session, Consoles& consoles) {
    BEDPLATE_TRY(session.prepare());
    consoles.print("\n" + to_text(session.plan()) + "\n");
    return carry_out(session);
}

/// A finished machine whose firmware tries the network first goes on to its own disk by itself.
int go_on_to_local_disk(Platform& platform, Consoles& consoles, const Error& refusal) {
    const auto chosen = boot_local_disk_next(platform);
    if (!chosen) {
        consoles.print(failure_screen(refusal, machine_name(platform.files)));
        consoles.print("\n" + chosen.error().to_text() + "\n");
        return exit_status(refusal.kind);
    }
    consoles.print("\n" + refusal.message + "; restarting from its own disk.\n");
    const auto left = run_checked(platform.commands, {.argv = {"systemctl", "--no-block", "reboot"}});
    return left ? 0 : exit_status(ErrorKind::failed);
}

/// As the installer's service: events on every console, then reboot, or a screen that stays.
int install_unattended(const InstallOptions& options) {
    Machine machine;
    auto& platform = machine.platform();
    Consoles consoles(platform.files.read("/sys/class/tty/console/active").value_or("tty0"), platform.clock);
    auto log_file = platform.files.open_append("/run/bedplate/events.jsonl");
    std::vector<EventSink*> sinks{&consoles};
    std::unique_ptr<EventLog> log;
    if (log_file) {
        log = std::make_unique<EventLog>(*std::move(log_file));
        sinks.push_back(log.get());
    }
    Fanout events(sinks);
    consoles.print(std::string("\nBedplate ") + BEDPLATE_VERSION + ", unattended installation\n");

    SessionOptions session_settings = session_options(options);
    // In the boot menu there is no command line of ours to put the switch on.
    const auto wanted = kernel_argument(platform.files, session_settings.documents, "bedplate.network-proof");
    session_settings.skip_network_proof = session_settings.skip_network_proof || wanted == "skip";
    Session session(platform, events, session_settings);
    if (const auto done = run_session(session, consoles); !done) {
        if (wants_local_disk(done.error()) && session.started_over_network()) {
            return go_on_to_local_disk(platform, consoles, done.error());
        }
        consoles.print(failure_screen(done.error(), machine_name(platform.files)));
        end_if_stuck(done.error());
        return exit_status(done.error().kind);
    }
    const bool reboot = session.plan().after == InstallSettings::After::reboot;
    consoles.print(std::format("\n{} is installed; {}.\n", session.plan().hostname,
                               reboot ? "restarting from its own disk" : "switching off"));
    // --no-block: the service that runs this is itself stopped on the way down.
    const auto left =
        run_checked(platform.commands, {.argv = {"systemctl", "--no-block", reboot ? "reboot" : "poweroff"}});
    return left ? 0 : exit_status(ErrorKind::failed);
}

/// As the engine behind the screens.
Result<int> serve_screens(const InstallOptions& options) {
    Machine machine;
    std::unique_ptr<EventLog> log;
    std::unique_ptr<Fanout> events;
    std::unique_ptr<Installation> installation;
    BEDPLATE_TRY(serve(options.socket, [&](Service& service) -> Installation& {
        if (!options.inventory.empty()) {
            installation = std::make_unique<Rehearsal>(machine.platform(), service, session_options(options),
                                                       options.inventory);
            return *installation;
        }
        std::vector<EventSink*> sinks{&service};
        if (auto file = machine.platform().files.open_append("/run/bedplate/events.jsonl")) {
            log = std::make_unique<EventLog>(*std::move(file));
            sinks.push_back(log.get());
        }
        events = std::make_unique<Fanout>(sinks);
        installation =
            std::make_unique<SessionInstallation>(machine.platform(), *events, session_options(options));
        return *installation;
    }));
    return 0;
}

}  // namespace

void add_install_verb(CLI::App& app, Invocation& invocation) {
    auto* verb = app.add_subcommand("install", "In the installer: plan, and with --commit carry it out");
    auto options = std::make_shared<InstallOptions>();
    verb->add_option("--site", options->site,
                     "Site document: file or URL (else: kernel command line, medium)");
    verb->add_option("--secrets", options->secrets, "Secrets file (else: medium, stick)");
    verb->add_option("--profiles", options->profiles, "Directory of profiles");
    verb->add_flag("--commit", options->commit, "Write to the disks that the plan names");
    verb->add_flag(
        "--resume", options->resume,
        "Go on after an interruption (every action looks first whether it is done; this only says so)");
    verb->add_flag("--skip-network-proof", options->skip_network_proof,
                   "Do not try the node's network before disks are written to");
    verb->add_flag("--unattended", options->unattended,
                   "As the installer's own service: all consoles, then reboot");
    verb->add_flag("--serve", options->serve, "As the engine behind the screens (bedplate-tui) on a socket");
    verb->add_option("--socket", options->socket, "With --serve: the socket")->capture_default_str();
    verb->add_option("--inventory", options->inventory,
                     "With --serve: a recorded machine, to try the screens; nothing is written");
    verb->add_flag("--json", invocation.json, "Events and plan as JSON");
    verb->callback([options, &invocation] {
        invocation.run = [options, &invocation] {
            if (options->unattended) {
                return install_unattended(*options);
            }
            const auto status = options->serve ? serve_screens(*options) : install_here(*options, invocation);
            return status ? *status : report_error(status.error(), invocation);
        };
    });
}

}  // namespace bedplate::cli
