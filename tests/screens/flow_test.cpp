// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "platform/linux/linux.hpp"
#include "tests/screens/dump.hpp"
#include "tests/screens/rig.hpp"
#include "tui/language.hpp"

using namespace bedplate;
using namespace bedplate::tui;

namespace {

/// The plan that `bedplate install --unattended` would make of the document on this machine.
Result<Plan> unattended_plan(Rig& rig, const std::string& document) {
    Report report;
    // The file lies elsewhere and is called otherwise; neither may matter.
    const auto site = load_site(document, "/bedplate/site.yaml", report);
    INFO(report.to_text());
    REQUIRE(site);
    const auto profiles = load_profiles(rig.platform.files, {"/usr/share/bedplate/profiles"});
    REQUIRE(profiles);
    return plan_for(*rig.app->model().inventory, *site, *profiles, std::nullopt);
}

void type_answers(Rig& rig) {
    rig.keys("Enter Enter Enter");
    rig.type("10.0.100.0/24");
    rig.keys("Tab");
    rig.type("100");
    rig.keys("Tab");
    rig.type("10.0.100.1");
    rig.keys("Tab");
    rig.type("10.0.100.1");
    rig.keys("Enter");
    REQUIRE(rig.app->step() == Step::node);
    rig.type("lab");
    rig.keys("Enter");
    REQUIRE(rig.app->step() == Step::review);
}

}  // namespace

TEST_CASE("a newcomer with a matched profile and a ticket presses at most 12 keys besides consent") {
    Rig rig("vm-r750", cluster_site());
    rig.start();
    rig.keys("Enter Enter Enter Enter");
    REQUIRE(rig.app->step() == Step::node);
    rig.type(good_ticket());  // pasted: one gesture
    std::size_t presses = rig.presses() + 1;
    rig.keys("Enter");
    REQUIRE(rig.app->step() == Step::review);
    rig.keys("Enter");
    presses += 2;
    INFO(presses);
    CHECK(presses <= 12);
    CHECK(presses == 7);
    rig.type("0001");
    rig.keys("Enter");
    REQUIRE(rig.installation->consent);
    CHECK(rig.installation->consent->disks.size() == 1);
    CHECK(rig.app->step() == Step::result);
}

TEST_CASE("answers typed on the screens give the plan of the file that they are saved to, byte for byte") {
    Rig rig("vm-r750");
    rig.start();
    type_answers(rig);
    const auto shown = rig.app->model().plan();
    REQUIRE(shown);
    rig.keys("s");
    REQUIRE(!rig.installation->saved.empty());
    const auto planned = unattended_plan(rig, rig.installation->saved);
    REQUIRE(planned);
    CHECK(planned->digest() == shown->digest());
    CHECK(to_json(*planned).dump() == to_json(*shown).dump());

    rig.keys("Enter");
    rig.type("0001");
    rig.keys("Enter");
    REQUIRE(rig.installation->consent);
    CHECK(rig.installation->consent->plan_digest == planned->digest());
    CHECK(rig.installation->consent->given_by == "screen");

    Report report;
    const auto site = load_site(rig.installation->saved, "site.yaml", report);
    REQUIRE(site);
    CHECK(site->install.unattended);
    CHECK(site->nodes.front().match_service_tag == "BPVM001");
}

TEST_CASE("answers of the engine in the middle of typing leave the blank and the cursor where they are") {
    Rig rig("vm-r750");
    rig.start();
    rig.keys("Enter Enter Enter");
    rig.type("10.0.100.0/24");
    rig.keys("Tab Tab");
    rig.type("10.0.100.1");
    rig.keys("Tab");
    const auto typed_slowly = [&](std::string_view first, std::string_view second) {
        rig.type(first);
        rig.pass(std::chrono::seconds{2});  // the draft goes to the engine, which says that it has it
        rig.settle();
        rig.type(second);
    };
    typed_slowly("10.0.100.2 ", "10.0.100.3");
    CHECK(rig.app->model().get_list("cluster.dns") == std::vector<std::string>{"10.0.100.2", "10.0.100.3"});
    rig.keys("Enter");
    REQUIRE(rig.app->step() == Step::node);
    typed_slowly("lb", "");
    rig.keys("Left");
    typed_slowly("", "a");
    CHECK(rig.app->model().get("cluster.name") == "lab");
    rig.keys("Tab Tab Tab Tab Tab Ctrl-U");
    typed_slowly("ssh-ed25519 ", "AAAAC3NzaC1lZDI1NTE5AAAAIA");
    CHECK(rig.app->model().get("access.ssh_authorized_keys[0]") == "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA");
}

