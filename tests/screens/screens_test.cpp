// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "tests/screens/dump.hpp"
#include "tests/screens/scenes.hpp"
#include "tui/language.hpp"

using namespace bedplate;
using namespace bedplate::tui;

namespace {

const std::filesystem::path golden = std::filesystem::path(BEDPLATE_SOURCE_DIR) / "tests/screens/golden";

struct Size {
    int width, height;
    Glyphs glyphs;
};
// A serial line without fine characters, and a large terminal with them.
constexpr Size sizes[] = {{80, 24, Glyphs::ascii}, {132, 43, Glyphs::unicode}};

std::string read(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

/// Digests change with every comment in a profile; their place on the screen does not.
std::string for_reading(std::string text) {
    static const std::regex whole("\\b[0-9a-f]{64}\\b");
    static const std::regex short_one("(plan )[0-9a-f]{16}\\b");
    text = std::regex_replace(text, whole, "(sha256)" + std::string(56, ' '));
    return std::regex_replace(text, short_one, "$01(sha256)        ");
}

void check_golden(const std::string& name, const std::string& text) {
    const auto path = golden / (name + ".txt");
    if (std::getenv("BEDPLATE_RECORD") != nullptr) {
        std::filesystem::create_directories(golden);
        std::ofstream(path, std::ios::binary) << text;
    }
    INFO(path.string() << "\n" << text);
    CHECK(read(path) == text);
}

}  // namespace

TEST_CASE("every screen looks as approved, small and large, with colours and without") {
    for (const auto& scene : scenes()) {
        INFO(scene.name);
        const auto rig = scene.play();
        for (const auto& size : sizes) {
            if (size.glyphs == Glyphs::ascii && scene.name.starts_with("chinese")) {
                continue;  // no such terminal is offered that language
            }
            check_golden(scene.name + "." + std::to_string(size.width) + "x" + std::to_string(size.height),
                         for_reading(dump(rig->canvas(size.width, size.height, size.glyphs))));
        }
        REQUIRE(choose_language("en", BEDPLATE_CATALOGUES));
    }
}

TEST_CASE("every approved screen still has its scene") {
    std::set<std::string> names;
    for (const auto& scene : scenes()) {
        names.insert(scene.name);
    }
    for (const auto& entry : std::filesystem::directory_iterator(golden)) {
        const auto file = entry.path().filename().string();
        INFO(file);
        CHECK(names.contains(file.substr(0, file.find('.'))));
    }
}

TEST_CASE("on a small screen nothing runs out of its line, and colour is never the only signal") {
    for (const auto& scene : scenes()) {
        const auto rig = scene.play();
        const auto canvas = rig->canvas(80, 24, Glyphs::ascii);
        for (int y = 1; y < 23; ++y) {
            std::string red;
            for (int x = 0; x < 80; ++x) {
                red += canvas.at(x, y).style == Style::danger ? canvas.at(x, y).text : "";
            }
            INFO(scene.name << " line " << y << ": " << red);
            // What erases or failed says so by a mark, too; a long text carries it in its first line.
            CHECK((red.empty() || red.contains('!') || red.starts_with(" ")));
        }
        REQUIRE(choose_language("en", BEDPLATE_CATALOGUES));
    }
}

TEST_CASE("styles that matter differ without colours, too") {
    std::set<std::string> plain;
    for (const auto style : {Style::focus, Style::danger, Style::field, Style::normal, Style::title}) {
        const auto look = look_of(style, false);
        plain.insert(std::to_string(look.bold) + std::to_string(look.reverse) +
                     std::to_string(look.underline));
    }
    CHECK(plain.size() == 5);
}

TEST_CASE("a window that is too small says so and comes back") {
    Rig rig("vm-r750", lab_site());
    rig.start();
    CHECK(characters(rig.canvas(60, 20, Glyphs::ascii)).starts_with("80x24 needed, this is 60x20"));
    CHECK(rig.text().contains("service tag"));
}
