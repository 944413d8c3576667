// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/environment.hpp"

#include <algorithm>
#include <format>
#include <map>
#include <numeric>

#include "base/text.hpp"
#include "image/compress.hpp"
#include "image/elf.hpp"
#include "image/files.hpp"

namespace bedplate::image {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view modules_root = "usr/lib/modules/";

/// "kernel/drivers/net/tg3.ko.xz" -> "drivers/net/tg3".
std::string_view bare_module_path(std::string_view path) {
    if (path.starts_with("kernel/")) {
        path.remove_prefix(7);
    }
    return path.substr(0, path.rfind(".ko"));
}

/// The name modprobe knows it by: '-' and '_' are the same.
std::string module_name(std::string_view path) {
    std::string name(bare_module_path(path));
    name.erase(0, name.rfind('/') + 1);
    std::ranges::replace(name, '-', '_');
    return name;
}

using Dependencies = std::map<std::string, std::vector<std::string>>;

Dependencies parse_dependencies(std::string_view modules_dep) {
    Dependencies dependencies;
    for (const auto& line : split(modules_dep, '\n')) {
        const auto colon = line.find(':');
        if (colon == std::string::npos) {
            continue;
        }
        auto& needs = dependencies[line.substr(0, colon)];
        for (const auto& word : split(line.substr(colon + 1), ' ')) {
            if (!word.empty()) {
                needs.push_back(word);
            }
        }
    }
    return dependencies;
}

/// "softdep ext4 pre: crc32c" lines: what modprobe loads first, if it is there.
void add_soft_dependencies(Dependencies& dependencies, std::string_view modules_softdep) {
    std::map<std::string, std::string> paths;
    for (const auto& [path, needs] : dependencies) {
        paths.emplace(module_name(path), path);
    }
    for (const auto& line : split(modules_softdep, '\n')) {
        const auto words = split(line, ' ');
        if (words.size() < 4 || words[0] != "softdep" || !paths.contains(module_name(words[1]))) {
            continue;
        }
        for (std::size_t i = 2; i < words.size(); ++i) {
            if (const auto found = paths.find(module_name(words[i])); found != paths.end()) {
                dependencies[paths.at(module_name(words[1]))].push_back(found->second);
            }
        }
    }
}

/// Compiled module indexes for just the modules that are left.
Result<void> index_modules(CommandRunner& runner, Tree& tree, const std::string& release,
                           const fs::path& scratch) {
    Tree modules;
    const std::string prefix = std::string(modules_root) + release + "/";
    for (const auto& [path, node] : tree) {
        if (path.starts_with(prefix)) {
            put(modules, path, node);
        }
    }
    BEDPLATE_TRY(fresh_directory(scratch));
    BEDPLATE_TRY(write_directory(modules, scratch));
    BEDPLATE_TRY(run_checked(runner, {.argv = {"depmod", "--basedir", scratch.string(), "--moduledir",
                                               "/usr/lib/modules", release}}));
    Tree indexed;
    BEDPLATE_TRY(read_directory(scratch / (prefix), indexed));
    for (auto& [path, node] : indexed) {
        if (path.starts_with("modules.")) {
            put_file(tree, prefix + path, std::move(node.content));
        }
    }
    std::error_code ignored;
    fs::remove_all(scratch, ignored);
    return {};
}

Result<std::string> add_kernel(const InstallerConfig& config, const fs::path& kernel_parts, Tree& tree) {
    Tree parts;
    BEDPLATE_TRY(read_tar(
        kernel_parts,
        [&](std::string_view path) {
            constexpr std::string_view firmware = "usr/lib/firmware/";
            return path.starts_with(modules_root) ||
                   (path.starts_with(firmware) && matches_any(config.firmware, path.substr(firmware.size())));
        },
        parts));
    const auto dep =
        std::ranges::find_if(parts, [](const auto& item) { return item.first.ends_with("/modules.dep"); });
    if (dep == parts.end()) {
        return fail("image.kernel", "the node's root has no kernel modules", kernel_parts.string());
    }
    const std::string prefix = dep->first.substr(0, dep->first.rfind('/') + 1);
    const auto wanted =
        select_modules(dep->second.content, parts[prefix + "modules.softdep"].content, config.modules);
    for (auto& [path, node] : parts) {
        if (path.starts_with(modules_root) && path.find("/kernel/") != std::string::npos &&
            !wanted.contains(path.substr(std::min(prefix.size(), path.size())))) {
            continue;
        }
        if (node.kind != TreeNode::Kind::directory) {
            put(tree, path, std::move(node));
        }
    }
    return prefix.substr(modules_root.size(), prefix.size() - modules_root.size() - 1);
}

/// Empty directories stay: some are mount points or wait for files (usr/lib/systemd/network, var/lib/misc).
Result<Tree> trimmed_root(const InstallerConfig& config, const fs::path& root_tar) {
    Tree tree;
    BEDPLATE_TRY(
        read_tar(root_tar, [&](std::string_view path) { return !matches_any(config.drop, path); }, tree));
    put_link(tree, "init", "usr/lib/systemd/systemd");
    return tree;
}

Result<void> check_libraries(const Tree& tree) {
    const auto missing = missing_libraries(tree);
    if (missing.empty()) {
        return {};
    }
    return fail("image.libraries",
                "the installer environment lacks libraries that its programs need: " + join(missing, "; "),
                {}, "adjust 'packages' or 'drop' in image/installer.yaml");
}

}  // namespace

