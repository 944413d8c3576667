// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/pxe.hpp"

#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "image/files.hpp"
#include "platform/linux/linux.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;
using namespace bedplate::image;

TEST_CASE("by itself a machine starts its own disk, and installs only where it was allowed to") {
    const auto careful = pxe_texts({});
    CHECK(careful.at("grub/grub.cfg").contains("set default=local\n"));
    CHECK(careful.at("grub/grub.cfg").contains("--file /bedplate/node.json"));
    CHECK(!careful.at("boot.ipxe").contains("goto unattended"));
    const auto bold = pxe_texts({.unattended = true, .generation = 7});
    CHECK(bold.at("grub/grub.cfg").contains("set default=unattended\n"));
    CHECK(bold.at("grub/grub.cfg").contains("--file /bedplate/generation-7"));
    CHECK(bold.at("boot.ipxe").contains("goto unattended"));
}

TEST_CASE("one address stands in every file, with its port and path") {
    const auto texts =
        pxe_texts({.base_url = "http://192.0.2.9:8080/b", .console = "ttyS1", .kernel_arguments = {"x=1"}});
    CHECK(texts.at("grub/grub.cfg").contains("(http,192.0.2.9:8080)/b"));
    CHECK(texts.at("grub/grub.cfg").contains("bedplate.payload=http://192.0.2.9:8080/b x=1"));
    CHECK(texts.at("grub/grub.cfg").contains("console=ttyS1,115200n8"));
    CHECK(texts.at("boot.ipxe").contains("set base http://192.0.2.9:8080/b\n"));
    CHECK(texts.at("dnsmasq.conf").contains("http://192.0.2.9:8080/b/shimx64.efi"));
    CHECK(texts.at("nginx.conf").contains("listen 8080;"));
    CHECK(texts.at("nginx.conf").contains("location /b/ {"));
}

TEST_CASE("dnsmasq and nginx accept the configurations") {
    const auto runner = linux_command_runner();
    const fakes::TempDir directory;
    for (const bool proxy : {false, true}) {
        for (const auto& [path, text] :
             pxe_texts({.interface = "lo", .proxy_dhcp = proxy, .directory = directory.path().string()})) {
            REQUIRE(write_text(directory / path, text));
        }
        const auto dhcp = runner->run(
            {.argv = {"dnsmasq", "--test", "--conf-file=" + (directory / "dnsmasq.conf").string()}});
        if (!dhcp && dhcp.error().code == "command.not-found") {
            SKIP("dnsmasq is not in the build root");
        }
        INFO(dhcp->err);
        CHECK(dhcp->exit_status == 0);
    }
    const auto nginx = runner->run(
        {.argv = {"/usr/sbin/nginx", "-t", "-q", "-p", directory.path().string(), "-c", "nginx.conf"}});
    if (!nginx && nginx.error().code == "command.not-found") {
        SKIP("nginx is not in the build root");
    }
    INFO(nginx->err);
    CHECK(nginx->exit_status == 0);
}
