// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <format>
#include <fstream>
#include <limits>
#include <thread>
#include <vector>

#include "base/text.hpp"
#include "platform/linux/linux.hpp"

extern char** environ;

namespace bedplate::vm {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Where QEMU finds its ends of the two connections.
constexpr int child_serial_fd = 3;
constexpr int child_qmp_fd = 4;

struct Connection {
    Descriptor ours, theirs;
};

Result<Connection> make_connection() {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
        return fail("vm.start", std::format("socketpair: {}", std::strerror(errno)));
    }
    // Out of the way of the numbers that the child's ends get.
    const int theirs = ::fcntl(pair[1], F_DUPFD_CLOEXEC, 10);
    ::close(pair[1]);
    return Connection{Descriptor(pair[0]), Descriptor(theirs)};
}

fs::path unused_name(const fs::path& directory, std::string_view stem, std::string_view extension) {
    fs::path path = directory / std::format("{}{}", stem, extension);
    for (int i = 2; fs::exists(path); ++i) {
        path = directory / std::format("{}-{}{}", stem, i, extension);
    }
    return path;
}

Result<pid_t> spawn(const std::vector<std::string>& argv, int serial_fd, int qmp_fd, const fs::path& log) {
    std::vector<char*> words;
    for (const auto& word : argv) {
        words.push_back(const_cast<char*>(word.c_str()));
    }
    words.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    posix_spawn_file_actions_adddup2(&actions, serial_fd, child_serial_fd);
    posix_spawn_file_actions_adddup2(&actions, qmp_fd, child_qmp_fd);
    pid_t pid = -1;
    const int error = ::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        return fail("vm.start", std::format("cannot start QEMU: {}", std::strerror(error)));
    }
    return pid;
}

std::string file_text(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

Result<void> prepare_efi_variables(VmSpec& spec, const fs::path& directory) {
    if (spec.firmware == Firmware::bios) {
        return {};
    }
    if (spec.efi_variables.empty()) {
        spec.efi_variables = directory / "efi-variables.fd";
    }
    if (fs::exists(spec.efi_variables)) {
        return {};
    }
    std::error_code error;
    fs::copy_file(firmware_files(spec.firmware).variables, spec.efi_variables, error);
    if (error) {
        return fail("vm.start", "cannot copy the template of the UEFI variables: " + error.message(),
                    firmware_files(spec.firmware).variables.string(), "the package ovmf provides it");
    }
    return {};
}

/// One process for each start of the machine; it ends when QEMU does.
Result<void> start_tpm(const VmSpec& spec) {
    if (spec.tpm.empty()) {
        return {};
    }
    fs::create_directories(spec.tpm);
    const auto commands = linux_command_runner();
    BEDPLATE_TRY(run_checked(*commands, {.argv = {"swtpm", "socket", "--tpm2", "--terminate", "--daemon",
                                                  "--tpmstate", "dir=" + spec.tpm.string(), "--ctrl",
                                                  "type=unixio,path=" + tpm_socket(spec.tpm).string()}}));
    return {};
}

milliseconds to_milliseconds(const timeval& time) {
    return milliseconds(time.tv_sec * 1000 + time.tv_usec / 1000);
}

/// QEMU writes into a log that is there, from its beginning.
void prepare_write_logs(const VmSpec& spec) {
    for (const auto& disk : spec.disks) {
        if (!disk.write_log.empty()) {
            std::ofstream(disk.write_log, std::ios::trunc).flush();
        }
    }
}

/// A node that fails or holds back what goes through it, to be put between a disk and its image.
Json fault_node(const std::string& disk, DiskFault fault) {
    if (fault == DiskFault::hang) {
        return {{"driver", "throttle"},
                {"node-name", "fault-" + disk},
                {"throttle-group", "hang-" + disk},
                {"file", "file-" + disk}};
    }
    constexpr int eio = 5, enospc = 28;  // as the guest's kernel numbers them
    const char* kind = fault == DiskFault::read_error    ? "read"
                       : fault == DiskFault::flush_error ? "flush"
                                                         : "write";
    const Json rule{{"event", "none"},
                    {"iotype", kind},
                    {"errno", fault == DiskFault::no_space ? enospc : eio},
                    {"once", false}};
    return {{"driver", "blkdebug"},
            {"node-name", "fault-" + disk},
            {"image", "file-" + disk},
            {"inject-error", Json::array({rule})}};
}

}  // namespace

