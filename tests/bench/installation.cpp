// SPDX-License-Identifier: GPL-3.0-or-later
#include "installation.hpp"

#include <chrono>
#include <mutex>
#include <optional>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "harness/accelerator.hpp"
#include "harness/disk_images.hpp"
#include "harness/medium_copy.hpp"
#include "harness/vm.hpp"
#include "harness/workspace.hpp"
#include "platform/time_scale.hpp"

namespace bedplate::bench {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

/// When each line came over the serial port, since `start`.
class Stopwatch {
public:
    void line(std::string_view text) {
        const std::chrono::duration<double> at = steady_clock::now() - start_;
        const std::scoped_lock lock(mutex_);
        lines_.emplace_back(at.count(), text);
    }
    [[nodiscard]] std::optional<double> first(const std::string& pattern) const {
        return find(lines_.begin(), lines_.end(), pattern);
    }
    [[nodiscard]] std::optional<double> last(const std::string& pattern) const {
        return find(lines_.rbegin(), lines_.rend(), pattern);
    }

private:
    template <typename Iterator>
    [[nodiscard]] std::optional<double> find(Iterator from, Iterator to, const std::string& pattern) const {
        const std::regex expression(pattern);
        const std::scoped_lock lock(mutex_);
        for (; from != to; ++from) {
            if (std::regex_search(from->second, expression)) {
                return from->first;
            }
        }
        return std::nullopt;
    }

    steady_clock::time_point start_ = steady_clock::now();
    mutable std::mutex mutex_;
    std::vector<std::pair<double, std::string>> lines_;
};

Result<vm::VmSpec> machine(const InstallationBench& bench, const fs::path& iso) {
    vm::VmSpec spec{.firmware = vm::Firmware::uefi, .memory = bench.memory, .cpus = 2};
    const auto disk = bench.work / "system.img";
    BEDPLATE_TRY(vm::make_blank_disk(disk, gib(16)));
    spec.disks = {{.id = "system",
                   .image = disk,
                   .bus = vm::DiskBus::scsi,
                   .serial = "BPSYS0001",
                   .model = "DELLBOSS VD",
                   .vendor = "ATA",
                   .boot_index = 20}};
    spec.nics = {vm::NicSpec{}};
    spec.medium = vm::MediumSpec{.iso = iso};
    // A first start of the firmware sets its variables up; both installers get that case.
    fs::remove(bench.work / "efi-variables.fd");
    return spec;
}

/// Runs the machine until `success` was printed and it has switched itself off.
Result<std::pair<vm::Exit, double>> run_machine(const InstallationBench& bench, const fs::path& iso,
                                                const std::string& success, Stopwatch& watch) {
    fs::create_directories(bench.work);
    BEDPLATE_ASSIGN(const auto spec, machine(bench, iso));
    BEDPLATE_ASSIGN(const auto accelerator, vm::choose_accelerator());
    BEDPLATE_ASSIGN(const auto guest, vm::Vm::start(spec, bench.work, accelerator));
    guest->serial().on_line([&watch](std::string_view line) { watch.line(line); });
    BEDPLATE_TRY(guest->serial().wait_for(success, scaled(std::chrono::minutes(15))));
    BEDPLATE_ASSIGN(const auto ended, guest->wait_exit(scaled(std::chrono::minutes(3))));
    return std::pair(ended, std::chrono::duration<double>(ended.wall).count());
}

Result<double> between(const std::optional<double>& from, const std::optional<double>& to,
                       std::string_view what) {
    if (!from || !to) {
        return fail("bench.marker", std::format("the serial console does not show {}", what));
    }
    return *to - *from;
}

}  // namespace

Result<InstallationTimes> install_with_bedplate(const InstallationBench& bench,
                                                const fs::path& personalized_iso) {
    Stopwatch watch;
    BEDPLATE_ASSIGN(const auto ended,
                    run_machine(bench, personalized_iso, "is installed; switching off", watch));
    InstallationTimes times{.total = ended.second,
                            .cpu = std::chrono::duration<double>(ended.first.cpu).count()};
    times.until_start = watch.first("unattended installation").value_or(0);
    BEDPLATE_ASSIGN(times.payload,
                    between(watch.first("^extract "), watch.last("^extract "), "the extraction"));
    return times;
}

Result<InstallationTimes> install_with_floor(const InstallationBench& bench, const fs::path& floor_iso) {
    Stopwatch watch;
    BEDPLATE_ASSIGN(const auto ended, run_machine(bench, floor_iso, "^@floor (finished|failed.*)@", watch));
    if (!watch.first("^@floor finished@")) {
        return fail("bench.floor", "the floor's installation failed", bench.work.string(),
                    "look at serial.log");
    }
    InstallationTimes times{.total = ended.second,
                            .cpu = std::chrono::duration<double>(ended.first.cpu).count()};
    times.until_start = watch.first("^@floor start@").value_or(0);
    BEDPLATE_ASSIGN(times.payload,
                    between(watch.first("^@floor unpack@"), watch.first("^@floor unpacked@"), "unpacking"));
    BEDPLATE_ASSIGN(times.sync,
                    between(watch.first("^@floor unpacked@"), watch.first("^@floor synced@"), "sync"));
    return times;
}

Result<fs::path> make_floor(const fs::path& iso, const fs::path& work) {
    fs::create_directories(work);
    const auto payload = work / "node.tar.zst";
    const auto kernel = work / "vmlinuz";
    const auto done = work / "floor.iso";
    if (fs::exists(done) && fs::last_write_time(done) > fs::last_write_time(iso)) {
        return done;
    }
    BEDPLATE_TRY(vm::extract_from_iso(iso, "/bedplate/payload/node.tar.zst", payload));
    BEDPLATE_TRY(vm::extract_from_iso(iso, "/boot/vmlinuz", kernel));
    fs::remove(work / "node.squashfs");
    BEDPLATE_TRY(run_checked(vm::host_commands(),
                             {.argv = {(vm::top_directory() / "tests/bench/floor/make-floor").string(),
                                       payload.string(), kernel.string(), work.string()},
                              .timeout = std::chrono::minutes(20)}));
    return done;
}

std::string bench_site() {
    return R"(schema: bedplate/site/v1
cluster: {name: bench, domain: bench.example.com, ntp: [10.0.2.2], dns: [10.0.2.3], timezone: UTC}
networks:
  management: {subnet: 10.0.2.0/24, gateway: 10.0.2.2}
access:
  ssh_authorized_keys:
    - "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f operator@workstation"
install: {unattended: true, wipe: blank-only, generation: 1, after: poweroff}
nodes:
  - {match: {service_tag: BPVM001}, hostname: node1, address: 15, cluster: create}
)";
}

}  // namespace bedplate::bench
