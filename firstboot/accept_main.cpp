// SPDX-License-Identifier: GPL-3.0-or-later
// bedplate-accept: run by sshd on a seed, on behalf of a node that nobody knows yet. Two things only: say
// which key a ticket has (--keys), and answer one request made with it (--ticket).
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <iterator>

#include "platform/linux/linux.hpp"
#include "registry/seed.hpp"

namespace {

using namespace bedplate;

/// At most a little more than a request may have: the rest of a flood is not read.
std::string read_request() {
    constexpr std::size_t most = 65U * 1024;
    std::string text;
    char c = 0;
    while (text.size() < most && std::cin.get(c)) {
        text += c;
    }
    return text;
}

Result<void> serve(Platform& platform, const std::string& config, const std::string& keys,
                   const std::string& ticket) {
    BEDPLATE_ASSIGN(const auto places, read_seed_places(platform.files, config));
    BEDPLATE_ASSIGN(const auto access, read_registry_access(platform.files, places.registry_access));
    const auto http = curl_http(
        HttpTls{.ca_file = access.ca, .certificate_file = access.certificate, .key_file = access.key});
    Etcd etcd(*http, access.endpoints);
    Registry registry(etcd, platform.clock);
    SeedService service(platform, registry, places);
    if (!keys.empty()) {
        // For sshd, and so for the node that asks, no answer is the same as a ticket that does not exist: a
        // registry that is slow is asked again, as long as sshd waits (LoginGraceTime 120 s).
        constexpr int tries = 3;
        auto line = service.authorized_keys(keys);
        for (int i = 1; i < tries && !line; ++i) {
            platform.clock.sleep(std::chrono::seconds{2});
            line = service.authorized_keys(keys);
        }
        BEDPLATE_TRY(line);
        std::cout << *line;
        return {};
    }
    std::cout << to_text(service.answer(ticket, read_request())).reveal();
    return {};
}

int run(int argc, char** argv) {
    CLI::App app{"Answers a node that wants to join; started by sshd"};
    std::string keys, ticket, config(seed_places_path);
    auto* group = app.add_option_group("what");
    group->add_option("--keys", keys, "Print the authorized_keys line for the key with this fingerprint");
    group->add_option("--ticket", ticket, "Answer the request on standard input, made with this ticket");
    group->require_option(1);
    app.add_option("--config", config, "Where this seed's things are");
    CLI11_PARSE(app, argc, argv);
    RealPlatform machine;
    Platform& platform = machine.get();
    const auto done = serve(platform, config, keys, ticket);
    if (!done) {
        // What the other end sees must not tell it about this machine; the journal gets the whole.
        std::cerr << "bedplate-accept: " << done.error().code << '\n';
        return 1;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception&) {
        std::fputs("bedplate-accept: internal error\n", stderr);
        return 1;
    }
}
