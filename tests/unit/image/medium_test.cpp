// SPDX-License-Identifier: GPL-3.0-or-later
// A small image made by the real tools (xorriso, ssh-keygen), then inspected, verified, damaged and
// personalised.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <random>

#include "base/digest.hpp"
#include "image/files.hpp"
#include "image/inspect.hpp"
#include "image/layout.hpp"
#include "image/masking.hpp"
#include "image/medium.hpp"
#include "image/personalize.hpp"
#include "image/signature.hpp"
#include "platform/linux/linux.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;
using namespace bedplate::image;

namespace {

struct SmallImage {
    fakes::TempDir directory;
    std::unique_ptr<CommandRunner> runner = linux_command_runner();
    std::filesystem::path iso = directory / "small.iso";
    std::filesystem::path signers = directory / "allowed_signers";
    Manifest manifest;

    explicit SmallImage(bool with_signature = true, const std::string& version = BEDPLATE_VERSION) {
        const auto stage = directory / "stage";
        const std::string payload = std::string(70000, 'a') + std::string(30000, 'b');
        manifest.version = version;
        manifest.build_id = "0123456789abcdef0123456789abcdef";
        manifest.suite = "trixie";
        manifest.source_date_epoch = 1000;
        manifest.payload = {
            .path = payload_path,
            .size = Bytes{payload.size()},
            .tar_size = Bytes{payload.size()},
            .entries = 1,
            .sha256 = sha256_hex(payload),
            .kernel = "6.12",
            .chunks = {{Bytes{0}, Bytes{70000}, Bytes{70000}, sha256_hex(std::string(70000, 'a'))},
                       {Bytes{70000}, Bytes{30000}, Bytes{30000}, sha256_hex(std::string(30000, 'b'))}}};
        Tree tree;
        put_file(tree, "boot/vmlinuz", "kernel");
        put_file(tree, "bedplate/profiles/a-very-long-profile-name-that-iso9660-alone-could-not-hold.yaml",
                 "x");
        for (const auto& [path, node] : tree) {
            if (node.kind == TreeNode::Kind::file) {
                manifest.files.push_back({path, Bytes{node.content.size()}, sha256_hex(node.content)});
            }
        }
        put_file(tree, payload_path, payload);
        put_file(tree, manifest.site_area, std::string(manifest.site_area_size.value, '\0'));
        put_file(tree, site_config_path, std::string(site_config_size.value, '\n'));
        put_file(tree, layout_path, std::string(layout_size.value, '\n'));
        put_file(tree, std::string(layout_path) + ".sig", std::string(layout_signature_size.value, '\n'));
        put_file(tree, manifest_path, to_json(manifest).dump());
        std::filesystem::create_directories(stage);
        REQUIRE(write_directory(tree, stage));
        const auto key = signing_key(*runner, {}, directory / "keys");
        REQUIRE(key);
        CHECK(key->development);
        REQUIRE(write_text(signers, allowed_signers(*key)));
        if (with_signature) {
            REQUIRE(sign(*runner, *key, stage / manifest_path));
        }
        REQUIRE(
            run_checked(*runner, {.argv = {"xorriso", "-as", "mkisofs", "-quiet", "-r", "-J", "-joliet-long",
                                           "-V", "BEDPLATE_TEST", "-o", iso.string(), stage.string()}}));
        if (with_signature) {
            const auto sealed = seal_layout(*runner, iso, *key, directory.path());
            INFO((sealed ? "" : sealed.error().to_text()));
            REQUIRE(sealed);
        }
    }

    void flip_bit(std::uint64_t bit) const {
        const auto file = File::open(iso, File::Mode::update);
        REQUIRE(file);
        std::array<std::byte, 1> byte{};
        REQUIRE(file->read(Bytes{bit / 8}, byte));
        byte[0] ^= std::byte{1} << (bit % 8);
        REQUIRE(file->write(Bytes{bit / 8}, byte));
    }

    [[nodiscard]] Result<void> verify() const {
        BEDPLATE_ASSIGN(const auto image, open_image(iso, File::Mode::read));
        return verify_image(*runner, image, signers, 2, {});
    }

    void flip(const std::string& path, Bytes at) const {
        const auto image = open_image(iso, File::Mode::update);
        REQUIRE(image);
        const auto extent = image->directory.find(path);
        REQUIRE(extent);
        std::array<std::byte, 1> byte{};
        REQUIRE(image->file.read(extent->offset + at, byte));
        byte[0] ^= std::byte{1};
        REQUIRE(image->file.write(extent->offset + at, byte));
    }
};

std::string any_site_example() {
    for (const auto& item :
         std::filesystem::directory_iterator(std::string(BEDPLATE_SOURCE_DIR) + "/profiles/examples")) {
        const auto text = read_text(item.path());
        if (text && text->contains("bedplate/site/v1")) {
            return *text;
        }
    }
    return {};
}

}  // namespace

