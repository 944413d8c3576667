// SPDX-License-Identifier: GPL-3.0-or-later
#include "platform/command_runner.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <format>

#include "base/text.hpp"
#include "platform/descriptor.hpp"
#include "platform/linux/linux.hpp"
#include "platform/linux/spawn.hpp"
#include "platform/time_scale.hpp"

namespace bedplate {

namespace {

using Time = std::chrono::steady_clock::time_point;

constexpr std::string_view search_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Writing to a program that has closed its input must not end this process. The disposition of SIGPIPE
/// belongs to the process and not to a library, so the signal is held back in this thread only and eaten if
/// it came.
class HoldBackSigpipe {
public:
    HoldBackSigpipe() {
        ::sigemptyset(&pipe_);
        ::sigaddset(&pipe_, SIGPIPE);
        sigset_t pending;
        ::sigpending(&pending);
        was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
        ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    HoldBackSigpipe(const HoldBackSigpipe&) = delete;
    HoldBackSigpipe& operator=(const HoldBackSigpipe&) = delete;
    ~HoldBackSigpipe() {
        if (!was_pending_) {
            const timespec at_once{};
            ::sigtimedwait(&pipe_, nullptr, &at_once);
        }
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }

private:
    sigset_t pipe_{};
    sigset_t before_{};
    bool was_pending_ = false;
};

/// One of the child's output streams on our side.
struct Stream {
    Descriptor fd;
    std::string text;
    std::size_t line_start = 0;
};

/// Feeds a child, collects what it says and ends it when it takes too long or says too much.
class Conversation {
public:
    Conversation(const Command& command, Child child, Descriptor in, Descriptor out, Descriptor err)
        : command_(command), child_(std::move(child)), in_(std::move(in)) {
        out_.fd = std::move(out);
        err_.fd = std::move(err);
        unsent_ = command.secret_input.empty() ? command.input : command.secret_input.reveal();
    }

    Result<CommandResult> run() {
        const HoldBackSigpipe guard;
        const Time started = std::chrono::steady_clock::now();
        deadline_ = started + scaled(command_.timeout);
        while (!ended_ && !abandoned_) {
            if (std::chrono::steady_clock::now() >= deadline_) {
                escalate(Verdict::timeout);
            }
            poll_once();
        }
        drain(out_);
        drain(err_);
        const int status = reap();
        if (verdict_ != Verdict::none) {
            return failure();
        }
        last_line(out_);
        last_line(err_);
        return CommandResult{.exit_status = status,
                             .out = std::move(out_.text),
                             .err = std::move(err_.text),
                             .duration = std::chrono::duration_cast<std::chrono::milliseconds>(
                                 std::chrono::steady_clock::now() - started)};
    }

private:
    enum class Verdict { none, timeout, too_large };
    enum class Signalled { no, term, kill };

    /// SIGTERM first, SIGKILL after a grace time; a process that survives that hangs in the kernel on a
    /// broken device and will not be waited for.
    void escalate(Verdict verdict) {
        if (verdict_ == Verdict::none) {
            verdict_ = verdict;
        }
        deadline_ = std::chrono::steady_clock::now() + scaled(std::chrono::seconds{2});
        switch (signalled_) {
            case Signalled::no:
                ::kill(-child_.pid, SIGTERM);
                signalled_ = Signalled::term;
                return;
            case Signalled::term:
                ::kill(-child_.pid, SIGKILL);
                signalled_ = Signalled::kill;
                return;
            case Signalled::kill:
                abandoned_ = true;
                return;
        }
    }

    void poll_once() {
        std::array<pollfd, 4> watched{{{.fd = child_.handle.get(), .events = POLLIN, .revents = 0},
                                       {.fd = in_.get(), .events = POLLOUT, .revents = 0},
                                       {.fd = out_.fd.get(), .events = POLLIN, .revents = 0},
                                       {.fd = err_.fd.get(), .events = POLLIN, .revents = 0}}};
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
        const auto wait = std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, 60'000);
        if (::poll(watched.data(), watched.size(), static_cast<int>(wait)) <= 0) {
            return;  // the deadline, or a signal to this process
        }
        if (watched[1].revents != 0) {
            feed();
        }
        if (watched[2].revents != 0) {
            take(out_);
        }
        if (watched[3].revents != 0) {
            take(err_);
        }
        ended_ = watched[0].revents != 0;
    }

    void feed() {
        const auto n = ::write(in_.get(), unsent_.data(), unsent_.size());
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        // A program need not read all its input; what is left then is dropped, as in a shell's pipe.
        unsent_.remove_prefix(n < 0 ? unsent_.size() : static_cast<std::size_t>(n));
        if (unsent_.empty()) {
            in_.close();
        }
    }

    /// One read; false when there is nothing more for now.
    bool take(Stream& stream) {
        std::array<char, 64UL * 1024> buffer{};
        const auto n = ::read(stream.fd.get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) {
            return true;
        }
        if (n < 0 && errno == EAGAIN) {
            return false;
        }
        if (n <= 0) {
            stream.fd.close();
            return false;
        }
        if (verdict_ != Verdict::none) {
            return true;  // read on so that the program is not stuck while it ends, but keep nothing
        }
        if (static_cast<std::size_t>(n) > command_.max_output - stream.text.size()) {
            escalate(Verdict::too_large);
            return true;
        }
        stream.text.append(buffer.data(), static_cast<std::size_t>(n));
        whole_lines(stream);
        return true;
    }

