// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "platform/linux/linux.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/layering/layering.hpp"

using namespace bedplate;
using layering::violations;

namespace {

/// A made-up tree with one file.
struct Tree {
    fakes::TempDir dir;

    Tree(const std::filesystem::path& file, std::string_view text) {
        REQUIRE(linux_file_system()->write(dir / file, text).has_value());
    }
    std::vector<std::string> violations() const { return layering::violations(dir.path()); }
};

}  // namespace

TEST_CASE("no file of this tree includes against the one-way order") {
    CHECK(layering::count_sources(BEDPLATE_SOURCE_DIR) > 50);
    for (const auto& violation : violations(BEDPLATE_SOURCE_DIR)) {
        FAIL_CHECK(violation);
    }
}

TEST_CASE("the checker finds an include against the order") {
    struct Row {
        const char* file;
        const char* include;
        const char* violation;
    };
    const Row rows[] = {
        {"installer/base/a.hpp", "\"inventory/inventory.hpp\"", "base must not include inventory"},
        {"installer/inventory/a.cpp", "\"profile/profile.hpp\"", "inventory must not include profile"},
        {"installer/inventory/a.cpp", "\"platform/file_system.hpp\"", "inventory must not include platform"},
        {"installer/profile/a.cpp", "\"platform/http.hpp\"", "profile must not include platform"},
        {"installer/plan/a.cpp", "\"platform/clock.hpp\"", "plan must not include platform"},
        {"installer/plan/a.cpp", "\"platform/linux/linux.hpp\"", "plan must not include platform/linux"},
        {"installer/plan/a.cpp", "\"execute/execute.hpp\"", "plan must not include execute"},
        {"installer/platform/a.cpp", "\"platform/linux/linux.hpp\"",
         "platform must not include platform/linux"},
        {"installer/platform/linux/a.cpp", "\"inventory/inventory.hpp\"",
         "platform/linux must not include inventory"},
        {"installer/probe/a.cpp", "\"plan/plan.hpp\"", "probe must not include plan"},
        {"installer/execute/a.cpp", "\"probe/probe.hpp\"", "execute must not include probe"},
        {"installer/execute/a.cpp", "\"platform/linux/linux.hpp\"",
         "execute must not include platform/linux"},
        {"installer/engine/a.cpp", "\"cli/verbs.hpp\"", "engine must not include cli"},
        {"installer/engine/a.cpp", "\"installer/cli/verbs.hpp\"", "engine must not include cli"},
        {"installer/engine/a.cpp", "\"image/build.hpp\"", "engine must not include image"},
        {"installer/cli/a.cpp", "\"tui/screen.hpp\"", "cli must not include tui"},
        {"installer/cli/a.cpp", "\"firstboot/service.hpp\"", "cli must not include firstboot"},
        {"tui/a.cpp", "\"cli/verbs.hpp\"", "tui must not include cli"},
        {"firstboot/a.cpp", "\"image/build.hpp\"", "firstboot must not include image"},
        {"image/a.cpp", "\"execute/execute.hpp\"", "image must not include execute"},
        {"image/deep/er/a.hpp", "\"cli/verbs.hpp\"", "image must not include cli"},
        {"installer/plan/a.cpp", "<yaml-cpp/yaml.h>", "plan must not include <yaml-cpp/yaml.h>"},
        {"installer/probe/a.cpp", "<parted/parted.h>", "probe must not include <parted/parted.h>"},
        {"installer/engine/a.cpp", "<archive.h>", "engine must not include <archive.h>"},
        {"installer/execute/a.cpp", "<curl/curl.h>", "execute must not include <curl/curl.h>"},
        {"image/a.cpp", "<CLI/CLI.hpp>", "image must not include <CLI/CLI.hpp>"},
        {"installer/plan/a.cpp", "<nlohmann/json.hpp>", "plan must not include <nlohmann/json.hpp>"},
        {"installer/plan/a.cpp", "\"nlohmann/json.hpp\"", "plan must not include <nlohmann/json.hpp>"},
        {"installer/base/a.cpp", "<catch2/catch_test_macros.hpp>",
         "base must not include <catch2/catch_test_macros.hpp>"},
        {"installer/base/a.cpp", "\"tests/support/fake_clock.hpp\"",
         "'tests/support/fake_clock.hpp' belongs to no module: write the path from installer/ or from the "
         "top"},
        {"installer/base/a.cpp", "\"text.hpp\"",
         "'text.hpp' belongs to no module: write the path from installer/ or from the top"},
    };
    for (const auto& row : rows) {
        INFO(row.file << " includes " << row.include);
        const Tree tree(row.file, std::string("#pragma once\n  #  include ") + row.include + "  // why\n");
        CHECK(tree.violations() == std::vector<std::string>{std::string(row.file) + ":2: " + row.violation});
    }
}

TEST_CASE("the checker finds a folder that is no module") {
    const Tree tree("installer/misc/a.cpp", "");
    CHECK(tree.violations() ==
          std::vector<std::string>{
              "installer/misc/a.cpp: this folder is no module that tests/unit/layering knows"});
}

TEST_CASE("the checker lets pass what follows the order") {
    const Tree tree("installer/execute/a.cpp",
                    "#include \"execute/a.hpp\"\n#include <vector>\n#include <parted/parted.h>\n"
                    "#include \"plan/plan.hpp\"\n#include \"platform/clock.hpp\"\n"
                    "// #include \"cli/verbs.hpp\"\nconst char* text = \"#include <curl/curl.h>\";\n");
    CHECK(tree.violations().empty());
    const Tree front("installer/cli/a.cpp",
                     "#include \"image/build.hpp\"\n#include \"engine/session.hpp\"\n");
    CHECK(front.violations().empty());
}
