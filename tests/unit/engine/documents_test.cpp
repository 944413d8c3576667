// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/documents.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>

#include "base/digest.hpp"
#include "tests/support/fake_platform.hpp"

using namespace bedplate;
using fakes::FakePlatform;

namespace {

std::string example_site() {
    std::ifstream file(std::string(BEDPLATE_SOURCE_DIR) + "/profiles/examples/site-vm.yaml");
    return {std::istreambuf_iterator<char>(file), {}};
}

void embed_site(FakePlatform& fake, const std::string& text) {
    fake.files.add_file("/bedplate/site.yaml", text);
    const Json index{{"files", {{{"path", "bedplate/site.yaml"}, {"sha256", sha256_hex(text)}}}}};
    fake.files.add_file("/bedplate/area.json", index.dump());
}

}  // namespace

TEST_CASE("without any site document the installer refuses and says where one could come from") {
    FakePlatform fake;
    const auto site = find_site(fake.platform, {}, std::nullopt);
    REQUIRE(!site);
    CHECK(site.error().code == "site.none");
    CHECK(site.error().kind == ErrorKind::refused);
}

TEST_CASE("the site document of the medium is found") {
    FakePlatform fake;
    embed_site(fake, example_site());
    const auto site = find_site(fake.platform, {}, std::nullopt);
    REQUIRE(site);
    CHECK(site->nodes.size() == 1);
}

TEST_CASE("a damaged site area is an error that names the file") {
    FakePlatform fake;
    embed_site(fake, example_site());
    fake.files.add_file("/bedplate/site.yaml", example_site() + "# one more byte\n");
    const auto site = find_site(fake.platform, {}, std::nullopt);
    REQUIRE(!site);
    CHECK(site.error().code == "site-area.damaged");
    CHECK(site.error().where == "/bedplate/site.yaml");
}

TEST_CASE("a site on the kernel's command line wins over the medium's, and a given one over both") {
    FakePlatform fake;
    embed_site(fake, "not: a site\n");
    fake.files.add_file("/proc/cmdline", "quiet bedplate.site=http://10.0.0.1/site.yaml console=ttyS0\n");
    fake.http.serve("http://10.0.0.1/site.yaml", example_site());
    CHECK(find_site(fake.platform, {}, std::nullopt));
    fake.files.add_file("/run/site.yaml", example_site());
    CHECK(find_site(fake.platform, {}, "/run/site.yaml"));
    CHECK(fake.http.requests().size() == 1);
}

TEST_CASE("a web page in place of a site document is an error that says so") {
    FakePlatform fake;
    fake.http.serve("http://10.0.0.1/site.yaml", "<!DOCTYPE html><title>login</title>");
    const auto site = find_site(fake.platform, {}, "http://10.0.0.1/site.yaml");
    REQUIRE(!site);
    CHECK(site.error().code == "site.not-yaml");
}

TEST_CASE("a redirect and a missing document are errors with the status") {
    FakePlatform fake;
    fake.http.on("http://10.0.0.1/moved", [](const HttpRequest&) {
        return HttpResponse{.status = 302, .content_type = "", .body = ""};
    });
    fake.http.on("http://10.0.0.1/gone", [](const HttpRequest&) {
        return HttpResponse{.status = 404, .content_type = "", .body = ""};
    });
    for (const std::string url : {"http://10.0.0.1/moved", "http://10.0.0.1/gone"}) {
        const auto site = find_site(fake.platform, {}, url);
        REQUIRE(!site);
        CHECK(site.error().code == "http.status");
        CHECK(site.error().where == url);
    }
}

TEST_CASE("the last of several kernel arguments counts, and a longer name is another one") {
    FakePlatform fake;
    fake.files.add_file("/proc/cmdline", "bedplate.mode=screen bedplate.modest=x bedplate.mode=rescue\n");
    CHECK(kernel_argument(fake.files, {}, "bedplate.mode") == "rescue");
    CHECK(kernel_argument(fake.files, {}, "bedplate.m") == std::nullopt);
}

TEST_CASE("a directory without profiles is an error that names it") {
    FakePlatform fake;
    fake.files.add_directory("/p");
    const auto profiles = load_profiles(fake.files, {"/p"});
    REQUIRE(!profiles);
    CHECK(profiles.error().code == "profile.none-found");
    CHECK(profiles.error().where == "/p");
}

TEST_CASE("the profiles of the tree load, and one of the medium replaces one of the same name") {
    FakePlatform fake;
    fake.files.add_tree(std::string(BEDPLATE_SOURCE_DIR) + "/profiles", "/p");
    const auto shipped = load_profiles(fake.files, {"/p"});
    REQUIRE(shipped);
    const auto text = fake.files.read("/p/vm-r750.yaml");
    REQUIRE(text);
    fake.files.add_file("/q/mine.yaml", *text);
    const auto both = load_profiles(fake.files, {"/p", "/q"});
    REQUIRE(both);
    CHECK(both->size() == shipped->size());
    CHECK(std::ranges::count(*both, std::string("/q/mine.yaml"), &Profile::origin) == 1);
}

TEST_CASE("secrets come from the file that is named, else from the medium, else there are none") {
    FakePlatform fake;
    CHECK_FALSE(find_secrets(fake.files, {}, std::nullopt).value().disk_passphrase);
    fake.files.add_file("/bedplate/secrets.yaml",
                        "schema: bedplate/secrets/v1\ndisk_passphrase: from-the-medium\n");
    CHECK(find_secrets(fake.files, {}, std::nullopt).value().disk_passphrase == Secret("from-the-medium"));
    fake.files.add_file("/root/secrets.yaml", "schema: bedplate/secrets/v1\ndisk_passphrase: from-a-file\n");
    CHECK(find_secrets(fake.files, {}, "/root/secrets.yaml").value().disk_passphrase ==
          Secret("from-a-file"));
    CHECK_FALSE(find_secrets(fake.files, {}, "/root/none.yaml"));
}