Vm::Vm(VmSpec spec, pid_t pid) : spec_(std::move(spec)), pid_(pid), started_(steady_clock::now()) {}

Result<std::unique_ptr<Vm>> Vm::start(VmSpec spec, const fs::path& directory, Accelerator accelerator) {
    BEDPLATE_TRY(prepare_efi_variables(spec, directory));
    BEDPLATE_TRY(start_tpm(spec));
    prepare_write_logs(spec);
    BEDPLATE_ASSIGN(auto serial, make_connection());
    BEDPLATE_ASSIGN(auto qmp, make_connection());
    const auto serial_log = unused_name(directory, "serial", ".log");
    const auto qemu_log = unused_name(directory, "qemu", ".log");

    // The parent-death signal has to be set in the child; setpriv does it and then becomes QEMU, same pid.
    std::vector<std::string> argv{"setpriv", "--pdeathsig", "KILL", "--"};
    for (auto& word : qemu_arguments(spec, accelerator, child_serial_fd, child_qmp_fd, serial_log)) {
        argv.push_back(std::move(word));
    }
    std::ofstream(unused_name(directory, "qemu", ".txt")) << quote_command(argv) << "\n";
    BEDPLATE_ASSIGN(const auto pid, spawn(argv, serial.theirs.get(), qmp.theirs.get(), qemu_log));
    serial.theirs.close();
    qmp.theirs.close();

    std::unique_ptr<Vm> vm(new Vm(std::move(spec), pid));
    vm->qemu_log_ = qemu_log;
    vm->serial_ = std::make_unique<SerialConsole>(std::move(serial.ours));
    auto client = QmpClient::connect(std::move(qmp.ours), unused_name(directory, "qmp", ".log"));
    if (!client) {
        vm->power_cut();
        return with_context(std::move(client).error(), "starting QEMU, which said: " + file_text(qemu_log));
    }
    vm->qmp_ = std::move(*client);
    return vm;
}

Vm::~Vm() {
    power_cut();
}

std::optional<Exit> Vm::poll_exit(int options) {
    if (exit_) {
        return exit_;
    }
    int status = 0;
    rusage usage{};
    pid_t got = -1;
    do {
        got = ::wait4(pid_, &status, options, &usage);
    } while (got < 0 && errno == EINTR);
    if (got != pid_) {
        return std::nullopt;
    }
    exit_ = Exit{.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
                 .wall = std::chrono::duration_cast<milliseconds>(steady_clock::now() - started_),
                 .cpu = to_milliseconds(usage.ru_utime) + to_milliseconds(usage.ru_stime)};
    return exit_;
}

Exit Vm::power_cut() {
    if (auto ended = poll_exit(WNOHANG)) {
        return *ended;
    }
    ::kill(pid_, SIGKILL);
    return poll_exit(0).value_or(Exit{});
}

Result<void> Vm::reset() {
    BEDPLATE_TRY(qmp_->execute("system_reset"));
    return {};
}

Result<void> Vm::powerdown() {
    BEDPLATE_TRY(qmp_->execute("system_powerdown"));
    return {};
}

Result<Exit> Vm::wait_exit(milliseconds timeout) {
    const auto deadline = steady_clock::now() + timeout;
    while (true) {
        if (const auto ended = poll_exit(WNOHANG)) {
            serial_->wait_closed(std::chrono::seconds(2));
            return *ended;
        }
        if (steady_clock::now() >= deadline) {
            return fail("vm.timeout",
                        std::format("the machine still runs after {} s", timeout.count() / 1000));
        }
        std::this_thread::sleep_for(milliseconds(10));
    }
}

