// SPDX-License-Identifier: GPL-3.0-or-later
#include "server.hpp"

#include <catch2/catch_test_macros.hpp>
#include <format>
#include <fstream>

#include "figures.hpp"
#include "harness/accelerator.hpp"
#include "harness/disk_images.hpp"
#include "harness/medium_copy.hpp"
#include "machine.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"

namespace bedplate::vm {

namespace fs = std::filesystem;
using std::chrono::minutes;

Server::Server(const Workspace& workspace, fs::path profile, std::string cluster)
    : workspace_(workspace),
      profile_(std::move(profile)),
      cluster_(std::move(cluster)),
      key_(must(make_ssh_key(workspace.path()))),
      nic_{.ssh_port = must(free_port())},
      ssh_(*nic_.ssh_port, key_) {}

void Server::place(SystemIdentity identity, NicSpec nic, GuestSsh ssh, std::string site) {
    identity_ = std::move(identity);
    nic_ = std::move(nic);
    ssh_ = std::move(ssh);
    site_ = std::move(site);
}

void Server::add(const std::string& id, const std::string& serial, DiskBus bus, Bytes size,
                 const std::string& model) {
    const auto image = workspace_ / (id + ".img");
    must(make_blank_disk(image, size));
    add({.id = id,
         .image = image,
         .bus = bus,
         .serial = serial,
         .model = model,
         .vendor = model.empty() ? "" : "TEST",
         .boot_index = 20 + static_cast<unsigned>(disks_.size())});
}

std::unique_ptr<Vm> Server::begin_installation() const {
    const auto medium = workspace_ / "medium.iso";
    const auto site = site_.empty() ? site_text({.ssh_key = key_.public_line, .cluster = cluster_}) : site_;
    must(personalized_copy(medium, site, {.profile = profile_}));
    auto spec = machine();
    spec.medium = MediumSpec{.iso = medium};
    return must(Vm::start(spec, workspace_.path(), must(choose_accelerator())));
}

void Server::end_installation(Vm& vm) {
    must(vm.serial().wait_for("is installed; switching off", scaled(minutes(20))));
    CHECK(must(vm.wait_exit(scaled(minutes(2)))).status == 0);
}

void Server::install_unattended() const {
    const Timed timed("an unattended installation");
    end_installation(*begin_installation());
}

RescueShell Server::installer(std::uint64_t generation) const {
    const auto cases = workspace_ / "cases";
    fs::create_directories(cases / "profiles");
    fs::copy_file(profile_, cases / "profiles" / profile_.filename(), fs::copy_options::overwrite_existing);
    std::ofstream(cases / "site.yaml")
        << site_text({.ssh_key = key_.public_line, .generation = generation, .cluster = cluster_});
    auto spec = machine();
    spec.medium = MediumSpec{.iso = must(find_iso())};
    return {workspace_, spec, cases};
}

std::unique_ptr<Vm> Server::start(std::size_t lost) const {
    auto spec = machine();
    spec.disks.erase(spec.disks.begin(), spec.disks.begin() + static_cast<std::ptrdiff_t>(lost));
    return must(Vm::start(spec, workspace_.path(), must(choose_accelerator())));
}

std::unique_ptr<Vm> Server::node(std::size_t lost) const {
    auto vm = start(lost);
    wait_for_login(*vm);
    return vm;
}

void Server::wait_for_login(Vm& vm) const {
    const auto begun = std::chrono::steady_clock::now();
    while (true) {
        const auto ready = ssh().wait_ready(std::chrono::seconds(10));
        if (ready) {
            return;
        }
        const auto waited = std::chrono::steady_clock::now() - begun;
        // A node in an emergency shell lets nobody in, however long one waits.
        if (!vm.serial().crash().empty() || waited > scaled(minutes(15))) {
            must(vm.screendump(workspace_ / "node-not-up.png"));
            FAIL(std::format("no login after {} s; of the last try: {}\n{}\n{}",
                             std::chrono::duration_cast<std::chrono::seconds>(waited).count(),
                             ready.error().to_text(), vm.serial().crash(), vm.serial().last_lines()));
        }
    }
}

VmSpec Server::machine() const {
    VmSpec spec{.memory = gib(4), .cpus = cpus_};
    spec.identity = identity_;
    spec.disks = disks_;
    spec.nics = {nic_};
    spec.efi_variables = workspace_ / "efi-variables.fd";
    spec.tpm = tpm_;
    return spec;
}

std::string run_script(const GuestSsh& ssh, const fs::path& script, const std::string& arguments,
                       minutes limit) {
    std::ifstream file(script);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto done =
        must(ssh.run(std::format("bash -s -- {} <<'END-OF-SCRIPT' 2>&1\n{}END-OF-SCRIPT\n", arguments, text),
                     scaled(limit)));
    INFO(done.out);
    REQUIRE(done.exit_status == 0);
    return done.out;
}

}  // namespace bedplate::vm
