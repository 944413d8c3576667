// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "qmp_client.hpp"
#include "serial_console.hpp"
#include "vm_spec.hpp"

namespace bedplate::vm {

/// How a QEMU process ended.
struct Exit {
    int status = 0;  ///< 128 + signal number where a signal ended it
    std::chrono::milliseconds wall{};
    std::chrono::milliseconds cpu{};  ///< user and system time of all its threads
};

/// What the guest did to one disk, as QEMU counted it.
struct DiskCounters {
    std::uint64_t read_bytes = 0, written_bytes = 0, write_operations = 0;
};

/// What a disk that dies does. `hang`: it takes requests and does not answer.
enum class DiskFault { read_error, write_error, flush_error, no_space, hang };

/// A running virtual machine. Its process dies with this object, and with the thread that started it.
class Vm {
public:
    /// Starts QEMU with logs in `directory`: serial.log, qmp.log, qemu.log and the command line in qemu.txt.
    /// A second machine in the same folder appends a number to the names. Errors: vm.start, those of
    /// QmpClient.
    [[nodiscard]] static Result<std::unique_ptr<Vm>> start(VmSpec spec,
                                                           const std::filesystem::path& directory,
                                                           Accelerator accelerator);
    ~Vm();
    Vm(const Vm&) = delete;
    Vm& operator=(const Vm&) = delete;

    [[nodiscard]] SerialConsole& serial() { return *serial_; }
    [[nodiscard]] QmpClient& qmp() { return *qmp_; }
    [[nodiscard]] const VmSpec& spec() const { return spec_; }

    /// SIGKILL: the guest's memory and QEMU's own state are gone in one moment; what reached the host stays.
    Exit power_cut();
    [[nodiscard]] Result<void> reset();
    /// The power button, pressed shortly (ACPI).
    [[nodiscard]] Result<void> powerdown();
    /// Wait until the guest has powered itself off. Errors: vm.timeout.
    [[nodiscard]] Result<Exit> wait_exit(std::chrono::milliseconds timeout);
    [[nodiscard]] bool running();
    /// The guest's kernel gave up because the host was too busy to emulate its timer in time ("IO-APIC +
    /// timer doesn't work", within the first tenth of a second). That says nothing about the guest: start it
    /// again.
    [[nodiscard]] bool starved() const;
    /// What the guest's kernel could still give away without swapping, as of a second ago (VmSpec::balloon);
    /// nothing before its driver is there. Errors: those of QmpClient.
    [[nodiscard]] Result<std::optional<Bytes>> memory_left();
    /// The screen as a PNG file.
    [[nodiscard]] Result<void> screendump(const std::filesystem::path& png);
    /// Text as key presses on the PC keyboard (US layout); '\n' is Enter, '\t' Tab, others below 0x20 are
    /// Ctrl with a letter. The next key is pressed when the guest has read the one before: its keyboard
    /// controller keeps 16 bytes and drops the rest. Errors: vm.key (a character that this keyboard does not
    /// have, a guest that does not read its keyboard).
    [[nodiscard]] Result<void> type_keys(std::string_view text);
    /// What is in the drive of the CD, taken out even if the guest has locked it.
    [[nodiscard]] Result<void> eject_medium();
    [[nodiscard]] Result<void> insert_medium(const std::filesystem::path& iso);
    [[nodiscard]] Result<void> set_link(std::string_view nic, bool up);
    /// By id of the disk.
    [[nodiscard]] Result<std::map<std::string, DiskCounters>> disk_counters();

    /// From now on the disk's requests of this kind fail, or none is answered any more. Errors: qmp.command.
    [[nodiscard]] Result<void> inject(const std::string& disk, DiskFault fault);
    /// Pull the disk out of its bay. Errors: qmp.command.
    [[nodiscard]] Result<void> unplug(const std::string& disk);

private:
    Vm(VmSpec spec, pid_t pid);
    [[nodiscard]] std::optional<Exit> poll_exit(int options);
    [[nodiscard]] Result<void> press(char c);
    [[nodiscard]] std::uint64_t keyboard_reads();

    VmSpec spec_;
    pid_t pid_;
    std::chrono::steady_clock::time_point started_;
    std::optional<Exit> exit_;
    std::filesystem::path qemu_log_;
    std::ifstream keyboard_log_;  ///< qemu_log_, as far as it was read
    std::uint64_t keyboard_reads_ = 0;
    std::unique_ptr<SerialConsole> serial_;
    std::unique_ptr<QmpClient> qmp_;
};

}  // namespace bedplate::vm