std::set<std::string> select_modules(std::string_view modules_dep, std::string_view modules_softdep,
                                     const std::vector<std::string>& globs) {
    auto dependencies = parse_dependencies(modules_dep);
    add_soft_dependencies(dependencies, modules_softdep);
    std::vector<std::string> pending;
    for (const auto& [path, needs] : dependencies) {
        if (matches_any(globs, bare_module_path(path))) {
            pending.push_back(path);
        }
    }
    std::set<std::string> selected;
    while (!pending.empty()) {
        const std::string path = std::move(pending.back());
        pending.pop_back();
        if (selected.insert(path).second) {
            const auto& needs = dependencies[path];
            pending.insert(pending.end(), needs.begin(), needs.end());
        }
    }
    return selected;
}

std::vector<std::string> missing_libraries(const Tree& tree) {
    std::set<std::string> present;
    for (const auto& [path, node] : tree) {
        present.insert(path.substr(path.rfind('/') + 1));
    }
    std::vector<std::string> missing;
    for (const auto& [path, node] : tree) {
        if (node.kind != TreeNode::Kind::file) {
            continue;
        }
        for (const auto& library : needed_libraries(node.content)) {
            if (!present.contains(library)) {
                missing.push_back(std::format("{} needs {}", path, library));
            }
        }
    }
    return missing;
}

Result<void> build_environment(CommandRunner& runner, const ImageConfig& config, const fs::path& root_tar,
                               const fs::path& kernel_parts, const fs::path& output, const fs::path& log,
                               unsigned workers) {
    BEDPLATE_ASSIGN(auto tree, trimmed_root(config.installer, root_tar));
    BEDPLATE_ASSIGN(const auto release, add_kernel(config.installer, kernel_parts, tree));
    BEDPLATE_TRY(read_source_files(config.directory / "environment" / "files", tree));
    BEDPLATE_TRY(index_modules(runner, tree, release, output / "modules"));
    BEDPLATE_TRY(check_libraries(tree));
    BEDPLATE_ASSIGN(const auto cpio, to_cpio(tree, config.source_date_epoch));
    BEDPLATE_ASSIGN(const auto frame, compress_frame(cpio, config.installer_level, workers));
    std::string report = std::format("{} files, {} bytes unpacked, {} bytes compressed\n", tree.size(),
                                     cpio.size(), frame.size());
    for (const auto& [path, node] : tree) {
        report += std::format("{:10} {}\n", node.content.size(), path);
    }
    BEDPLATE_TRY(write_text(log, report));
    return write_text(output / "base.cpio.zst", frame);
}

}  // namespace bedplate::image
