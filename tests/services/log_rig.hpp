// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cluster/log_files.hpp"
#include "platform/linux/linux.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/temp_dir.hpp"

namespace bedplate::servicetest {

/// A cluster of two on loopback as far as logs go: node1 (127.0.0.1) receives, node2 (127.0.0.2) sends. Each
/// has an rsyslogd of its own with the product's configuration, but for what it reads: lines of a file
/// instead of the journal.
class LogRig {
public:
    LogRig();

    /// Whose certificate a node shows.
    enum class Shows { its_own, one_of_another_ca, one_for_another_name };
    void start(const std::string& node, Shows shows = Shows::its_own);
    /// SIGKILL.
    void kill(const std::string& node) { running_.at(node)->kill(); }
    /// As systemd would.
    void stop(const std::string& node) { running_.at(node)->stop(); }

    /// Lines "line FIRST" to "line LAST", for the node to send.
    void write(const std::string& node, int first, int last);
    /// Numbers of the lines of `node` that the receiver has, each once; fails the test on what is no JSON.
    [[nodiscard]] std::set<int> received(const std::string& node) const;
    /// The objects themselves, in the order of the files.
    [[nodiscard]] std::vector<Json> objects(const std::string& node) const;
    /// Whether all lines FIRST to LAST came within two minutes.
    [[nodiscard]] bool arrive(const std::string& node, int first, int last) const;
    /// Bytes that wait on the disk of `node`.
    [[nodiscard]] std::uint64_t waiting(const std::string& node) const;
    /// What the node's rsyslogd said.
    [[nodiscard]] std::string log(const std::string& node) const;

private:
    struct Authority {
        std::filesystem::path folder;
    };
    [[nodiscard]] Authority make_authority(const std::string& name);
    void make_certificate(const Authority& authority, const std::string& name,
                          const std::filesystem::path& folder);
    [[nodiscard]] LogPlaces places(const std::string& node, const std::filesystem::path& pki) const;
    [[nodiscard]] std::filesystem::path folder(const std::string& node) const { return dir_ / node; }

    RealPlatform real_;
    fakes::TempDir dir_;
    std::uint16_t port_ = fakes::free_port();
    std::vector<Member> members_;
    std::map<std::string, std::unique_ptr<fakes::Process>> running_;
};

inline constexpr const char* rsyslogd = "/usr/sbin/rsyslogd";

}  // namespace bedplate::servicetest