    /// What the program itself has written before it ended is in the pipe by now. The end of the pipe is not
    /// waited for: a daemon that the program left behind may hold it open for ever.
    void drain(Stream& stream) {
        while (verdict_ == Verdict::none && stream.fd.is_open() && take(stream)) {
        }
    }

    /// Programs that show their progress write over the same line: a carriage return ends one, too.
    void whole_lines(Stream& stream) {
        if (!command_.on_line) {
            return;
        }
        for (auto end = stream.text.find_first_of("\r\n", stream.line_start); end != std::string::npos;
             end = stream.text.find_first_of("\r\n", stream.line_start)) {
            command_.on_line(
                std::string_view(stream.text).substr(stream.line_start, end - stream.line_start));
            stream.line_start = end + 1;
        }
    }

    void last_line(Stream& stream) const {
        if (command_.on_line && stream.line_start < stream.text.size()) {
            command_.on_line(std::string_view(stream.text).substr(stream.line_start));
        }
    }

    int reap() {
        if (abandoned_) {
            return 0;
        }
        if (verdict_ != Verdict::none) {
            // The leader has ended; the rest of its group goes as well, while the group's number is still
            // ours.
            ::kill(-child_.pid, SIGKILL);
        }
        int status = 0;
        while (::waitpid(child_.pid, &status, 0) < 0 && errno == EINTR) {
        }
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }

    std::unexpected<Error> failure() const {
        const std::string& name = command_.argv.front();
        const std::string command = quote_command(command_.argv);
        if (verdict_ == Verdict::too_large) {
            return fail("command.output-too-large",
                        std::format("{} printed more than {} bytes and was ended", name, command_.max_output),
                        command);
        }
        return fail(
            "command.timeout",
            std::format("{} did not end within {:.1f} s and {}", name,
                        static_cast<double>(scaled(command_.timeout).count()) / 1000,
                        abandoned_ ? "cannot be killed" : "was killed"),
            command,
            abandoned_ ? "it hangs in the kernel, mostly on a device that does not answer: see dmesg" : "");
    }

    const Command& command_;
    Child child_;
    Descriptor in_;
    Stream out_;
    Stream err_;
    std::string_view unsent_;
    Time deadline_;
    Verdict verdict_ = Verdict::none;
    Signalled signalled_ = Signalled::no;
    bool ended_ = false;
    bool abandoned_ = false;
};

struct Pipe {
    Descriptor read;
    Descriptor write;
};

Result<Pipe> make_pipe(const Command& command) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail("command.start", std::format("cannot make a pipe: {}", std::strerror(errno)),
                    quote_command(command.argv));
    }
    return Pipe{.read = Descriptor(ends[0]), .write = Descriptor(ends[1])};
}

/// Our ends only: O_NONBLOCK belongs to one end of a pipe, the program's own end stays as it expects it.
void set_nonblocking(const Descriptor& fd) {
    ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

Result<Descriptor> open_file(const std::filesystem::path& path, int flags, const Command& command) {
    Descriptor fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
    if (!fd.is_open()) {
        return fail("command.start", std::format("cannot open {}: {}", path.string(), std::strerror(errno)),
                    quote_command(command.argv));
    }
    return fd;
}

/// LC_ALL and PATH, the caller's HOME, and what the command asks for, which wins.
std::vector<std::string> environment_of(const Command& command) {
    const char* home = std::getenv("HOME");
    std::vector<std::pair<std::string, std::string>> variables = {{"LC_ALL", "C.UTF-8"},
                                                                  {"PATH", std::string(search_path)},
                                                                  {"HOME", home == nullptr ? "/root" : home}};
    for (const auto& [name, value] : command.environment) {
        std::erase_if(variables, [&](const auto& variable) { return variable.first == name; });
        variables.emplace_back(name, value);
    }
    std::vector<std::string> lines;
    for (const auto& [name, value] : variables) {
        lines.push_back(std::format("{}={}", name, value));
    }
    return lines;
}

class LinuxCommandRunner : public CommandRunner {
public:
    Result<CommandResult> run(const Command& command) override {
        if (command.argv.empty()) {
            return fail("command.not-found", "an empty command");
        }
        SpawnRequest request{
            .argv = command.argv, .environment = environment_of(command), .directory = command.directory};
        BEDPLATE_ASSIGN(const auto program, find_program(command.argv.front(), search_path));
        Pipe in;
        Pipe out;
        Pipe err;
        if (command.input.empty() && command.secret_input.empty()) {
            BEDPLATE_ASSIGN(in.read, open_file("/dev/null", O_RDONLY, command));
        } else {
            BEDPLATE_ASSIGN(in, make_pipe(command));
            set_nonblocking(in.write);
        }
        if (command.output_file.empty()) {
            BEDPLATE_ASSIGN(out, make_pipe(command));
            BEDPLATE_ASSIGN(err, make_pipe(command));
            set_nonblocking(out.read);
            set_nonblocking(err.read);
        } else {
            BEDPLATE_ASSIGN(out.write,
                            open_file(command.output_file, O_WRONLY | O_CREAT | O_APPEND, command));
        }
        request.in = in.read.get();
        request.out = out.write.get();
        request.err = command.output_file.empty() ? err.write.get() : out.write.get();
        BEDPLATE_ASSIGN(auto child, spawn(program, request));
        // The program's ends must not stay open here, or its streams would never end.
        in.read.close();
        out.write.close();
        err.write.close();
        return Conversation(command, std::move(child), std::move(in.write), std::move(out.read),
                            std::move(err.read))
            .run();
    }
};

}  // namespace

std::unique_ptr<CommandRunner> linux_command_runner() {
    return std::make_unique<LinuxCommandRunner>();
}

}  // namespace bedplate