TEST_CASE("a document that is accepted as it is stays as it is, comments and all") {
    const std::string site = "# by hand\n" + lab_site();
    Rig rig("vm-r750", site);
    rig.start();
    rig.keys("Enter Enter Enter Enter Enter s");
    CHECK(rig.installation->saved == site);
}

TEST_CASE("nothing is installed without the last four characters of each disk") {
    Rig rig("vm-r750", lab_site());
    rig.start();
    rig.keys("Enter Enter Enter Enter Enter Enter");
    for (const auto* wrong : {"", "000", "0002", "vda"}) {
        rig.type(wrong);
        rig.keys("Enter");
        CHECK(!rig.installation->consent);
        CHECK(rig.app->step() == Step::review);
    }
    rig.keys("Ctrl-B Enter");
    rig.type("0001");
    rig.keys("Enter");
    CHECK(rig.installation->consent);
}

TEST_CASE("the engine refuses a consent to another plan than its own") {
    Rig rig("vm-r750", lab_site());
    rig.start();
    rig.keys("Enter Enter Enter Enter Enter");
    rig.service->handle(1, {{"id", 99},
                            {"do", "commit"},
                            {"site", rig.app->model().document()},
                            {"digest", "abc"},
                            {"disks", Json::array()}});
    rig.settle();
    CHECK(!rig.installation->consent);
    REQUIRE(rig.app->model().failure);
    CHECK(rig.app->model().failure->code == "consent.other-plan");
}

TEST_CASE("a disk that holds something is used only after it was allowed, and that is in the document") {
    Rig rig("r640-boss-h740p-vmedia");
    rig.start();
    rig.keys("Enter Enter");
    const bool refused = !rig.app->model().preview();
    if (refused) {
        rig.keys("Enter");
        CHECK(rig.app->step() == Step::disks);
        for (std::size_t i = 0; i < rig.app->model().inventory->disks.size() && !rig.app->model().preview();
             ++i) {
            rig.keys("Space Down");
        }
    }
    CHECK(rig.app->model().document().contains("wipe") == refused);
}

TEST_CASE("one can step back from everywhere, and what was typed is still there") {
    Rig rig("vm-r750");
    rig.start();
    type_answers(rig);
    for (int i = 0; i < 5; ++i) {
        rig.keys("Ctrl-B");
    }
    CHECK(rig.app->step() == Step::welcome);
    rig.keys("Ctrl-B Enter Enter Enter");
    CHECK(rig.text().contains("10.0.100.0/24"));
    rig.keys("Enter");
    CHECK(rig.text().contains("lab"));
}

TEST_CASE("a screen that the engine has not answered takes no keys: its state would undo them") {
    Rig rig("vm-r750", lab_site());
    rig.start();
    REQUIRE(rig.text().contains("BPVM001"));
    rig.app->on_disconnected();
    rig.keys("Enter Ctrl-R x");
    CHECK(rig.app->step() == Step::welcome);
    CHECK_FALSE(rig.text().contains("BPVM001"));
}

TEST_CASE("looking at the hardware again keeps the answers") {
    Rig rig("vm-r750");
    rig.start();
    type_answers(rig);
    rig.keys("Ctrl-R");
    CHECK(rig.app->step() == Step::review);
    CHECK(rig.app->model().get("cluster.name") == "lab");
}

TEST_CASE("a second screen watches, and takes over with the answers of the first") {
    Rig rig("vm-r750");
    rig.start();
    type_answers(rig);
    rig.attach_other("ttyS0");
    Canvas canvas(80, 24, Glyphs::ascii);
    rig.other->draw(canvas);
    CHECK(characters(canvas).contains("The screen on tty1 is in control"));
    rig.other->handle(Key{.code = Key::Code::enter});
    rig.settle();
    CHECK(rig.app->model().in_control);

    rig.other->handle(Key::of(U't'));
    rig.settle();
    CHECK(rig.other->model().in_control);
    CHECK(!rig.app->model().in_control);
    CHECK(rig.other->step() == Step::review);
    CHECK(rig.other->model().document() == rig.app->model().document());
    CHECK(rig.text().contains("The screen on ttyS0 is in control"));
}

TEST_CASE("a new screen finds the installation that an old one began") {
    Rig rig("vm-r750", lab_site());
    rig.installation->hold = true;
    rig.installation->events = {
        {.type = Event::Type::progress, .stage = "extract", .text = "unpack", .fraction = 0.5}};
    rig.start();
    rig.keys("Enter Enter Enter Enter Enter Enter");
    rig.type("0001");
    rig.app->handle(Key{.code = Key::Code::enter});
    rig.settle_until([&] { return rig.app->model().progress.has_value(); });
    rig.service->disconnect(1);  // the screen is gone
    rig.attach_other("ttyS0");
    CHECK(rig.other->model().in_control);
    CHECK(rig.other->step() == Step::progress);
    rig.installation->release();
    rig.settle();
    CHECK(rig.other->step() == Step::result);
    rig.other->handle(Key{.code = Key::Code::enter});
    rig.settle();
    CHECK(rig.installation->left);
}

