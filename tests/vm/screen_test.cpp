// SPDX-License-Identifier: GPL-3.0-or-later
// A person at the console: the installation typed on the serial line and on the VGA screen, and the saved
// answers installing a second machine by themselves.
#include <catch2/catch_test_macros.hpp>
#include <exception>
#include <fstream>
#include <functional>
#include <thread>

#include "harness/accelerator.hpp"
#include "harness/medium_copy.hpp"
#include "installation.hpp"
#include "machine.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"
#include "serial_screen.hpp"

using namespace bedplate;
using namespace bedplate::vm;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr minutes screen_timeout{5};
constexpr seconds answer{60};

/// Types on one console; looks at the serial one, which shows or mirrors everything.
using Type = std::function<void(std::string_view)>;

/// From the welcome screen to the review. `shot` is called on every screen.
void answer_questions(SerialScreen& screen, const Type& type, const std::string& ssh_key,
                      const std::function<void(const std::string&)>& shot, bool watching) {
    // A watching screen names the step that the other one is at.
    const auto at = [&](std::string_view title, std::string_view step) {
        screen.wait_for(watching ? std::string("It is at: ") + std::string(step) : std::string(title),
                        scaled(answer));
        shot(std::string(step));
    };
    at("service tag", "welcome");
    type("\n");
    at("Hardware profile", "profile");
    type("\n");
    at("Space may be erased", "disks");
    type("\n");
    at("Management subnet", "network");
    type("10.0.2.0/24\t\t10.0.2.2\t10.0.2.3\t10.0.2.2\n");
    at("Cluster name", "node");
    // Cluster, domain, (time zone), host name, address, key: each field is reached with Tab; Ctrl-U empties
    // it.
    type(
        "vmtest\tvm.example.com\t\t\x15vmnode1\t\x15"
        "15\t" +
        ssh_key + "\n");
    at("Enter install", "review");
}

void consent(SerialScreen& screen, const Type& type, bool watching) {
    type("\n");
    if (!watching) {
        screen.wait_for("Type the last four characters", scaled(answer));
    }
    type("0002\n");  // a wrong one first
    if (!watching) {
        screen.wait_for("Nothing was written", scaled(answer));
    }
    type("0001\n");
    screen.wait_for(" %", scaled(answer));
}

/// What the VGA screen shows when the test fails.
class ShotOfFailure {
public:
    ShotOfFailure(Vm& vm, std::filesystem::path png) : vm_(vm), png_(std::move(png)) {}
    ~ShotOfFailure() {
        if (std::uncaught_exceptions() > before_) {
            static_cast<void>(vm_.screendump(png_));
        }
    }
    ShotOfFailure(const ShotOfFailure&) = delete;
    ShotOfFailure& operator=(const ShotOfFailure&) = delete;

private:
    Vm& vm_;
    std::filesystem::path png_;
    int before_ = std::uncaught_exceptions();
};

std::unique_ptr<Vm> boot_screens(const TestMachine& machine) {
    auto vm = machine.boot_medium(must(find_iso()), "Install .screen.");
    must(vm->serial().type("\n"));  // the menu would wait half a minute
    return vm;
}

/// Leave to a shell on the serial console, run a command there, come back; returns what it prints.
std::string in_shell(SerialScreen& screen, Vm& vm, const std::string& command) {
    screen.type("\x1a");
    constexpr std::string_view prompt = "exit returns to the screens";
    screen.wait_for(prompt, scaled(answer));
    screen.type("echo \"@answer=$(" + command + ")\"@\n");
    const auto line = must(vm.serial().wait_for("@answer=([^$@]+)@", scaled(answer)));
    screen.type("exit\n");
    // What the screens showed before may still stand above the shell's lines.
    screen.wait_until_gone(prompt, scaled(answer));
    const auto begin = line.find("@answer=") + 8;
    return line.substr(begin, line.find('@', begin) - begin);
}

std::string decoded(const std::string& base64) {
    return must(run_checked(host_commands(), {.argv = {"base64", "-d"}, .input = base64}));
}

std::string digest_of_node(const std::string& json) {
    return must(parse_json(json, "node.json")).at("plan_digest").get<std::string>();
}

}  // namespace

