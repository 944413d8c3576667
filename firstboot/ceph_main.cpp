// SPDX-License-Identifier: GPL-3.0-or-later
// bedplate-ceph: one command to Ceph's monitors, read from standard input.
#include <rados/librados.h>

#include <CLI/CLI.hpp>
#include <cstring>
#include <format>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "base/json.hpp"

namespace bedplate {

namespace {

struct Access {
    std::string name = "client.admin", keyring;
    unsigned timeout_s = 30;
};

using Cluster = std::unique_ptr<void, decltype(&rados_shutdown)>;

/// Errors: ceph.connect, with what librados says.
Result<Cluster> connect(const Access& access) {
    const auto check = [&](int status, std::string_view what) -> Result<void> {
        return status >= 0
                   ? Result<void>()
                   : fail("ceph.connect", std::format("{}: {}", what, std::strerror(-status)), access.name);
    };
    rados_t handle = nullptr;
    BEDPLATE_TRY(check(::rados_create2(&handle, "ceph", access.name.c_str(), 0), "librados does not start"));
    Cluster cluster(handle, &rados_shutdown);
    BEDPLATE_TRY(check(::rados_conf_read_file(handle, nullptr), "reading /etc/ceph/ceph.conf"));
    const std::string timeout = std::to_string(access.timeout_s);
    for (const auto* option : {"client_mount_timeout", "rados_mon_op_timeout"}) {
        BEDPLATE_TRY(check(::rados_conf_set(handle, option, timeout.c_str()), option));
    }
    if (!access.keyring.empty()) {
        BEDPLATE_TRY(check(::rados_conf_set(handle, "keyring", access.keyring.c_str()), access.keyring));
    }
    BEDPLATE_TRY(check(::rados_connect(handle), "no monitor answers"));
    return cluster;
}

struct Buffers {
    char *out = nullptr, *status = nullptr;
    std::size_t out_size = 0, status_size = 0;

    Buffers() = default;
    Buffers(const Buffers&) = delete;
    Buffers& operator=(const Buffers&) = delete;
    ~Buffers() {
        ::rados_buffer_free(out);
        ::rados_buffer_free(status);
    }
};

/// `request`: {command, input}. Errors: ceph.command, with the monitor's words.
Result<std::string> ask(void* cluster, const Json& request) {
    const std::string command = request.at("command").dump(), input = request.value("input", "");
    const char* commands[] = {command.c_str()};
    Buffers said;
    const int status = ::rados_mon_command(cluster, commands, 1, input.data(), input.size(), &said.out,
                                           &said.out_size, &said.status, &said.status_size);
    if (status < 0) {
        const std::string why(said.status, said.status_size);
        return fail("ceph.command", why.empty() ? std::strerror(-status) : why);
    }
    return std::string(said.out, said.out_size);
}

Result<void> run(const Access& access, const std::string& text) {
    BEDPLATE_ASSIGN(const Json request, parse_json(text, "standard input"));
    if (!request.is_object() || !request.contains("command")) {
        return fail("ceph.request", "standard input holds no {\"command\": {...}}");
    }
    BEDPLATE_ASSIGN(const auto cluster, connect(access));
    BEDPLATE_ASSIGN(const auto answer, ask(cluster.get(), request));
    std::cout << answer << std::flush;
    return {};
}

}  // namespace

}  // namespace bedplate

int main(int argc, char** argv) {
    CLI::App app{
        "Give Ceph's monitors one command, {\"command\": {\"prefix\": \"osd tree\"}} on standard input, and "
        "print "
        "their answer."};
    bedplate::Access access;
    app.add_option("--name", access.name, "Who asks");
    app.add_option("--keyring", access.keyring, "File with the key of who asks");
    app.add_option("--timeout", access.timeout_s, "Seconds to wait for the monitors");
    CLI11_PARSE(app, argc, argv);
    try {
        const std::string text(std::istreambuf_iterator<char>(std::cin), {});
        const auto done = bedplate::run(access, text);
        if (!done) {
            std::cerr << done.error().to_text() << '\n';
        }
        return done ? 0 : 1;
    } catch (const std::exception& e) {
        std::cerr << "bedplate-ceph: " << e.what() << '\n';
        return 1;
    }
}