bool Vm::running() {
    return !poll_exit(WNOHANG);
}

bool Vm::starved() const {
    return serial_->crash().find("IO-APIC + timer doesn't work") != std::string::npos;
}

Result<std::optional<Bytes>> Vm::memory_left() {
    constexpr std::string_view balloon = "/machine/peripheral/balloon";
    BEDPLATE_TRY(qmp_->execute(
        "qom-set", {{"path", balloon}, {"property", "guest-stats-polling-interval"}, {"value", 1}}));
    BEDPLATE_ASSIGN(const Json answer,
                    qmp_->execute("qom-get", {{"path", balloon}, {"property", "guest-stats"}}));
    // Values that the guest has not said are the largest there are.
    constexpr auto unsaid = std::numeric_limits<std::uint64_t>::max();
    const auto left = answer.at("stats").value("stat-available-memory", unsaid);
    return left == unsaid ? std::nullopt : std::optional(Bytes{left});
}

Result<void> Vm::screendump(const fs::path& png) {
    BEDPLATE_TRY(qmp_->execute("screendump", {{"filename", fs::absolute(png).string()}, {"format", "png"}}));
    return {};
}

Result<void> Vm::eject_medium() {
    BEDPLATE_TRY(qmp_->execute("eject", {{"id", "cd0"}, {"force", true}}));
    return {};
}

Result<void> Vm::insert_medium(const fs::path& iso) {
    BEDPLATE_TRY(qmp_->execute("blockdev-change-medium", {{"id", "cd0"},
                                                          {"filename", fs::absolute(iso).string()},
                                                          {"format", "raw"},
                                                          {"read-only-mode", "read-only"},
                                                          {"force", true}}));
    return {};
}

Result<void> Vm::set_link(std::string_view nic, bool up) {
    BEDPLATE_TRY(qmp_->execute("set_link", {{"name", nic}, {"up", up}}));
    return {};
}

Result<std::map<std::string, DiskCounters>> Vm::disk_counters() {
    BEDPLATE_ASSIGN(const auto answer, qmp_->execute("query-blockstats"));
    std::map<std::string, DiskCounters> counters;
    for (const auto& disk : spec_.disks) {
        for (const auto& entry : answer) {
            if (entry.value("node-name", "") != "node-" + disk.id) {
                continue;
            }
            const auto& stats = entry.at("stats");
            counters[disk.id] = {.read_bytes = stats.at("rd_bytes").get<std::uint64_t>(),
                                 .written_bytes = stats.at("wr_bytes").get<std::uint64_t>(),
                                 .write_operations = stats.at("wr_operations").get<std::uint64_t>()};
        }
    }
    return counters;
}

Result<void> Vm::inject(const std::string& disk, DiskFault fault) {
    if (fault == DiskFault::hang) {
        // One request of a sector a second: any other takes minutes.
        BEDPLATE_TRY(qmp_->execute("object-add", {{"qom-type", "throttle-group"},
                                                  {"id", "hang-" + disk},
                                                  {"limits", {{"iops-total", 1}, {"iops-size", 512}}}}));
    }
    BEDPLATE_TRY(qmp_->execute("blockdev-add", fault_node(disk, fault)));
    const Json reopened{{"driver", "raw"}, {"node-name", "node-" + disk}, {"file", "fault-" + disk}};
    BEDPLATE_TRY(qmp_->execute("blockdev-reopen", {{"options", Json::array({reopened})}}));
    return {};
}

Result<void> Vm::unplug(const std::string& disk) {
    BEDPLATE_TRY(qmp_->execute("device_del", {{"id", disk}}));
    return {};
}

}  // namespace bedplate::vm
