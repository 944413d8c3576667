// SPDX-License-Identifier: GPL-3.0-or-later
// The harness itself, on guests that are there in seconds.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <filesystem>
#include <fstream>

#include "harness/accelerator.hpp"
#include "harness/disk_images.hpp"
#include "harness/serial_console.hpp"
#include "harness/tiny_guest.hpp"
#include "harness/vm.hpp"
#include "harness/workspace.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"

using namespace bedplate;
using namespace bedplate::vm;
using std::chrono::seconds;

namespace {

VmSpec tiny_spec(Firmware firmware, const Workspace& workspace) {
    must(make_tiny_initramfs(workspace / "tiny.cpio"));
    VmSpec spec{.firmware = firmware, .memory = mib(512)};
    spec.direct_boot = DirectBoot{must(find_kernel()), workspace / "tiny.cpio",
                                  "console=ttyS0 quiet panic=-1 no_timer_check"};
    return spec;
}

}  // namespace

TEST_CASE("control sequences are taken out of console text", "[harness]") {
    CHECK(without_control_sequences("\x1b[2J\x1b[01;01Habc\r") == "abc");
    CHECK(without_control_sequences("plain \x1b[1mbold\x1b[0m") == "plain bold");
    CHECK(without_control_sequences("cut off \x1b[12") == "cut off ");
    CHECK(without_control_sequences("\x1b]104\x07root\x1b]0;title\x1b\\@node") == "root@node");
    CHECK(without_control_sequences("cut off \x1b]10") == "cut off ");
    CHECK(without_control_sequences("\x1b"
                                    "7kept\x1b"
                                    "8") == "kept");
}

TEST_CASE("a disk's digest sees every byte and no holes", "[harness]") {
    Workspace workspace("disk-digest");
    const auto image = workspace / "disk.img";
    must(make_patterned_disk(image, gib(1), 7));
    const auto before = must(content_digest(image));
    must(make_patterned_disk(workspace / "same.img", gib(1), 7));
    CHECK(must(content_digest(workspace / "same.img")) == before);
    must(make_patterned_disk(workspace / "other.img", gib(1), 8));
    CHECK(must(content_digest(workspace / "other.img")) != before);

    // Written zeroes are the same bytes as a hole.
    std::fstream(image, std::ios::in | std::ios::out | std::ios::binary)
        .seekp(500'000'000)
        .write("\0\0\0", 3);
    CHECK(must(content_digest(image)) == before);
    for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{500'000'001}, gib(1).value - 1}) {
        must(flip_bit(image, offset));
        CHECK(must(content_digest(image)) != before);
        must(flip_bit(image, offset));
        CHECK(must(content_digest(image)) == before);
    }
    workspace.succeeded();
}

TEST_CASE("a tiny guest comes up, is typed to and loses its power", "[harness]") {
    const auto firmware = GENERATE(Firmware::bios, Firmware::uefi);
    Workspace workspace(firmware == Firmware::bios ? "tiny-bios" : "tiny-uefi");
    auto vm = must(Vm::start(tiny_spec(firmware, workspace), workspace.path(), must(choose_accelerator())));
    auto& serial = vm->serial();
    must(serial.wait_for(tiny_guest_marker, scaled(seconds(60))));
    must(serial.wait_for(tiny_guest_prompt, scaled(seconds(20))));

    must(serial.type("cat /sys/class/dmi/id/product_name /sys/class/dmi/id/product_serial\n"));
    must(serial.wait_for("^PowerEdge R750$", scaled(seconds(20))));
    must(serial.wait_for("^BPVM001$", scaled(seconds(20))));
    must(serial.type("ls -d /sys/firmware/efi; echo @firmware@\n"));
    must(serial.wait_for("^@firmware@$", scaled(seconds(20))));
    CHECK(serial.text().contains("\n/sys/firmware/efi\n") == (firmware == Firmware::uefi));

    must(vm->screendump(workspace / "screen.png"));
    CHECK(std::filesystem::file_size(workspace / "screen.png") > 0);
    CHECK(must(vm->qmp().execute("query-status")).value("status", "") == "running");
    CHECK(vm->running());
    CHECK(vm->power_cut().status == 128 + 9);
    CHECK_FALSE(vm->running());
    CHECK(serial.wait_for("never", seconds(5)).error().code == "serial.closed");
    workspace.succeeded();
}

TEST_CASE("a guest that powers itself off ends, and one that panics is noticed at once", "[harness]") {
    Workspace workspace("tiny-ends");
    const auto accelerator = must(choose_accelerator());
    const auto spec = tiny_spec(Firmware::bios, workspace);
    {
        auto vm = must(Vm::start(spec, workspace.path(), accelerator));
        must(vm->serial().wait_for(tiny_guest_prompt, scaled(seconds(60))));
        must(vm->serial().type("poweroff -f\n"));
        CHECK(must(vm->wait_exit(scaled(seconds(20)))).status == 0);
    }
    auto vm = must(Vm::start(spec, workspace.path(), accelerator));
    must(vm->serial().wait_for(tiny_guest_prompt, scaled(seconds(60))));
    must(vm->serial().type("echo c > /proc/sysrq-trigger\n"));
    CHECK(vm->serial().wait_for("never", scaled(seconds(30))).error().code == "serial.crash");
    workspace.succeeded();
}
