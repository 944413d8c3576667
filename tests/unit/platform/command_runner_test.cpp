// SPDX-License-Identifier: GPL-3.0-or-later
// Real processes. The programs are those of the essential packages; sh stands in for programs that misbehave.
#include "platform/command_runner.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/text.hpp"
#include "platform/linux/linux.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;
using namespace std::chrono_literals;

namespace {

Command shell(std::string script) {
    return Command{.argv = {"sh", "-c", std::move(script)}};
}

/// Whether a process is there and not just a zombie.
bool is_alive(const std::string& pid) {
    std::ifstream file("/proc/" + pid + "/stat");
    const std::string stat(std::istreambuf_iterator<char>(file), {});
    return !stat.empty() && !stat.contains(") Z ");
}

/// A killed process needs a moment to go.
bool goes_away(const std::string& pid) {
    for (int i = 0; i < 200; ++i) {
        if (!is_alive(pid)) {
            return true;
        }
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

std::string slurp(const std::filesystem::path& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

TEST_CASE("a program's output, errors and status are values") {
    const auto runner = linux_command_runner();
    const auto result = runner->run(shell("echo out; echo err >&2; exit 3"));
    REQUIRE(result.has_value());
    CHECK(result->exit_status == 3);
    CHECK(result->out == "out\n");
    CHECK(result->err == "err\n");
}

TEST_CASE("words reach the program as they are") {
    const auto runner = linux_command_runner();
    const auto result = runner->run(Command{.argv = {"printf", "[%s]", "a b", "", "$HOME; *", "'\"\\", "ä"}});
    REQUIRE(result.has_value());
    CHECK(result->out == "[a b][][$HOME; *]['\"\\][ä]");
}

TEST_CASE("the child's environment is clean") {
    ::setenv("BEDPLATE_LEAK", "1", 1);
    ::setenv("LD_LIBRARY_PATH", "/nowhere", 1);
    const auto runner = linux_command_runner();
    const auto result = runner->run(Command{.argv = {"env"}, .environment = {{"EXTRA", "x=y z"}}});
    ::unsetenv("BEDPLATE_LEAK");
    ::unsetenv("LD_LIBRARY_PATH");
    REQUIRE(result.has_value());
    auto lines = split(trim(result->out), '\n');
    std::ranges::sort(lines);
    REQUIRE(lines.size() == 4);
    CHECK(lines[0] == "EXTRA=x=y z");
    CHECK(lines[1].starts_with("HOME="));
    CHECK(lines[2] == "LC_ALL=C.UTF-8");
    CHECK(lines[3] == "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}

TEST_CASE("a command can override the environment and the folder") {
    const auto runner = linux_command_runner();
    Command command = shell("echo $LC_ALL; pwd");
    command.environment = {{"LC_ALL", "C"}};
    command.directory = "/usr";
    CHECK(runner->run(command)->out == "C\n/usr\n");
}

TEST_CASE("standard input is empty unless something is given") {
    const auto runner = linux_command_runner();
    CHECK(runner->run(Command{.argv = {"cat"}})->out.empty());
    CHECK(runner->run(Command{.argv = {"cat"}, .input = "plain"})->out == "plain");
    CHECK(runner->run(Command{.argv = {"cat"}, .input = "plain", .secret_input = Secret("hidden")})->out ==
          "hidden");
}

TEST_CASE("a secret is seen neither in the process list nor in the environment") {
    const auto runner = linux_command_runner();
    const auto result = runner->run(Command{
        .argv = {"sh", "-c", "cat /proc/self/cmdline /proc/self/environ /proc/$$/cmdline; cat > /dev/null"},
        .secret_input = Secret("canary-8d1f")});
    REQUIRE(result.has_value());
    CHECK_FALSE(result->out.contains("canary"));
}

TEST_CASE("a failing command that was given a secret does not show it") {
    const auto runner = linux_command_runner();
    const auto result =
        run_checked(*runner, Command{.argv = {"sh", "-c", "cat > /dev/null; echo broken >&2; exit 1"},
                                     .secret_input = Secret("canary-8d1f")});
    REQUIRE_FALSE(result.has_value());
    CHECK_FALSE(result.error().to_text().contains("canary"));
}

TEST_CASE("large input and output pass at the same time without a deadlock") {
    const auto runner = linux_command_runner();
    const std::string text(8U * 1024 * 1024, 'x');
    const auto result = runner->run(Command{.argv = {"cat"}, .input = text});
    REQUIRE(result.has_value());
    CHECK(result->out == text);
}

TEST_CASE("a program that does not read its input is no error and does not end this one") {
    const auto runner = linux_command_runner();
    for (const char* script : {"exec 0<&-; sleep 0.1; echo done", "head -c 1 > /dev/null; echo done"}) {
        Command command = shell(script);
        command.input = std::string(1024UL * 1024, 'x');
        const auto result = runner->run(command);
        REQUIRE(result.has_value());
        CHECK(result->out == "done\n");
    }
    sigset_t pending;
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGPIPE) == 0);
}

TEST_CASE("bytes of any kind come through") {
    const auto runner = linux_command_runner();
    const std::string bytes("\0\xff\n\r\x1b", 5);
    CHECK(runner->run(Command{.argv = {"cat"}, .input = bytes})->out == bytes);
}

TEST_CASE("too much output ends the program with an error") {
    const auto runner = linux_command_runner();
    Command command{.argv = {"yes"}, .max_output = 100'000};
    const auto started = std::chrono::steady_clock::now();
    const auto result = runner->run(command);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == "command.output-too-large");
    CHECK(result.error().where == "yes");
    CHECK(std::chrono::steady_clock::now() - started < 10s);
    command = shell("head -c 100000 /dev/zero");
    command.max_output = 100'000;
    CHECK(runner->run(command)->out.size() == 100'000);
}

TEST_CASE("a program that takes too long is killed with its whole group") {
    const fakes::TempDir dir;
    const auto runner = linux_command_runner();
    Command command = shell("sleep 1000 & echo $! > child; echo $$ > self; wait");
    command.directory = dir.path();
    command.timeout = 300ms;
    const auto result = runner->run(command);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == "command.timeout");
    CHECK(result.error().where.contains("sleep 1000"));
    CHECK(goes_away(std::string(trim(slurp(dir / "self")))));
    CHECK(goes_away(std::string(trim(slurp(dir / "child")))));
}

TEST_CASE("a program that ignores SIGTERM gets SIGKILL") {
    const auto runner = linux_command_runner();
    Command command = shell("trap '' TERM; while :; do sleep 0.05; done");
    command.timeout = 100ms;
    const auto started = std::chrono::steady_clock::now();
    const auto result = runner->run(command);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == "command.timeout");
    CHECK(std::chrono::steady_clock::now() - started < 10s);
}

TEST_CASE("the end of the program counts, not the end of what it left behind") {
    const fakes::TempDir dir;
    const auto runner = linux_command_runner();
    Command command = shell("echo early; sleep 60 & echo $! > daemon; echo late");
    command.directory = dir.path();
    const auto started = std::chrono::steady_clock::now();
    const auto result = runner->run(command);
    REQUIRE(result.has_value());
    CHECK(result->out == "early\nlate\n");
    CHECK(std::chrono::steady_clock::now() - started < 10s);
    const std::string daemon(trim(slurp(dir / "daemon")));
    CHECK(is_alive(daemon));
    ::kill(std::stoi(daemon), SIGKILL);
}

TEST_CASE("a program ended by a signal has status 128 and the signal's number") {
    const auto runner = linux_command_runner();
    CHECK(runner->run(shell("kill -9 $$"))->exit_status == 137);
    CHECK(runner->run(shell("kill -15 $$"))->exit_status == 143);
}

TEST_CASE("a missing program is an error of its own, whatever the reason") {
    const fakes::TempDir dir;
    std::ofstream(dir / "no-interpreter") << "#!/no/such/interpreter\n";
    std::ofstream(dir / "not-executable") << "#!/bin/sh\n";
    std::filesystem::permissions(dir / "no-interpreter", std::filesystem::perms::owner_all);
    const auto runner = linux_command_runner();
    for (const std::string& program :
         {std::string("no-such-program-bedplate"), std::string("/no/such/program"), std::string(),
          (dir / "no-interpreter").string(), (dir / "not-executable").string(), dir.path().string()}) {
        INFO(program);
        const auto result = runner->run(Command{.argv = {program}});
        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().code == "command.not-found");
    }
    CHECK(runner->run(Command{.argv = {}}).error().code == "command.not-found");
}

TEST_CASE("a missing folder is not mistaken for a missing program") {
    const auto runner = linux_command_runner();
    const auto result = runner->run(Command{.argv = {"true"}, .directory = "/no/such/folder"});
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == "command.start");
    CHECK(result.error().message.contains("/no/such/folder"));
}

TEST_CASE("lines are reported as they arrive, also the last one without a newline") {
    const auto runner = linux_command_runner();
    std::vector<std::string> lines;
    Command command = shell("printf 'one\\ntw'; sleep 0.1; printf 'o\\n\\nthree'");
    command.on_line = [&](std::string_view line) { lines.emplace_back(line); };
    REQUIRE(runner->run(command).has_value());
    CHECK(lines == std::vector<std::string>{"one", "two", "", "three"});
}

TEST_CASE("progress that is written over itself is reported as it is written") {
    const auto runner = linux_command_runner();
    std::vector<std::string> lines;
    Command command = shell("printf '(10%%)\\r(20%%)\\rdone\\n'");
    command.on_line = [&](std::string_view line) { lines.emplace_back(line); };
    REQUIRE(runner->run(command).has_value());
    CHECK(lines == std::vector<std::string>{"(10%)", "(20%)", "done"});
}

TEST_CASE("output goes to a file where one is named, appended and private") {
    const fakes::TempDir dir;
    const auto runner = linux_command_runner();
    for (const char* script : {"echo one; echo two >&2", "echo three"}) {
        Command command = shell(script);
        command.output_file = dir / "log";
        const auto result = runner->run(command);
        REQUIRE(result.has_value());
        CHECK(result->out.empty());
    }
    CHECK(slurp(dir / "log") == "one\ntwo\nthree\n");
    CHECK((std::filesystem::status(dir / "log").permissions() & std::filesystem::perms::mask) ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("no open file of this process gets into the child") {
    // Without O_CLOEXEC, as careless libraries do it.
    const int leak = ::open("/etc/passwd", O_RDONLY);
    const auto runner = linux_command_runner();
    const auto result = runner->run(Command{.argv = {"ls", "/proc/self/fd"}});
    ::close(leak);
    REQUIRE(result.has_value());
    CHECK(result->out == "0\n1\n2\n3\n");  // 3 is ls's own look at the folder
}

TEST_CASE("a child starts with the signals' usual actions and no terminal") {
    sigset_t blocked;
    sigset_t before;
    sigfillset(&blocked);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    // Some service managers leave even glibc's internal signal 32 ignored, which sigaction(3) does not touch.
    const std::array<std::uint64_t, 4> ignore{1};  // SIG_IGN, no flags, no restorer, empty mask
    std::array<std::uint64_t, 4> usual{};
    REQUIRE(::syscall(SYS_rt_sigaction, 32, ignore.data(), usual.data(), sizeof(std::uint64_t)) == 0);
    const auto runner = linux_command_runner();
    const auto masks = runner->run(Command{.argv = {"grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status"}});
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::syscall(SYS_rt_sigaction, 32, usual.data(), nullptr, sizeof(std::uint64_t));
    REQUIRE(masks.has_value());
    CHECK(masks->out == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    CHECK(runner->run(shell("exec 2>/dev/null; echo x > /dev/tty"))->exit_status != 0);
}

TEST_CASE("commands run from many threads at once") {
    const auto runner = linux_command_runner();
    std::vector<std::string> outputs(8);
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            threads.emplace_back([&, i] {
                for (int round = 0; round < 10; ++round) {
                    outputs[i] += runner->run(Command{.argv = {"cat"}, .input = std::to_string(i)})->out;
                }
            });
        }
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        CHECK(outputs[i] == std::string(10, static_cast<char>('0' + i)));
    }
}

TEST_CASE("run_checked names the command, the status and the last words") {
    const auto runner = linux_command_runner();
    CHECK(run_checked(*runner, shell("echo fine")) == "fine\n");
    const auto result = run_checked(*runner, shell("seq 1 100 >&2; exit 4"));
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == "command.failed");
    CHECK(result.error().message == "sh ended with status 4: 96 | 97 | 98 | 99 | 100");
    CHECK(result.error().where == "sh -c 'seq 1 100 >&2; exit 4'");
    CHECK(run_checked(*runner, shell("echo only here; exit 1")).error().message.contains("only here"));
}
