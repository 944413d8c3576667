// SPDX-License-Identifier: GPL-3.0-or-later
#include "installation.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <map>
#include <random>
#include <regex>

#include "base/text.hpp"
#include "figures.hpp"
#include "harness/disk_images.hpp"
#include "harness/medium_copy.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"

namespace bedplate::vm {

using std::chrono::minutes;
using std::chrono::seconds;

namespace {

/// Not a hash of anything: nobody can log in with it, and it is nowhere by accident.
const std::string password_canary = "$6$bedplatecanary$" + std::string(86, 'Q');

/// "extract     41 %  ...  38.2 MB/s, 0:17 left" -> 17 seconds.
unsigned seconds_left(const std::string& line) {
    static const std::regex time_left(R"((\d+):(\d\d) left)");
    std::smatch found;
    REQUIRE(std::regex_search(line, found, time_left));
    return static_cast<unsigned>(std::stoul(found[1]) * 60 + std::stoul(found[2]));
}

void check_storage(const GuestSsh& ssh) {
    const auto report =
        must(ssh.json("lvs --reportformat json -o lv_name,vg_name,lv_size --units m --nosuffix"));
    std::map<std::string, std::string> volumes;
    for (const auto& volume : report.at("report").at(0).at("lv")) {
        CHECK(volume.at("vg_name") == "sys");
        volumes[volume.at("lv_name").get<std::string>()] = volume.at("lv_size").get<std::string>();
    }
    // profiles/vm-r750.yaml
    CHECK(volumes == std::map<std::string, std::string>{
                         {"log", "1024.00"}, {"root", "6144.00"}, {"swap", "512.00"}, {"var", "3072.00"}});
    for (const auto* mount : {"/", "/boot", "/var", "/var/log"}) {
        INFO(mount);
        CHECK(must(ssh.output(std::string("findmnt -n -o FSTYPE ") + mount)) == "ext4");
    }
    CHECK(must(ssh.output("lsblk -ndo SERIAL $(pvs --noheadings -o pv_name | tr -d '0-9 ')")) == "BPSYS0001");
}

void check_identity(const GuestSsh& ssh, Firmware firmware) {
    CHECK(must(ssh.output("hostname")) == "vmnode1");
    CHECK(std::regex_match(must(ssh.output("cat /etc/machine-id")), std::regex("[0-9a-f]{32}")));
    CHECK(must(ssh.output("ls -d /sys/firmware/efi 2>/dev/null || true")).empty() ==
          (firmware == Firmware::bios));
    if (firmware != Firmware::bios) {
        CHECK(must(ssh.output("efibootmgr")).find("edplate") != std::string::npos);
    }
}

}  // namespace

std::uint64_t test_seed() {
    const char* given = std::getenv("BEDPLATE_TEST_SEED");
    return given != nullptr ? std::stoull(given) : std::random_device{}();
}

unsigned amount(const char* variable, unsigned otherwise) {
    const char* given = std::getenv(variable);
    return given != nullptr ? static_cast<unsigned>(std::stoul(given)) : otherwise;
}

std::filesystem::path make_medium(const Workspace& workspace, const TestMachine& machine,
                                  std::uint64_t generation) {
    const auto medium = workspace / "medium.iso";
    must(personalized_copy(medium, site_text({.ssh_key = machine.ssh_key().public_line,
                                              .password_hash = password_canary,
                                              .generation = generation})));
    return medium;
}

std::chrono::seconds wait_for_extraction(SerialConsole& serial, unsigned percent) {
    constexpr std::string_view progress = R"(^extract .*\d+:\d\d left)";
    const auto begun = std::chrono::steady_clock::now();
    const auto whole = seconds_left(must(serial.wait_for(progress, scaled(install_timeout))));
    const auto before = std::chrono::duration_cast<seconds>(std::chrono::steady_clock::now() - begun);
    while (seconds_left(must(serial.wait_for(progress, scaled(install_timeout)))) * 100 >
           whole * (100 - percent)) {
    }
    constexpr seconds afterwards{20};  // configuration, boot loader, seal
    return before + seconds(whole) + afterwards;
}

std::chrono::milliseconds run_installation(const TestMachine& machine, const std::filesystem::path& medium) {
    const Timed timed("an installation from power-on to power-off");
    auto vm = machine.boot_medium(medium, first_line);
    const auto begun = std::chrono::steady_clock::now();
    must(vm->serial().wait_for("is installed; switching off", scaled(install_timeout)));
    const auto took = std::chrono::steady_clock::now() - begun;
    const auto ended = must(vm->wait_exit(scaled(minutes(2))));
    CHECK(ended.status == 0);
    UNSCOPED_INFO("installation took " << ended.wall.count() << " ms");
    return std::chrono::duration_cast<std::chrono::milliseconds>(took);
}

void check_node(const TestMachine& machine, const Workspace& workspace, Firmware firmware) {
    const Timed timed("the node from power-on to power-off");
    auto vm = machine.boot_node();
    const auto ssh = machine.ssh();
    CHECK(must(ssh.run("systemctl is-system-running --wait", scaled(minutes(5)))).out == "running\n");
    check_identity(ssh, firmware);
    check_storage(ssh);
    // A disk that is late does not keep a node from starting.
    CHECK(must(ssh.output("systemctl show --property DefaultDeviceTimeoutUSec --value")) == "10min");
    CHECK(to_text(running_node(ssh)).empty());
    must(vm->screendump(workspace / "node.png"));
    must(vm->powerdown());
    CHECK(must(vm->wait_exit(scaled(minutes(3)))).status == 0);
}

void check_refusal(const TestMachine& machine, const std::filesystem::path& medium) {
    const Timed timed("the refusal");
    const auto before = must(content_digest(machine.system_disk()));
    auto vm = machine.boot_medium(medium, first_line);
    must(vm->serial().wait_for(R"(code install\.generation, exit status 4)", scaled(minutes(2))));
    for (const auto& [disk, counters] : must(vm->disk_counters())) {
        INFO(disk);
        CHECK(counters.written_bytes == 0);
    }
    vm->power_cut();
    CHECK(must(content_digest(machine.system_disk())) == before);
}

void check_audits(const TestMachine& machine, const Workspace& workspace) {
    const Timed timed("the audits");
    CHECK(to_text(machine.protected_disks().check()).empty());
    CHECK(to_text(secrets_in_files(workspace.path(), {".log", ".png"}, {.text = password_canary})).empty());
    CHECK(to_text(secrets_on_disk(machine.system_disk(), {.text = password_canary, .allowed_after = "root:"}))
              .empty());
}

}  // namespace bedplate::vm
