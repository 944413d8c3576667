// SPDX-License-Identifier: GPL-3.0-or-later
// The system disk dies in the middle of an installation, in each way in which disks die: the error names the
// disk, its bay, the step and the command, in time, and what is left does not boot.
#include <catch2/catch_test_macros.hpp>
#include <format>

#include "figures.hpp"
#include "harness/offline_node.hpp"
#include "installation.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"

using namespace bedplate;
using namespace bedplate::vm;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

struct Fault {
    std::string name;
    std::optional<DiskFault> fault;  ///< none: the disk is pulled out
    std::string at;                  ///< a line of the installation at which it begins
};

// From the progress lines: the table is being written, file systems are made, the payload is unpacked, the
// boot files are read back.
const std::vector<Fault> faults{
    {"write-partition", DiskFault::write_error, "partition.table|^partition"},
    {"write-format", DiskFault::write_error, "^format"},
    {"write-extract", DiskFault::write_error, R"(^extract .*\d+:\d\d left)"},
    {"space-extract", DiskFault::no_space, R"(^extract .*\d+:\d\d left)"},
    {"flush-extract", DiskFault::flush_error, R"(^extract .*\d+:\d\d left)"},
    {"read-extract", DiskFault::read_error, R"(^extract .*\d+:\d\d left)"},
    {"hang-extract", DiskFault::hang, R"(^extract .*\d+:\d\d left)"},
    {"pull-extract", std::nullopt, R"(^extract .*\d+:\d\d left)"},
    {"write-seal", DiskFault::write_error, "^bootloader|^seal"},
    {"pull-format", std::nullopt, "^format"},
};

constexpr seconds error_limit{60};

void check_message(const std::string& text) {
    INFO(text);
    CHECK(text.find("BPSYS0001") != std::string::npos);     // the disk
    CHECK(text.find("pci-0000:00:") != std::string::npos);  // its bay
    const bool step =
        text.find("extract.") != std::string::npos || text.find("format.") != std::string::npos ||
        text.find("partition.") != std::string::npos || text.find("configure.") != std::string::npos ||
        text.find("bootloader.") != std::string::npos || text.find("seal.") != std::string::npos;
    CHECK(step);
}

/// Returns the time from the fault to the message.
milliseconds install_with_fault(const Fault& fault) {
    Workspace workspace("fault-" + fault.name);
    const TestMachine machine(workspace, Firmware::uefi, mib(2560));
    const auto medium = make_medium(workspace, machine);
    auto vm = machine.boot_medium(medium, first_line);
    must(vm->serial().wait_for(fault.at, scaled(install_timeout)));
    const auto begun = std::chrono::steady_clock::now();
    if (fault.fault) {
        must(vm->inject("system", *fault.fault));
    } else {
        must(vm->unplug("system"));
    }
    // A flush or a read that fails is only met when one is made: at the end of the extraction.
    const bool late = fault.fault == DiskFault::flush_error || fault.fault == DiskFault::read_error;
    const auto ended = vm->serial().wait_for("code [a-z.-]+, exit status 1",
                                             scaled(late ? seconds(install_timeout) : error_limit));
    const auto took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
    const auto text = vm->serial().text();
    must(vm->screendump(workspace / "screen.png"));
    vm->power_cut();
    INFO(fault.name);
    must(ended);
    check_message(text.substr(
        text.rfind("INSTALLATION FAILED") == std::string::npos ? 0 : text.rfind("INSTALLATION FAILED")));
    CHECK_FALSE(is_bootable(machine.system_disk(), Firmware::uefi));
    CHECK(to_text(machine.protected_disks().check()).empty());
    proved(std::format("{}: a named error after {:.1f} s", fault.name,
                       static_cast<double>(took.count()) / 1000));
    workspace.succeeded();
    return took;
}

}  // namespace

TEST_CASE("a system disk that dies during an installation", "[io-faults]") {
    for (const auto& fault : faults) {
        DYNAMIC_SECTION(fault.name) {
            install_with_fault(fault);
        }
    }
}
