// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/layering/layering.hpp"

#include <algorithm>
#include <format>
#include <fstream>
#include <optional>
#include <string_view>

namespace bedplate::layering {

namespace {

namespace fs = std::filesystem;

using Names = std::vector<std::string_view>;

/// One module: where it lies and what it may include besides itself.
struct Module {
    std::string_view name;
    std::string_view folder;  ///< from the top of the tree
    Names may_include;
};

/// The one-way order (docs/overview.md). A module that stands below another in the same column is listed here
/// too: what a public header brings along may also be named.
const std::vector<Module>& modules() {
    static const std::vector<Module> list{
        {"base", "installer/base", {}},
        {"inventory", "installer/inventory", {"base"}},
        {"profile", "installer/profile", {"base", "inventory"}},
        {"cluster", "installer/cluster", {"base"}},
        {"plan", "installer/plan", {"base", "inventory", "profile", "cluster"}},
        {"platform", "installer/platform", {"base"}},
        {"platform/linux", "installer/platform/linux", {"base", "platform"}},
        {"probe", "installer/probe", {"base", "platform", "inventory"}},
        {"execute", "installer/execute", {"base", "platform", "inventory", "profile", "plan"}},
        {"netproof", "installer/netproof", {"base", "platform", "inventory", "profile", "plan"}},
        {"registry", "installer/registry", {"base", "platform", "cluster"}},
        // Its main() is the program bedplate-vm, which chooses the real platform.
        {"guests",
         "installer/guests",
         {"base", "platform", "platform/linux", "inventory", "profile", "cluster", "plan", "execute",
          "registry"}},
        {"engine",
         "installer/engine",
         {"base", "platform", "inventory", "profile", "cluster", "plan", "probe", "execute", "netproof",
          "registry"}},
        // The front ends are the only ones that choose the real platform.
        {"image", "image", {"base", "platform", "platform/linux", "inventory", "profile", "plan", "engine"}},
        {"cli",
         "installer/cli",
         {"base", "platform", "platform/linux", "inventory", "profile", "cluster", "plan", "probe", "execute",
          "registry", "engine", "image"}},
        {"lab",
         "installer/lab",
         {"base", "platform", "platform/linux", "inventory", "profile", "guests", "engine", "image"}},
        {"tui",
         "tui",
         {"base", "platform", "platform/linux", "inventory", "profile", "cluster", "plan", "execute",
          "engine"}},
        {"firstboot",
         "firstboot",
         {"base", "platform", "platform/linux", "inventory", "profile", "cluster", "plan", "probe", "execute",
          "registry", "engine"}},
    };
    return list;
}

/// A third-party header and the modules that may see it.
struct Foreign {
    std::string_view prefix;
    Names only_in;
};

const std::vector<Foreign>& foreign_headers() {
    static const std::vector<Foreign> list{
        {"yaml-cpp/", {"profile", "image"}},
        {"nlohmann/", {"base"}},
        {"openssl/", {"base", "platform/linux"}},
        {"parted/", {"execute", "image"}},
        {"archive.h", {"execute", "image"}},
        {"archive_entry.h", {"execute", "image"}},
        {"zstd.h", {"execute", "image"}},
        {"blkid", {"probe", "execute"}},
        {"libudev.h", {"probe"}},
        {"curl/", {"platform/linux"}},
        {"systemd/", {"platform/linux"}},
        {"ncurses", {"tui"}},
        {"curses.h", {"tui"}},
        {"qrencode.h", {"tui"}},
        {"crypt.h", {"tui"}},
        {"CLI/", {"cli", "firstboot", "lab", "guests"}},
        {"libvirt/", {"lab", "guests"}},
        {"pugixml", {"lab", "guests"}},
        {"catch2/", {}},
    };
    return list;
}

bool contains(const Names& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

/// The module with the longest folder that `path` lies in, so that platform/linux is not taken for platform.
const Module* module_of(std::string_view path) {
    const Module* best = nullptr;
    for (const auto& module : modules()) {
        if (path.starts_with(std::string(module.folder) + "/") &&
            (best == nullptr || module.folder.size() > best->folder.size())) {
            best = &module;
        }
    }
    return best;
}

struct Include {
    std::string header;
    bool quoted = false;
};

std::optional<Include> parse_include(std::string_view line) {
    const auto skip_blanks = [&] {
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    };
    skip_blanks();
    if (!line.starts_with('#')) {
        return std::nullopt;
    }
    line.remove_prefix(1);
    skip_blanks();
    constexpr std::string_view keyword = "include";
    if (!line.starts_with(keyword)) {
        return std::nullopt;
    }
    line.remove_prefix(keyword.size());
    skip_blanks();
    if (line.empty() || (line[0] != '"' && line[0] != '<')) {
        return std::nullopt;
    }
    const auto end = line.find(line[0] == '"' ? '"' : '>', 1);
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    return Include{.header = std::string(line.substr(1, end - 1)), .quoted = line[0] == '"'};
}

/// Why this module must not include this header; empty if it may.
std::string objection(const Module& module, const Include& include) {
    // Our own headers are found from the top and from installer/, whichever way they are written.
    const Module* target = module_of(include.header);
    if (target == nullptr) {
        target = module_of("installer/" + include.header);
    }
    if (target != nullptr) {
        const bool fine = target == &module || contains(module.may_include, target->name);
        return fine ? "" : std::format("{} must not include {}", module.name, target->name);
    }
    for (const auto& foreign : foreign_headers()) {
        if (include.header.starts_with(foreign.prefix)) {
            const bool fine = contains(foreign.only_in, module.name);
            return fine ? "" : std::format("{} must not include <{}>", module.name, include.header);
        }
    }
    if (include.quoted) {
        return std::format("'{}' belongs to no module: write the path from installer/ or from the top",
                           include.header);
    }
    return "";
}

std::vector<fs::path> sources(const fs::path& top) {
    std::vector<fs::path> files;
    for (const std::string_view root : {"installer", "image", "firstboot", "tui"}) {
        if (!fs::is_directory(top / root)) {
            continue;
        }
        for (const auto& entry : fs::recursive_directory_iterator(top / root)) {
            const auto extension = entry.path().extension();
            if (entry.is_regular_file() &&
                (extension == ".cpp" || extension == ".hpp" || extension == ".h")) {
                files.push_back(entry.path());
            }
        }
    }
    std::ranges::sort(files);
    return files;
}

}  // namespace

std::vector<std::string> violations(const fs::path& top) {
    std::vector<std::string> found;
    for (const auto& file : sources(top)) {
        const std::string name = file.lexically_relative(top).generic_string();
        const Module* module = module_of(name);
        if (module == nullptr) {
            found.push_back(std::format("{}: this folder is no module that tests/unit/layering knows", name));
            continue;
        }
        std::ifstream stream(file);
        std::string line;
        for (std::size_t number = 1; std::getline(stream, line); ++number) {
            const auto include = parse_include(line);
            const std::string why = include ? objection(*module, *include) : "";
            if (!why.empty()) {
                found.push_back(std::format("{}:{}: {}", name, number, why));
            }
        }
    }
    return found;
}

std::size_t count_sources(const fs::path& top) {
    return sources(top).size();
}

}  // namespace bedplate::layering
