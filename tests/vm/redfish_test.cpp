// SPDX-License-Identifier: GPL-3.0-or-later
// `bedplate bmc boot` against a made-up BMC that holds the power button and the CD drive of a real machine.
#include <catch2/catch_test_macros.hpp>
#include <format>
#include <fstream>
#include <mutex>

#include "harness/accelerator.hpp"
#include "harness/http_server.hpp"
#include "harness/medium_copy.hpp"
#include "machine.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"
#include "tests/support/redfish_stub.hpp"

using namespace bedplate;
using namespace bedplate::vm;
using fakes::RedfishStub;
using std::chrono::minutes;

namespace fs = std::filesystem;

namespace {

/// The machine in the rack: off and on by the BMC, with what the BMC has in its virtual drive.
class Rack {
public:
    Rack(const Workspace& workspace, const TestMachine& machine, fs::path medium)
        : workspace_(workspace), machine_(machine), medium_(std::move(medium)) {}

    RedfishStub::Machine hands() {
        return {.power_on = [this](bool from_virtual_cd) { power_on(from_virtual_cd); },
                .power_off = [this] { vm_.reset(); },
                .is_on = [this] { return vm_ && vm_->running(); },
                .insert = [](const std::string& url) { return url.ends_with(".iso"); },
                .eject = [this] { ejected_while_on_ = vm_ && vm_->running(); }};
    }
    [[nodiscard]] bool ejected_while_on() const { return ejected_while_on_; }
    [[nodiscard]] Vm& vm() { return *vm_; }

private:
    // The drive is there with a disc in it, but the boot order has the disk first: only the one-time boot
    // reaches it.
    void power_on(bool from_virtual_cd) {
        VmSpec spec = machine_.spec(medium_);
        spec.medium->kind = MediumSpec::Kind::usb_cd;
        spec.medium->boot_index = from_virtual_cd ? 1 : 90;
        auto vm = Vm::start(spec, workspace_.path(), choose_accelerator().value_or(Accelerator::tcg));
        if (vm) {
            vm_ = std::move(*vm);
        }
    }

    const Workspace& workspace_;
    const TestMachine& machine_;
    fs::path medium_;
    std::unique_ptr<Vm> vm_;
    bool ejected_while_on_ = false;
};

}  // namespace

TEST_CASE("a machine is installed through its BMC's virtual CD and the disc taken out when it is off",
          "[media-redfish]") {
    Workspace workspace("media-redfish");
    const TestMachine machine(workspace, Firmware::uefi, mib(2560));
    const auto medium = workspace / "medium.iso";
    must(personalized_copy(medium, site_text({.ssh_key = machine.ssh_key().public_line})));
    std::ofstream(workspace / "credentials") << "root:calvin\n";
    fs::permissions(workspace / "credentials", fs::perms::owner_read | fs::perms::owner_write);

    Rack rack(workspace, machine, medium);
    RedfishStub stub({.busy = 2, .lost_answers = 1}, rack.hands());
    HttpServer bmc([&](const HttpRequest& request) { return stub.answer(request); });
    const auto done = must(host_commands().run(
        {.argv = {must(find_bedplate()).string(), "bmc", "boot", "--bmc", bmc.url(), "--credentials",
                  (workspace / "credentials").string(), "--iso", "http://10.0.2.2/medium.iso"},
         .timeout = scaled(minutes(25))}));
    INFO(done.err);
    CHECK(done.exit_status == 0);
    CHECK(rack.vm().serial().text().contains("is installed; switching off"));
    CHECK(!rack.ejected_while_on());
    CHECK(stub.image().empty());
    CHECK(!done.err.contains("calvin"));
    CHECK(to_text(machine.protected_disks().check()).empty());
    workspace.succeeded();
}
