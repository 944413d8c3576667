// SPDX-License-Identifier: GPL-3.0-or-later
#include "platform/linux/spawn.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>

#include "base/text.hpp"

namespace bedplate {

namespace {

/// Everything the child needs, laid out before clone(): another thread may hold malloc's lock at that moment,
/// so the child must not allocate (signal-safety(7)), and it uses this process's memory until it is another
/// program.
struct Prepared {
    const char* program = nullptr;
    const char* directory = nullptr;
    std::vector<char*> argv;
    std::vector<char*> environment;
    std::array<int, 3> standard{};
    int report = -1;
    pid_t parent = 0;
};

std::vector<char*> pointers(const std::vector<std::string>& words) {
    std::vector<char*> list;
    list.reserve(words.size() + 1);
    for (const auto& word : words) {
        // execve(2) takes non-const pointers for historical reasons only.
        list.push_back(const_cast<char*>(word.c_str()));
    }
    list.push_back(nullptr);
    return list;
}

[[noreturn]] void give_up(int report) {
    const int error = errno;
    // If even this fails, the parent sees a child that ended with status 127.
    [[maybe_unused]] const auto ignored = ::write(report, &error, sizeof error);
    ::_exit(127);
}

/// The kernel's own form of an action (rt_sigaction(2)), without the fields that the default action does not
/// use.
struct KernelAction {
    void (*handler)(int) = SIG_DFL;
    unsigned long flags = 0;
    void (*restorer)() = nullptr;
    std::uint64_t mask = 0;
};

void reset_signals() {
    // By number: glibc's sigaction() refuses its two internal signals (32 and 33), but whoever started this
    // process may have left those ignored, too. It fails for SIGKILL and SIGSTOP, which have no other action.
    const KernelAction standard;
    for (int number = 1; number < NSIG; ++number) {
        ::syscall(SYS_rt_sigaction, number, &standard, nullptr, sizeof standard.mask);
    }
    const std::uint64_t none = 0;
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
}

[[noreturn]] void become(const Prepared& prepared) {
    // Out of the way of 0..2 first, in case the caller runs with some of them closed.
    const int report = ::fcntl(prepared.report, F_DUPFD_CLOEXEC, 3);
    std::array<int, 3> source{};
    for (std::size_t i = 0; i < source.size(); ++i) {
        source[i] = ::fcntl(prepared.standard[i], F_DUPFD_CLOEXEC, 3);
    }
    reset_signals();
    // A session of its own: no terminal to ask for passwords on, no Ctrl-C meant for the installer's screen.
    ::setsid();
    // A formatter must not go on working on a disk when the installer is gone.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != prepared.parent) {
        ::_exit(127);
    }
    for (std::size_t i = 0; i < source.size(); ++i) {
        if (::dup2(source[i], static_cast<int>(i)) < 0) {
            give_up(report);
        }
    }
    if (prepared.directory != nullptr && ::chdir(prepared.directory) != 0) {
        give_up(report);
    }
    // Libraries (libparted among them) open files without O_CLOEXEC.
    ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    ::execve(prepared.program, prepared.argv.data(), prepared.environment.data());
    give_up(report);
}

int begin_child(void* prepared) {
    become(*static_cast<const Prepared*>(prepared));
}

/// As posix_spawn(3) does it, which knows neither a session nor the death of its parent: the child borrows
/// our memory and we wait until it is another program. fork() would copy the page tables of an installer that
/// holds half a payload, for each of hundreds of commands. Signals wait meanwhile: a handler of ours would
/// run in the child, in our memory.
pid_t clone_child(Prepared& prepared) {
    constexpr std::size_t stack_size = 64UL * 1024;
    std::vector<std::max_align_t> stack(stack_size / sizeof(std::max_align_t));
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t pid =
        ::clone(begin_child, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | SIGCHLD, &prepared);
    const int error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = error;
    return pid;
}

std::unexpected<Error> start_failure(const SpawnRequest& request, int error) {
    const std::string& name = request.argv.front();
    const std::string command = quote_command(request.argv);
    const std::string why = std::strerror(error);
    if (error == ENOENT && !request.directory.empty() && !std::filesystem::exists(request.directory)) {
        return fail("command.start",
                    std::format("cannot run {} in {}: {}", name, request.directory.string(), why), command);
    }
    if (error == ENOENT || error == EACCES || error == ENOEXEC || error == ENOTDIR) {
        return fail("command.not-found", std::format("cannot run {}: {}", name, why), command);
    }
    return fail("command.start", std::format("cannot start {}: {}", name, why), command);
}

bool is_program(const std::filesystem::path& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<std::filesystem::path> find_program(const std::string& name, std::string_view search_path) {
    if (name.contains('/')) {
        return name;
    }
    for (const auto& directory : split(search_path, ':')) {
        auto path = std::filesystem::path(directory) / name;
        if (!name.empty() && is_program(path)) {
            return path;
        }
    }
    return fail("command.not-found", std::format("there is no program '{}' on this machine", name), name,
                "install the package that holds it");
}

Result<Child> spawn(const std::filesystem::path& program, const SpawnRequest& request) {
    std::array<int, 2> report{};
    if (::pipe2(report.data(), O_CLOEXEC) != 0) {
        return start_failure(request, errno);
    }
    const Descriptor report_read(report[0]);
    Descriptor report_write(report[1]);
    Prepared prepared{.program = program.c_str(),
                      .directory = request.directory.empty() ? nullptr : request.directory.c_str(),
                      .argv = pointers(request.argv),
                      .environment = pointers(request.environment),
                      .standard = {request.in, request.out, request.err},
                      .report = report_write.get(),
                      .parent = ::getpid()};
    const pid_t pid = clone_child(prepared);
    if (pid < 0) {
        return start_failure(request, errno);
    }
    report_write.close();
    // The pipe is closed by a successful execve(), so this read ends either way.
    int error = 0;
    ssize_t n = 0;
    do {
        n = ::read(report_read.get(), &error, sizeof error);
    } while (n < 0 && errno == EINTR);
    if (n == sizeof error) {
        ::waitpid(pid, nullptr, 0);
        return start_failure(request, error);
    }
    // By number: the header of glibc 2.36 to 2.41 declares pidfd_open() without extern "C".
    Child child{.pid = pid, .handle = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)))};
    if (!child.handle.is_open()) {
        error = errno;
        ::kill(-pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        return start_failure(request, error);
    }
    return child;
}

}  // namespace bedplate