TEST_CASE("an intact image verifies") {
    const SmallImage image;
    const auto result = image.verify();
    INFO((result ? "" : result.error().to_text()));
    CHECK(result);
}

TEST_CASE("one flipped byte is found and named by file or chunk") {
    const SmallImage image;
    SECTION("in the second chunk of the payload") {
        image.flip(payload_path, Bytes{70001});
        const auto result = image.verify();
        REQUIRE(!result);
        CHECK(result.error().code == "image.damaged");
        CHECK(exit_status(result.error().kind) == 1);
        CHECK(result.error().message.contains("chunk 2 of 2"));
    }
    SECTION("in the kernel") {
        image.flip("boot/vmlinuz", Bytes{3});
        const auto result = image.verify();
        REQUIRE(!result);
        CHECK(result.error().message.contains("boot/vmlinuz"));
    }
    SECTION("in the manifest") {
        image.flip(manifest_path, Bytes{30});
        const auto result = image.verify();
        REQUIRE(!result);
    }
}

TEST_CASE("an image without a signature, or with another key's, is refused") {
    const SmallImage unsigned_image(false);
    const auto result = unsigned_image.verify();
    REQUIRE(!result);
    CHECK(result.error().code == "manifest.unsigned");
    CHECK(result.error().kind == ErrorKind::refused);

    const SmallImage image;
    REQUIRE(write_text(image.signers, *read_text(unsigned_image.signers)));
    const auto other = image.verify();
    REQUIRE(!other);
    CHECK(other.error().code == "signature.bad");
}

TEST_CASE("personalising writes only the reserved places, shows up in inspect, and can be undone") {
    const SmallImage image;
    const auto before = read_text(image.iso);
    SiteFiles files{.site = any_site_example(), .site_origin = "site.yaml"};
    REQUIRE(!files.site.empty());
    files.secrets = Secret("root_password_hash: canary-of-the-test\n");
    files.kernel_arguments = {"bedplate.debug=1"};
    const auto written = personalize(image.iso, files);
    INFO((written ? "" : written.error().to_text()));
    REQUIRE(written);
    CHECK(image.verify());

    const auto opened = open_image(image.iso, File::Mode::read);
    REQUIRE(opened);
    const auto area = read_site_area(*opened);
    REQUIRE(area);
    CHECK(area->shown.at(std::string(site_area::site)) == masked(std::string(site_area::site), files.site));
    CHECK(area->kernel_arguments == "bedplate.debug=1");
    REQUIRE(area->files.size() == 2);
    CHECK(area->files[0].intact);
    CHECK(!to_text(*opened, *area).contains("canary-of-the-test"));
    CHECK(!to_json(*opened, *area).dump().contains("canary-of-the-test"));

    REQUIRE(personalize(image.iso, {}));
    CHECK(*read_text(image.iso) == *before);
}

TEST_CASE("a damaged site area is told, not trusted") {
    const SmallImage image;
    REQUIRE(personalize(image.iso, {.site = any_site_example(), .site_origin = "site.yaml"}));
    const auto opened = open_image(image.iso, File::Mode::update);
    REQUIRE(opened);
    const auto extent = *opened->directory.find(opened->manifest.site_area);
    const auto area = *opened->directory.read_file(opened->file, opened->manifest.site_area);
    REQUIRE(opened->file.write(extent.offset + Bytes{area.find("cluster:")}, std::string_view("K")));
    const auto read = read_site_area(*opened);
    REQUIRE(read);
    CHECK(!read->files.at(0).intact);
    CHECK(read->shown.empty());
    CHECK(image.verify().error().code == "site-area.damaged");
}

TEST_CASE("personalising refuses bad documents and foreign images before it writes a byte") {
    const SmallImage image;
    const auto before = *read_text(image.iso);
    const auto code = [&](const SiteFiles& files) {
        const auto result = personalize(image.iso, files);
        REQUIRE(!result);
        CHECK(*read_text(image.iso) == before);
        return std::pair(result.error().code, result.error().kind);
    };
    CHECK(code({.site = "schema: bedplate/site/v1\nclustr: {}\n", .site_origin = "s.yaml"}).second ==
          ErrorKind::findings);
    SiteFiles arguments{.site = any_site_example(), .site_origin = "s.yaml"};
    arguments.kernel_arguments = {"x\"; reboot"};
    CHECK(code(arguments).second == ErrorKind::findings);
    SiteFiles large{.site = any_site_example(), .site_origin = "s.yaml"};
    large.secrets = Secret(std::string(mib(1).value, 'x'));
    CHECK(code(large).first == "site-area.too-large");

    const SmallImage other(true, "0.0.1");
    const auto version = personalize(other.iso, {.site = any_site_example(), .site_origin = "s.yaml"});
    REQUIRE(!version);
    CHECK(version.error().code == "image.version");

    const fakes::TempDir directory;
    REQUIRE(write_text(directory / "not.iso", std::string(100000, 'x')));
    const auto foreign = personalize(directory / "not.iso", {});
    REQUIRE(!foreign);
    CHECK(foreign.error().code == "iso.format");
}

