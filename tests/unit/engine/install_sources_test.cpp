// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/install_sources.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>

#include "engine/boot_local.hpp"
#include "engine/install_report.hpp"
#include "engine/installer_network.hpp"
#include "tests/support/fake_platform.hpp"

using namespace bedplate;
using fakes::FakePlatform;

namespace {

std::string example_site_text() {
    std::ifstream file(std::string(BEDPLATE_SOURCE_DIR) + "/profiles/examples/site-vm.yaml");
    return {std::istreambuf_iterator<char>(file), {}};
}

Inventory any_machine() {
    Inventory inventory;
    inventory.system = {.manufacturer = "Dell Inc.",
                        .product = "PowerEdge R750",
                        .serial = "BPL0001",
                        .uuid = "4c4c4544",
                        .sku = ""};
    inventory.nics = {{.name = "nic0", .mac = "02:00:00:00:00:01", .permanent_mac = "52:54:00:00:00:01"},
                      {.name = "nic1", .mac = "52:54:00:00:00:02"}};
    return inventory;
}

void command_line(FakePlatform& fake, const std::string& text) {
    fake.files.add_file("/proc/cmdline", text + "\n");
}

HttpResponse yaml(const std::string& body) {
    return {.status = 200, .content_type = "text/plain", .body = body};
}

}  // namespace

TEST_CASE("the kernel's command line says where everything comes from") {
    FakePlatform fake;
    command_line(fake,
                 "quiet bedplate.site=https://s/base/ bedplate.payload=http://p/tree/ "
                 "bedplate.report=http://r/in BOOTIF=01-52-54-00-00-00-01");
    const auto sources = install_sources(fake.files, {}, std::nullopt);
    REQUIRE(sources);
    CHECK(sources->site == "https://s/base/");
    CHECK(sources->payload == "http://p/tree");
    CHECK(sources->report == "http://r/in");
    CHECK(sources->boot_mac == "52:54:00:00:00:01");
    CHECK(sources->needs_network());
}

TEST_CASE("without servers no network is asked for") {
    FakePlatform fake;
    command_line(fake, "quiet bedplate.site=/run/site.yaml");
    CHECK(!install_sources(fake.files, {}, std::nullopt)->needs_network());
    CHECK(install_sources(fake.files, {}, "http://s/site.yaml")->needs_network());
}

TEST_CASE("the token of the medium is used, and one on the command line before it") {
    FakePlatform fake;
    fake.files.add_file("/bedplate/token", "from-medium\n");
    CHECK(install_sources(fake.files, {}, std::nullopt)->trust.token.reveal() == "from-medium");
    command_line(fake, "bedplate.token=from-line");
    CHECK(install_sources(fake.files, {}, std::nullopt)->trust.token.reveal() == "from-line");
}

TEST_CASE("what is no address and no fingerprint is an error of usage") {
    for (const auto& [line, code] : {std::pair{"bedplate.payload=ftp://x", "source.url"},
                                     std::pair{"bedplate.fingerprint=12", "source.fingerprint"}}) {
        FakePlatform fake;
        command_line(fake, line);
        const auto sources = install_sources(fake.files, {}, std::nullopt);
        REQUIRE(!sources);
        CHECK(sources.error().code == code);
        CHECK(sources.error().kind == ErrorKind::usage);
    }
}

TEST_CASE("a server that chooses by machine gets the machine's identity") {
    FakePlatform fake;
    fake.http.on("http://s/b/node", [](const HttpRequest& request) {
        CHECK(request.method == "POST");
        const auto asked = parse_json(request.body, "request").value();
        CHECK(asked.at("service_tag") == "BPL0001");
        CHECK(asked.at("macs") == Json{"52:54:00:00:00:01", "52:54:00:00:00:02"});
        return yaml(example_site_text());
    });
    const auto site = site_from_server(fake.platform, {}, "http://s/b/", any_machine());
    REQUIRE(site);
    CHECK(fake.http.requests().size() == 1);
}

TEST_CASE("a server without a choice serves one document for all") {
    for (const int status : {404, 405, 501}) {
        FakePlatform fake;
        fake.http.on("http://s/node", [=](const HttpRequest&) { return HttpResponse{.status = status}; });
        fake.http.on("http://s/site.yaml", [](const HttpRequest& request) {
            CHECK(request.method == "GET");
            return yaml(example_site_text());
        });
        CHECK(site_from_server(fake.platform, {}, "http://s", any_machine()));
    }
}

TEST_CASE("a server that has nothing for this machine sends it to its own disk") {
    FakePlatform fake;
    fake.http.on("*", [](const HttpRequest&) { return HttpResponse{.status = 204}; });
    const auto site = site_from_server(fake.platform, {}, "http://s", any_machine());
    REQUIRE(!site);
    CHECK(site.error().code == "site.boot-local");
    CHECK(wants_local_disk(site.error()));
}

TEST_CASE("a named document is fetched as it is, and a web page is no site") {
    FakePlatform fake;
    fake.http.on("http://s/x.yaml?node=1", [](const HttpRequest&) { return yaml(example_site_text()); });
    CHECK(site_from_server(fake.platform, {}, "http://s/x.yaml?node=1", any_machine()));
    fake.http.on("http://s/y.yml", [](const HttpRequest&) {
        return HttpResponse{.status = 200, .content_type = "text/html", .body = "<p>"};
    });
    CHECK(site_from_server(fake.platform, {}, "http://s/y.yml", any_machine()).error().code ==
          "site.not-yaml");
    fake.http.on("http://s/z.yaml",
                 [](const HttpRequest&) { return yaml("schema: bedplate/site/v1\nnodez: 1\n"); });
    CHECK(site_from_server(fake.platform, {}, "http://s/z.yaml", any_machine()).error().kind ==
          ErrorKind::findings);
}

