// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine.hpp"

#include <format>

#include "figures.hpp"
#include "harness/accelerator.hpp"
#include "harness/disk_images.hpp"
#include "harness/offline_node.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"

namespace bedplate::vm {
namespace {

namespace fs = std::filesystem;

/// From power-on to the first line of the unattended installation: firmware, boot menu, kernel, installer.
constexpr std::chrono::minutes boot_timeout{5};
constexpr std::chrono::minutes node_timeout{7};
/// Starts of a guest that the host does not give time to.
constexpr int max_attempts = 3;

}  // namespace

std::string site_text(const SiteOptions& options) {
    auto text = std::format(R"(schema: bedplate/site/v1
cluster: {{name: vmtest, domain: vm.example.com, ntp: [10.0.2.2], dns: [10.0.2.3], timezone: UTC}}
networks:
  management: {{subnet: 10.0.2.0/24, gateway: 10.0.2.2}}
access: {{ssh_authorized_keys: ["{}"], root_password_hash: {}}}
install: {{unattended: true, wipe: blank-only, generation: {}, after: poweroff}}
nodes:
  - {{match: {{service_tag: {}}}, hostname: {}, address: 15, cluster: {}}}
)",
                            options.ssh_key,
                            options.password_hash.empty() ? "null" : "\"" + options.password_hash + "\"",
                            options.generation, options.service_tag, options.hostname, options.cluster);
    return text + options.extra;
}

TestMachine::TestMachine(const Workspace& workspace, Firmware firmware, Bytes memory)
    : workspace_(workspace),
      firmware_(firmware),
      memory_(memory),
      system_disk_(workspace / "system.img"),
      nvme_disk_(workspace / "protected-nvme.img"),
      virtio_disk_(workspace / "protected-virtio.img"),
      key_(must(make_ssh_key(workspace.path()))),
      port_(must(free_port())) {
    const Timed timed("making the disks");
    must(make_blank_disk(system_disk_, gib(16)));
    must(make_patterned_disk(nvme_disk_, gib(8), 1));
    must(make_patterned_disk(virtio_disk_, gib(8), 2));
    must(protected_.add(nvme_disk_));
    must(protected_.add(virtio_disk_));
}

VmSpec TestMachine::spec(const fs::path& medium) const {
    VmSpec spec{.firmware = firmware_, .memory = memory_};
    spec.disks = {
        {.id = "system",
         .image = system_disk_,
         .bus = DiskBus::scsi,
         .serial = "BPSYS0001",
         .model = "DELLBOSS VD",
         .vendor = "ATA",
         .boot_index = 20,
         .write_log = medium.empty() ? fs::path() : write_log_},
        {.id = "nvme", .image = nvme_disk_, .bus = DiskBus::nvme, .serial = "BPDATA001"},
        {.id = "virtio", .image = virtio_disk_, .bus = DiskBus::virtio, .serial = "BPDATA002"},
    };
    spec.nics = {NicSpec{.ssh_port = port_}};
    spec.efi_variables = workspace_ / "efi-variables.fd";
    if (!medium.empty()) {
        spec.medium = MediumSpec{.iso = medium};
    }
    return spec;
}

std::unique_ptr<Vm> TestMachine::power_on(const fs::path& medium) const {
    return must(Vm::start(spec(medium), workspace_.path(), must(choose_accelerator())));
}

std::unique_ptr<Vm> TestMachine::boot_medium(const fs::path& medium, std::string_view pattern) const {
    for (int attempt = 1;; ++attempt) {
        auto vm = power_on(medium);
        const auto seen = vm->serial().wait_for(pattern, scaled(boot_timeout));
        if (seen || !vm->starved() || attempt == max_attempts) {
            must(seen);
            return vm;
        }
    }
}

std::unique_ptr<Vm> TestMachine::boot_node() const {
    const Timed timed("the node's start");
    auto vm = power_on({});
    const auto deadline = std::chrono::steady_clock::now() + scaled(node_timeout);
    for (int attempt = 1;;) {
        const auto ready = ssh().wait_ready(std::chrono::seconds(10));
        if (ready) {
            return vm;
        }
        if (vm->starved() && attempt < max_attempts) {
            ++attempt;
            vm.reset();
            vm = power_on({});
        } else if (!vm->serial().crash().empty() || std::chrono::steady_clock::now() > deadline) {
            must(vm->screendump(workspace_ / "node-not-up.png"));
            FAIL(ready.error().to_text() << "\n" << vm->serial().crash());
        }
    }
}

bool is_bootable(const fs::path& image, Firmware firmware) {
    return must(has_loader(image, firmware, Bytes{512}));
}

}  // namespace bedplate::vm