TEST_CASE("a ticket that a terminal broke into lines is still one ticket") {
    Rig rig("vm-r750", cluster_site());
    rig.start();
    rig.keys("Enter Enter Enter Enter");
    const auto ticket = good_ticket();
    for (std::size_t i = 0; i < ticket.size(); ++i) {
        rig.app->handle(
            {.code = Key::Code::character, .ch = static_cast<char32_t>(ticket[i]), .pasted = true});
        if (i % 60 == 59) {
            rig.app->handle({.code = Key::Code::enter, .pasted = true});
        }
    }
    CHECK(rig.app->step() == Step::node);
    rig.keys("Enter");
    CHECK(rig.app->step() == Step::review);
}

TEST_CASE("no password and no ticket is ever on a screen or in the saved document") {
    Rig rig("vm-r750", cluster_site());
    rig.start();
    rig.keys("Enter Enter Enter Enter");
    rig.type(good_ticket());
    CHECK(!characters(rig.canvas(132, 43, Glyphs::unicode)).contains(good_ticket().substr(0, 20)));
    rig.keys("BackTab BackTab BackTab BackTab BackTab BackTab");
    rig.type("s3cret-canary");
    CHECK(!rig.text().contains("canary"));
    CHECK(!rig.app->model().document().contains("canary"));
    CHECK(!rig.app->model().document().contains(good_ticket().substr(20, 40)));
}

TEST_CASE("a ticket and a disk's passphrase that were typed reach the installation") {
    Rig rig("vm-r750", cluster_site());
    rig.start();
    rig.keys("Enter Enter Enter Enter");
    rig.type(good_ticket());
    rig.keys("Enter Enter");
    rig.type("0001");
    rig.keys("Enter");
    REQUIRE(rig.installation->secrets.join_ticket);
    CHECK(rig.installation->secrets.join_ticket->reveal() == good_ticket());
    CHECK(!rig.installation->secrets.disk_passphrase);

    Rig encrypted("vm-r750", encrypted_site());
    add_encrypted_profile(encrypted);
    encrypted.start();
    encrypted.keys("Enter Enter Enter Enter Enter");
    CHECK(encrypted.app->step() == Step::node);  // it is needed
    encrypted.type("correct canary");
    encrypted.keys("Enter");
    CHECK(encrypted.app->step() == Step::node);  // once more
    encrypted.type("correct canary");
    CHECK(!characters(encrypted.canvas(132, 43, Glyphs::unicode)).contains("canary"));
    encrypted.keys("Enter");
    REQUIRE(encrypted.app->step() == Step::review);
    CHECK(!encrypted.app->model().document().contains("canary"));
    encrypted.keys("Enter");
    encrypted.type("0001");
    encrypted.keys("Enter");
    REQUIRE(encrypted.installation->secrets.disk_passphrase);
    CHECK(encrypted.installation->secrets.disk_passphrase->reveal() == "correct canary");
    CHECK(!encrypted.installation->secrets.join_ticket);
}

TEST_CASE("what came with the medium need not be typed") {
    Rig rig("vm-r750", cluster_site());
    rig.platform.files.add_file("/bedplate/ticket", good_ticket());
    rig.start();
    rig.keys("Enter Enter Enter Enter");
    CHECK(rig.text().contains("ok: came with the medium"));
    rig.keys("Enter");
    CHECK(rig.app->step() == Step::review);
}

TEST_CASE("a broken catalogue of texts is refused, and English stays") {
    CHECK(Catalogue::parse("", "x").error().code == "catalogue.damaged");
    CHECK(Catalogue::parse(std::string(100, '\0'), "x").error().code == "catalogue.damaged");
    CHECK(!choose_language("xx", BEDPLATE_CATALOGUES));
    CHECK(tr("Welcome") == "Welcome");
}

TEST_CASE("one file knows ncurses, and it knows no screen") {
    std::vector<std::string> files;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(std::filesystem::path(BEDPLATE_SOURCE_DIR) / "tui")) {
        std::ostringstream text;
        text << std::ifstream(entry.path()).rdbuf();
        if (text.str().contains("curses.h")) {
            files.push_back(entry.path().filename());
            CHECK(!text.str().contains("tui/screen"));
            CHECK(!text.str().contains("tui/model"));
        }
    }
    CHECK(files == std::vector<std::string>{"terminal_ncurses.cpp"});
}