TEST_CASE("whichever bit of an image flips, verifying finds it") {
    const SmallImage image;
    SiteFiles files{.site = any_site_example(), .site_origin = "s", .ticket = Secret("ticket")};
    files.kernel_arguments = {"bedplate.report=http://192.0.2.1/"};
    REQUIRE(personalize(image.iso, files));
    REQUIRE(image.verify());
    const auto opened = open_image(image.iso, File::Mode::read);
    const auto bits = opened->file.size()->value * 8;
    std::mt19937_64 random(20261126);
    std::vector<std::uint64_t> places;
    for (int i = 0; i < 100; ++i) {
        places.push_back(std::uniform_int_distribution<std::uint64_t>(0, bits - 1)(random));
    }
    // And where there is something: every file, its padding, the signatures' own text.
    for (const auto& [path, extent] : opened->directory.files()) {
        for (int i = 0; i < 12; ++i) {
            const auto end = std::min<std::uint64_t>(extent.size.value + 64, 4096) * 8;
            places.push_back(extent.offset.value * 8 +
                             std::uniform_int_distribution<std::uint64_t>(0, end - 1)(random));
        }
    }
    for (const auto bit : places) {
        CAPTURE(bit / 8, bit % 8);
        image.flip_bit(bit);
        CHECK(!image.verify());
        image.flip_bit(bit);
    }
    CHECK(image.verify());
}

TEST_CASE("an armoured signature has one form") {
    const std::string line(70, 'A');
    const auto armour = [](const std::string& body) {
        return "-----BEGIN SSH SIGNATURE-----\n" + body + "\n-----END SSH SIGNATURE-----\n";
    };
    CHECK(is_canonical_signature(armour(line + "\nAAAA==")));
    CHECK(is_canonical_signature(armour(line + "\nAAAA==") + "\n\n"));
    CHECK(!is_canonical_signature(armour(line + "\vAAAA==")));
    CHECK(!is_canonical_signature(armour(line + "\nAAAB==")));  // decodes to the same byte
    CHECK(!is_canonical_signature(armour(line + "\nAAAA=")));
    CHECK(!is_canonical_signature(armour(line + "\n") + "x"));
    CHECK(!is_canonical_signature(""));
}

TEST_CASE("inspect shows everything in the site area but what is secret") {
    const SmallImage image;
    SiteFiles files{.site = any_site_example(), .site_origin = "s.yaml"};
    files.site += "# root_password_hash: \"$6$canary1\"\n";
    files.secrets = Secret("schema: x\nbmc_password: canary2\nkey: |\n  canary3\n  more: canary4\n");
    files.token = Secret("canary5");
    files.ticket = Secret("canary6");
    files.console = "ttyS1";
    files.kernel_arguments = {"bedplate.token=canary7", "bedplate.site=https://192.0.2.1/"};
    const auto written = personalize(image.iso, files);
    INFO((written ? "" : written.error().to_text()));
    REQUIRE(written);
    const auto opened = open_image(image.iso, File::Mode::read);
    const auto area = read_site_area(*opened);
    REQUIRE(area);
    for (const auto& text : {to_text(*opened, *area), to_json(*opened, *area).dump()}) {
        CHECK(!text.contains("canary"));
        CHECK(text.contains("bmc_password"));
        CHECK(text.contains("bedplate.site=https://192.0.2.1/"));
        CHECK(text.contains("ttyS1"));
        CHECK(text.contains("bedplate/ticket"));
    }
}

TEST_CASE("the boot menu's file is assignments and newlines of a fixed size") {
    SiteFiles files{.site = "x", .site_origin = "s"};
    files.kernel_arguments = {"a=1", "b"};
    const auto text = make_site_config(files);
    REQUIRE(text);
    CHECK(text->size() == site_config_size.value);
    CHECK(text->starts_with("set bedplate_site=1\nset bedplate_args=\"a=1 b\"\n\n"));
    CHECK(site_config_arguments(*text) == "a=1 b");
    CHECK(make_site_config({})->find_first_not_of('\n') == std::string::npos);
    CHECK(is_plain_kernel_argument("console=ttyS0,115200n8"));
    for (const char* bad : {"", "a b", "$x", "a\"b", "a\nb", "a;b", "a{b", "a\\b", "'"}) {
        CHECK(!is_plain_kernel_argument(bad));
    }
}