TEST_CASE("a stick labelled BEDPLATE is a source, read-only, after the medium's own area") {
    FakePlatform fake;
    fake.files.add_file("/dev/sdz1", "");
    fake.files.add_link("/dev/disk/by-label/BEDPLATE", "/dev/sdz1");
    fake.commands.on("mount -t vfat *", {.status = 32, .err = "wrong fs type"});
    fake.commands.on("mount -t ext4 *", [&](const Command& command) {
        CHECK(std::ranges::count(command.argv, "ro,noload,nosuid,nodev,noexec") == 1);
        fake.files.add_file("/run/bedplate/stick/mnt/site.yaml", example_site_text());
        fake.files.add_file("/run/bedplate/stick/mnt/profiles/mine.yaml", "p");
        return CommandResult{};
    });
    fake.commands.on("umount *");
    const auto site = find_site(fake.platform, {}, std::nullopt);
    INFO((site ? "" : site.error().to_text()));
    REQUIRE(site);
    CHECK(fake.files.exists("/run/bedplate/stick/bedplate/profiles/mine.yaml"));
    CHECK(fake.commands.count("umount *") == 1);
    // Asked again, it need not be there any more.
    REQUIRE(find_site(fake.platform, {}, std::nullopt));
    CHECK(fake.commands.count("mount *") == 2);
}

TEST_CASE(
    "the network is brought up once, on the port that the machine was started over, with name servers") {
    FakePlatform fake;
    fake.files.add_file("/usr/lib/systemd/system/bedplate-installer.target", "");
    fake.commands.on("systemctl start systemd-networkd.service");
    fake.commands.on("networkctl reload", [&](const Command&) {
        fake.files.add_file("/run/systemd/netif/state", "OPER_STATE=routable\nDNS=10.0.2.3 10.0.2.4\n");
        return CommandResult{};
    });
    const auto note = [](const std::string&) {};
    REQUIRE(bring_up_network(fake.platform, {}, "52:54:00:00:00:01", note));
    const auto text = fake.files.read("/run/systemd/network/90-bedplate-installer.network").value();
    CHECK(text.contains("MACAddress=52:54:00:00:00:01"));
    CHECK(fake.files.read("/etc/resolv.conf").value() == "nameserver 10.0.2.3\nnameserver 10.0.2.4\n");
    REQUIRE(bring_up_network(fake.platform, {}, std::nullopt, note));
    CHECK(fake.commands.count("systemctl *") == 1);
}

TEST_CASE("outside of the installer no network is touched, and without an address there is a clear error") {
    FakePlatform fake;
    const auto note = [](const std::string&) {};
    REQUIRE(bring_up_network(fake.platform, {}, std::nullopt, note));
    CHECK(fake.commands.commands().empty());
    fake.files.add_file("/usr/lib/systemd/system/bedplate-installer.target", "");
    fake.commands.on("*");
    const auto up = bring_up_network(fake.platform, {}, std::nullopt, note);
    REQUIRE(!up);
    CHECK(up.error().code == "network.none");
}

TEST_CASE("a report tells each stage once, and the end even to a server that was away") {
    FakePlatform fake;
    bool away = false;
    std::vector<Json> seen;
    fake.http.on("http://r/in", [&](const HttpRequest& request) -> Result<HttpResponse> {
        if (away) {
            return fail("http.connect", "no route");
        }
        seen.push_back(parse_json(request.body, "report").value());
        return HttpResponse{.status = 200};
    });
    InstallReport report(fake.platform, {}, "http://r/in", node_request(any_machine()));
    report.on_event({.type = Event::Type::started, .stage = "partition", .text = "a"});
    report.on_event({.type = Event::Type::finished, .stage = "partition", .text = "b"});
    away = true;
    for (const char* stage : {"format", "extract", "configure", "seal"}) {
        report.on_event({.type = Event::Type::started, .stage = stage, .text = ""});
    }
    CHECK(fake.http.requests().size() == 3);  // two tries, then given up
    away = false;
    report.on_event({.type = Event::Type::done, .stage = "seal", .text = "done"});
    report.refused_or_failed(Error{.code = "x"});  // the end was told already
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].at("state") == "installing");
    CHECK(seen[1].at("state") == "installed");
    CHECK(seen[1].at("service_tag") == "BPL0001");
}

TEST_CASE("the next start goes to the node's own entry") {
    FakePlatform fake;
    fake.commands.on("efibootmgr",
                     {.out = "BootCurrent: 0003\nBootOrder: 0003,0001\n"
                             "Boot0001* Bedplate node1\tHD(2,GPT,x)/\\EFI\\debian\\shimx64.efi\n"
                             "Boot0003* UEFI PXEv4\tPciRoot(0x0)\n"});
    fake.commands.on("efibootmgr --quiet --bootnext 0001");
    CHECK(boot_local_disk_next(fake.platform));
    CHECK(fake.commands.unexpected().empty());
    FakePlatform bios;
    bios.commands.on("efibootmgr", {.status = 2, .err = "EFI variables are not supported"});
    CHECK(boot_local_disk_next(bios.platform).error().code == "boot-local.none");
}
