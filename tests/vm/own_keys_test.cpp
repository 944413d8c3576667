// SPDX-License-Identifier: GPL-3.0-or-later
// Mode B: one program signed with a key of one's own, on firmware that knows that key only.
#include <catch2/catch_test_macros.hpp>
#include <format>
#include <fstream>

#include "harness/accelerator.hpp"
#include "harness/disk_images.hpp"
#include "harness/medium_copy.hpp"
#include "machine.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"

using namespace bedplate;
using namespace bedplate::vm;
using std::chrono::minutes;

namespace fs = std::filesystem;

namespace {

/// The key pair that the package ovmf publishes for tests; its passphrase is part of that.
struct TestKeys {
    fs::path key, certificate = "/usr/share/ovmf/PkKek-1-snakeoil.pem";

    explicit TestKeys(const Workspace& workspace) : key(workspace / "snakeoil.key") {
        must(run_checked(host_commands(),
                         {.argv = {"openssl", "rsa", "-in", "/usr/share/ovmf/PkKek-1-snakeoil.key", "-passin",
                                   "pass:snakeoil", "-out", key.string()}}));
    }
};

fs::path build_image(const Workspace& workspace, const TestKeys& keys) {
    const auto out = workspace / "out";
    must(run_checked(host_commands(),
                     {.argv = {must(find_bedplate()).string(), "image", "build", "--out", out.string(),
                               "--secure-boot-key", keys.key.string(), "--cert", keys.certificate.string()},
                      .timeout = minutes(20),
                      .directory = top_directory()}));
    for (const auto& item : fs::directory_iterator(out)) {
        if (item.path().string().ends_with("-ownkeys.iso")) {
            return item.path();
        }
    }
    FAIL("the build left no image in " << out);
    return {};
}

void personalize(const Workspace& workspace, const fs::path& iso) {
    const auto site = workspace / "site.yaml";
    std::ofstream(site) << site_text(
        {.ssh_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA x",
         .service_tag = "NOBODY1"});
    must(run_checked(host_commands(), {.argv = {must(find_bedplate()).string(), "image", "personalize",
                                                iso.string(), "--site", site.string()}}));
}

/// Where the EFI system partition begins in the image.
std::uint64_t esp_offset(const fs::path& iso) {
    const auto text = must(run_checked(host_commands(), {.argv = {"sfdisk", "--json", iso.string()}}));
    const auto table = must(parse_json(text, "sfdisk")).at("partitiontable");
    return table.at("partitions").at(1).at("start").get<std::uint64_t>() * 512;
}

std::unique_ptr<Vm> start_own_keys(const Workspace& workspace, const fs::path& iso, MediumSpec::Kind kind) {
    VmSpec spec{.firmware = Firmware::uefi_snakeoil, .memory = mib(2048)};
    spec.medium = MediumSpec{.kind = kind, .iso = iso};
    spec.efi_variables = workspace / "variables.fd";
    return must(Vm::start(spec, workspace.path(), must(choose_accelerator())));
}

}  // namespace

TEST_CASE("firmware with own keys starts the signed image, and refuses it with one byte changed",
          "[media-ownkeys]") {
    Workspace workspace("media-ownkeys");
    const TestKeys keys(workspace);
    const auto iso = build_image(workspace, keys);
    personalize(workspace, iso);
    for (const auto kind : {MediumSpec::Kind::usb_stick, MediumSpec::Kind::cdrom}) {
        const auto vm = start_own_keys(workspace, iso, kind);
        must(vm->serial().wait_for("started by UEFI, Secure Boot on", scaled(minutes(6))));
        // The site document came out of the medium, without a boot loader's help.
        must(vm->serial().wait_for(R"(code site\.no-node)", scaled(minutes(2))));
    }
    // In the middle of the initramfs, which Debian's chain would not look at.
    must(flip_bit(iso, esp_offset(iso) + mib(60).value));
    const auto vm = start_own_keys(workspace, iso, MediumSpec::Kind::usb_stick);
    must(vm->serial().wait_for("Access Denied|Security Violation", scaled(minutes(3))));
    CHECK(!vm->serial().text().contains("unattended installation"));
    workspace.succeeded();
}
