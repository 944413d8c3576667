// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/bmc.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "base/text.hpp"

namespace bedplate::lab {

namespace {

std::filesystem::path folder_of(const Lab& lab, const LabNode& node) {
    return lab.folder / ("bmc-" + node.hostname);
}

/// The process id in the file, if that process is an ipmi_sim of this folder.
std::optional<pid_t> running(const FileSystem& files, const std::filesystem::path& folder) {
    const auto text = files.read(folder / "pid");
    const auto pid = text ? parse_unsigned(trim(*text)) : std::nullopt;
    if (!pid) {
        return std::nullopt;
    }
    const auto command = files.read(std::format("/proc/{}/cmdline", *pid));
    if (!command || !command->contains("ipmi_sim") || !command->contains(folder.string())) {
        return std::nullopt;
    }
    return static_cast<pid_t>(*pid);
}

/// Start a program that outlives this one, in a session of its own; what it says goes to `log`.
Result<pid_t> spawn_daemon(const std::vector<std::string>& argv, const std::filesystem::path& log) {
    std::vector<char*> words;
    for (const auto& word : argv) {
        words.push_back(const_cast<char*>(word.c_str()));  // posix_spawn(3) writes to none of them
    }
    words.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    pid_t pid = 0;
    const int error = ::posix_spawnp(&pid, words.front(), &files, &attributes, words.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) {
        return fail("bmc.start", std::format("cannot start {}: {}", argv.front(), std::strerror(error)), {},
                    "it is in the package openipmi");
    }
    return pid;
}

Result<void> start(Platform& platform, const Lab& lab, const LabNode& node, const Secret& password,
                   const std::filesystem::path& program) {
    const auto folder = folder_of(lab, node);
    if (running(platform.files, folder)) {
        return {};
    }
    BEDPLATE_TRY(platform.files.make_directories(folder / "state", 0700));
    BEDPLATE_TRY(
        platform.files.write(folder / "lan.conf", bmc_configuration(lab, node, password, program), 0600));
    BEDPLATE_TRY(platform.files.write(folder / "commands", bmc_commands(), 0600));
    BEDPLATE_ASSIGN(const auto pid,
                    spawn_daemon({"ipmi_sim", "-c", (folder / "lan.conf").string(), "-f",
                                  (folder / "commands").string(), "-s", (folder / "state").string(), "-n"},
                                 folder / "log"));
    BEDPLATE_TRY(platform.files.write(folder / "pid", std::format("{}\n", pid)));
    for (int tries = 0; tries < 50; ++tries) {
        if (running(platform.files, folder)) {
            return {};
        }
        platform.clock.sleep(std::chrono::milliseconds{100});
    }
    return fail("bmc.start",
                "its BMC did not stay: " + platform.files.read(folder / "log").value_or("no word"),
                node.hostname, "is its UDP port taken?");
}

}  // namespace

std::string bmc_configuration(const Lab& lab, const LabNode& node, const Secret& password,
                              const std::filesystem::path& program) {
    return std::format(R"(name "{0}"
set_working_mc 0x20
startlan 1
  addr {1} {2}
  priv_limit admin
  allowed_auths_admin md5
  guid {3}
endlan
chassis_control "{4} chassis --folder {5} {0}"
user 2 true "{6}" "{7}" admin 10 md5
)",
                       node.hostname, lab.host_address(), node.bmc_port,
                       join(split(node.uuid.to_text(), '-'), ""), program.string(), lab.folder.string(),
                       bmc_user, password.reveal());
}

std::string bmc_commands() {
    // Get Device ID answers: no sensors, IPMI 2.0, chassis device.
    return "mc_setbmc 0x20\n"
           "mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02\n"
           "mc_enable 0x20\n";
}

Result<void> start_bmcs(Platform& platform, const Lab& lab, const std::filesystem::path& program) {
    BEDPLATE_ASSIGN(const auto text, platform.files.read(lab.folder / "bmc-password"));
    const Secret password{std::string(trim(text))};
    for (const auto& node : lab.nodes) {
        BEDPLATE_TRY(start(platform, lab, node, password, program));
    }
    return {};
}

Result<void> stop_bmcs(Platform& platform, const Lab& lab) {
    for (const auto& node : lab.nodes) {
        const auto pid = running(platform.files, folder_of(lab, node));
        if (pid && ::kill(*pid, SIGTERM) != 0) {
            return fail("bmc.stop", std::format("cannot end process {}", *pid), node.hostname);
        }
    }
    return {};
}

}  // namespace bedplate::lab