TEST_CASE("an installation typed on the serial console of a VT220", "[screen-serial]") {
    Workspace workspace("screen-serial");
    const TestMachine machine(workspace, Firmware::uefi, mib(2560));
    auto vm = boot_screens(machine);
    SerialScreen screen(*vm);
    const Type type = [&](std::string_view keys) { screen.type(keys); };
    // Once the engine has answered, the service tag stands in the first line, whoever is in control.
    screen.wait_for("BPVM001", scaled(screen_timeout));
    if (screen.shows("is in control")) {
        type("t");
    }
    screen.wait_for("service tag", scaled(screen_timeout));
    answer_questions(screen, type, machine.ssh_key().public_line, [](const std::string&) {}, false);

    // The answers go into a file, which this machine and the next one can be installed from.
    type("s");
    screen.wait_for("Saved: /run/bedplate/site.yaml", scaled(answer));
    const auto saved = decoded(in_shell(screen, *vm, "base64 -w0 /run/bedplate/site.yaml"));
    std::ofstream(workspace / "saved.yaml") << saved;
    screen.wait_for("Enter install", scaled(answer));

    consent(screen, type, false);
    screen.wait_for("MB/s", scaled(install_timeout));
    std::ofstream(workspace / "progress.txt") << screen.text();
    screen.wait_for("ok: the node is installed", scaled(install_timeout));
    type("\n");
    CHECK(must(vm->wait_exit(scaled(minutes(2)))).status == 0);
    CHECK(is_bootable(machine.system_disk(), Firmware::uefi));
    CHECK(to_text(machine.protected_disks().check()).empty());
    CHECK(saved.contains("vmnode1"));
    // Kept for the test below, which installs a second machine from it.
    std::filesystem::copy_file(workspace / "saved.yaml",
                               workspace.path().parent_path() / "saved-by-screen.yaml",
                               std::filesystem::copy_options::overwrite_existing);
    workspace.succeeded();
}

TEST_CASE(
    "an installation typed on the VGA screen comes up, and its saved answers install a second machine alike",
    "[screen-vga]") {
    Workspace workspace("screen-vga");
    std::string first_digest;
    std::string saved;
    {
        const TestMachine machine(workspace, Firmware::uefi, mib(2560));
        auto vm = boot_screens(machine);
        const ShotOfFailure shot(*vm, workspace / "vga-failed.png");
        SerialScreen serial(*vm);
        const Type type = [&](std::string_view keys) { must(vm->type_keys(keys)); };
        serial.wait_for("BPVM001", scaled(screen_timeout));
        type("t");  // harmless where the VGA screen is in control already
        serial.wait_for("The screen on tty1 is in control", scaled(answer));
        answer_questions(
            serial, type, machine.ssh_key().public_line,
            [&](const std::string& step) {
                std::this_thread::sleep_for(scaled(seconds{2}));  // until it is drawn
                must(vm->screendump(workspace / ("vga-" + step + ".png")));
            },
            true);
        type("s");
        type("\n");
        std::this_thread::sleep_for(scaled(seconds{2}));
        must(vm->screendump(workspace / "vga-consent.png"));
        type("0001\n");
        serial.wait_for("extract", scaled(install_timeout));
        std::this_thread::sleep_for(scaled(seconds{5}));
        must(vm->screendump(workspace / "vga-progress.png"));
        saved = decoded(in_shell(serial, *vm, "base64 -w0 /run/bedplate/site.yaml"));
        serial.wait_for("ok: the node is installed", scaled(install_timeout));
        std::this_thread::sleep_for(scaled(seconds{2}));
        must(vm->screendump(workspace / "vga-result.png"));
        type("\n");
        CHECK(must(vm->wait_exit(scaled(minutes(2)))).status == 0);

        auto node = machine.boot_node();
        first_digest = digest_of_node(must(machine.ssh().output("cat /etc/bedplate/node.json")));
        CHECK(must(machine.ssh().output("hostname")) == "vmnode1");
        node->power_cut();
        CHECK(to_text(machine.protected_disks().check()).empty());
    }
    Workspace second("screen-second");
    const TestMachine machine(second, Firmware::uefi, mib(2560));
    const auto medium = second / "medium.iso";
    must(personalized_copy(medium, saved));
    auto vm = machine.boot_medium(medium, "unattended installation");
    const auto line = must(vm->serial().wait_for("digest +[0-9a-f]{64}", scaled(minutes(3))));
    CHECK(line.contains(first_digest));
    must(vm->serial().wait_for("is installed; restarting", scaled(install_timeout)));
    second.succeeded();
    workspace.succeeded();
}
