// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/services/log_rig.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <format>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/text.hpp"
#include "platform/time_scale.hpp"
#include "registry/pki.hpp"
#include "tests/vm/require.hpp"

namespace bedplate::servicetest {

namespace {

namespace fs = std::filesystem;
using vm::must;

Member member(std::uint32_t n, bool control) {
    Member result{.id = n, .hostname = std::format("node{}", n), .control = control};
    result.management = must(Ipv4::parse(std::format("127.0.0.{}", n)));
    return result;
}

std::string text_of(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

}  // namespace

LogRig::LogRig() : members_{member(1, true), member(2, false)} {
    const auto ours = make_authority("ca"), theirs = make_authority("other-ca");
    for (const auto& node : members_) {
        make_certificate(ours, node.hostname, folder(node.hostname) / "pki");
        // It knows the receiver's authority, so that only the receiver can refuse.
        make_certificate(theirs, node.hostname, folder(node.hostname) / "other-ca");
        fs::copy_file(ours.folder / "ca.crt", folder(node.hostname) / "other-ca/ca.crt",
                      fs::copy_options::overwrite_existing);
        make_certificate(ours, "node9", folder(node.hostname) / "other-name");
        fs::create_directories(folder(node.hostname) / "spool");
        std::ofstream(folder(node.hostname) / "input.log");
    }
    must(real_.get().files.write(dir_ / "senders.json", log_senders(members_)));
}

LogRig::Authority LogRig::make_authority(const std::string& name) {
    const Authority authority{.folder = dir_ / name};
    const auto made = must(make_ca(real_.get(), name));
    must(real_.get().files.write(authority.folder / "ca.crt", made.certificate));
    must(real_.get().files.write(authority.folder / "ca.key", made.key.reveal(), 0600));
    return authority;
}

void LogRig::make_certificate(const Authority& authority, const std::string& name, const fs::path& folder) {
    const auto request = must(make_key_request(real_.get(), name));
    must(real_.get().files.write(folder / "node.key", request.key.reveal(), 0600));
    must(real_.get().files.write(folder / "ca.crt", text_of(authority.folder / "ca.crt")));
    must(real_.get().files.write(
        folder / "node.crt", must(sign(real_.get(), authority.folder / "ca.crt", authority.folder / "ca.key",
                                       request.csr, name, {name}, {"127.0.0.1"}, dir_.path()))));
}

LogPlaces LogRig::places(const std::string& node, const fs::path& pki) const {
    return {.pki = pki,
            .spool = folder(node) / "spool",
            .kept = dir_ / "kept",
            .table = dir_ / "senders.json",
            .elasticsearch_ca = {},
            .port = port_,
            .group = "",
            .input = std::format("module(load=\"imfile\" mode=\"inotify\")\n"
                                 "input(type=\"imfile\" file=\"{}\" tag=\"test:\" freshStartTail=\"off\")",
                                 (folder(node) / "input.log").string())};
}

void LogRig::start(const std::string& node, Shows shows) {
    const auto self = std::ranges::find(members_, node, &Member::hostname);
    REQUIRE(self != members_.end());
    const fs::path pki = folder(node) / (shows == Shows::its_own             ? "pki"
                                         : shows == Shows::one_of_another_ca ? "other-ca"
                                                                             : "other-name");
    const auto conf = folder(node) / "rsyslog.conf";
    must(real_.get().files.write(conf, rsyslog_conf(LogPolicy{}, *self, members_, {}, places(node, pki)),
                                 0600));
    running_[node] = std::make_unique<fakes::Process>(
        std::vector<std::string>{rsyslogd, "-n", "-iNONE", "-f", conf.string()}, folder(node) / "output.log");
    if (self->control) {
        fakes::wait_for_port(self->management.to_text(), port_, folder(node) / "output.log");
    }
}

void LogRig::write(const std::string& node, int first, int last) {
    std::ofstream out(folder(node) / "input.log", std::ios::binary | std::ios::app);
    for (int n = first; n <= last; ++n) {
        out << "line " << n << "\n";
    }
}

std::vector<Json> LogRig::objects(const std::string& node) const {
    std::vector<fs::path> files;
    if (fs::exists(dir_ / "kept" / node)) {
        for (const auto& entry : fs::directory_iterator(dir_ / "kept" / node)) {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    std::vector<Json> objects;
    for (const auto& file : files) {
        std::string text = text_of(file);
        text.resize(text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n'));  // the last may be half
        for (const auto& line : split(text, '\n')) {
            if (!line.empty()) {
                objects.push_back(must(parse_json(line, file.string())));
            }
        }
    }
    return objects;
}

std::set<int> LogRig::received(const std::string& node) const {
    constexpr std::string_view begin = "line ";
    std::set<int> numbers;
    for (const auto& object : objects(node)) {
        const std::string message(trim(object.value("message", "")));
        if (message.starts_with(begin)) {
            numbers.insert(static_cast<int>(parse_unsigned(message.substr(begin.size())).value_or(0)));
        }
    }
    return numbers;
}

bool LogRig::arrive(const std::string& node, int first, int last) const {
    const auto deadline = std::chrono::steady_clock::now() + scaled(std::chrono::minutes{2});
    for (;;) {
        const auto numbers = received(node);
        bool all = true;
        for (int n = first; n <= last; ++n) {
            all = all && numbers.contains(n);
        }
        if (all || std::chrono::steady_clock::now() >= deadline) {
            return all;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{200});
    }
}

std::uint64_t LogRig::waiting(const std::string& node) const {
    std::uint64_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(folder(node) / "spool")) {
        const std::string name = entry.path().filename();
        bytes += name.starts_with(log_queue("node1") + ".0") ? entry.file_size() : 0;
    }
    return bytes;
}

std::string LogRig::log(const std::string& node) const {
    return text_of(folder(node) / "output.log");
}

}  // namespace bedplate::servicetest
