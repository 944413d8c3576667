// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>

#include "base/text.hpp"
#include "cli/bmc.hpp"
#include "cli/machine.hpp"
#include "engine/fetch.hpp"
#include "engine/redfish.hpp"
#include "platform/linux/pinned_http.hpp"

namespace bedplate::cli {

namespace {

struct BmcOptions {
    std::string bmc, credentials = "-", fingerprint;
    BmcBootOptions boot;
    unsigned follow_minutes = 60;
};

std::unexpected<Error> usage(std::string code, std::string message, std::string where, std::string hint) {
    return std::unexpected(Error{.kind = ErrorKind::usage,
                                 .code = std::move(code),
                                 .message = std::move(message),
                                 .where = std::move(where),
                                 .hint = std::move(hint),
                                 .context = {}});
}

/// "user:password" in a file that nobody else can read, or on standard input: never on the command line.
Result<std::string> read_credentials(const std::string& path) {
    if (path == "-") {
        return std::string(std::istreambuf_iterator<char>(std::cin), {});
    }
    namespace fs = std::filesystem;
    std::error_code error;
    const auto others = fs::perms::group_all | fs::perms::others_all;
    if ((fs::status(path, error).permissions() & others) != fs::perms::none) {
        return usage("bmc.credentials", "the credentials file can be read by others", path,
                     "chmod 600 " + path);
    }
    Machine machine;
    return machine.platform().files.read(path, kib(4));
}

Result<BmcAccess> access_of(const BmcOptions& options) {
    if (!options.bmc.starts_with("https://") && !options.bmc.starts_with("http://127.0.0.1")) {
        return usage("bmc.url", "a BMC is only talked to over https://", options.bmc, "");
    }
    BEDPLATE_ASSIGN(const auto text, read_credentials(options.credentials));
    const auto line = trim(text);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
        return usage("bmc.credentials", "the credentials are not of the form user:password",
                     options.credentials == "-" ? "standard input" : options.credentials, "");
    }
    BmcAccess access{.url = options.bmc,
                     .user = std::string(line.substr(0, colon)),
                     .password = Secret(std::string(line.substr(colon + 1)))};
    return access;
}

Result<std::unique_ptr<Http>> transport(const BmcOptions& options) {
    const auto digits = parse_fingerprint(options.fingerprint);
    if (!options.fingerprint.empty() && !digits) {
        return usage(
            "source.fingerprint", "this is not the SHA-256 of a certificate", options.fingerprint,
            "openssl s_client -connect BMC:443 </dev/null | openssl x509 -noout -fingerprint -sha256");
    }
    return pinned_http(digits.value_or(std::string()));
}

template <typename Action>
int with_machine(const BmcOptions& options, const Invocation& invocation, Action action) {
    const auto run = [&]() -> Result<void> {
        BEDPLATE_ASSIGN(auto access, access_of(options));
        BEDPLATE_ASSIGN(const auto http, transport(options));
        Machine machine;
        const Platform& here = machine.platform();
        Platform platform{.commands = here.commands,
                          .files = here.files,
                          .blocks = here.blocks,
                          .clock = here.clock,
                          .http = *http};
        const auto note = [](const std::string& text) { std::cerr << text << "\n"; };
        BEDPLATE_ASSIGN(auto bmc, RedfishMachine::connect(platform, std::move(access), note));
        note(bmc.description());
        BEDPLATE_TRY(action(bmc));
        if (invocation.json) {
            print_json({{"schema", "bedplate/bmc/v1"}, {"machine", bmc.description()}, {"done", true}});
        }
        return {};
    };
    const auto done = run();
    return done ? 0 : report_error(done.error(), invocation);
}

void add_access(CLI::App& verb, BmcOptions& options, Invocation& invocation) {
    verb.add_option("--bmc", options.bmc, "The BMC's address: https://...")->required();
    verb.add_option("--credentials", options.credentials,
                    "File with user:password (mode 0600); -: standard input");
    verb.add_option("--fingerprint", options.fingerprint,
                    "SHA-256 of the BMC's certificate, instead of a CA's word");
    verb.add_option("--slot", options.boot.slot, "Id of the virtual medium (else: the one for CDs)");
    verb.add_flag("--json", invocation.json, "Print JSON");
}

}  // namespace

void add_bmc_verb(CLI::App& app, Invocation& invocation) {
    auto* bmc = app.add_subcommand("bmc", "Start machines through their BMC (Redfish)");
    bmc->require_subcommand(1);
    auto options = std::make_shared<BmcOptions>();

    auto* boot =
        bmc->add_subcommand("boot", "Insert an image as virtual CD and start the machine from it, once");
    add_access(*boot, *options, invocation);
    boot->add_option("--iso", options->boot.iso, "Image as the BMC can fetch it: http(s)://...")->required();
    boot->add_flag("--replace", options->boot.replace, "Take out what is inserted already");
    boot->add_option("--follow", options->follow_minutes,
                     "Minutes to wait for the machine to switch itself off, to eject then; 0: do not");
    boot->callback([options, &invocation] {
        invocation.run = [options, &invocation] {
            options->boot.follow = std::chrono::minutes{options->follow_minutes};
            return with_machine(*options, invocation,
                                [&](RedfishMachine& machine) { return machine.boot(options->boot); });
        };
    });

    auto* eject = bmc->add_subcommand("eject", "Take the virtual CD out of a machine that is switched off");
    add_access(*eject, *options, invocation);
    eject->callback([options, &invocation] {
        invocation.run = [options, &invocation] {
            return with_machine(*options, invocation,
                                [&](RedfishMachine& machine) { return machine.eject(options->boot.slot); });
        };
    });
}

}  // namespace bedplate::cli
