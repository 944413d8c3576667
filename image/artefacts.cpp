// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/artefacts.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "image/compress.hpp"
#include "image/files.hpp"

namespace bedplate::image {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view dpkg_directory = "var/lib/dpkg/";
constexpr std::string_view kernel_image_prefix = "boot/vmlinuz-";

bool is_needed_elsewhere(std::string_view path) {
    for (const std::string_view prefix : {"usr/lib/modules", "usr/lib/firmware", "usr/lib/shim",
                                          "usr/lib/grub", "var/lib/dpkg", "boot/vmlinuz-"}) {
        if (path.starts_with(prefix)) {
            return true;
        }
    }
    return false;
}

Result<void> write_part(const fs::path& output, const PayloadPart& part) {
    const Json facts{
        {"entries", part.entries}, {"kernel", part.kernel}, {"chunks", chunks_to_json(part.chunks)}};
    return write_text(output / part_facts, facts.dump() + "\n");
}

/// Debian's merged /usr: /bin, /lib and /sbin are links on the node, and a directory entry of that name in
/// the archive would replace them.
Result<void> check_merged_usr(const Tree& tree, const fs::path& deb) {
    for (const auto& [path, node] : tree) {
        for (const std::string_view top : {"bin", "lib", "lib64", "sbin"}) {
            if (path == top) {
                return fail("image.deb", std::format("a package has files in /{}, which is a link", top),
                            deb.string(), "install them below /usr");
            }
        }
    }
    return {};
}

/// Which packages there are, but not their file lists: dpkg would look for all those files on the scratch
/// root and write the lists anew without them. It warns about missing lists, in the log only. `statoverride`
/// names users of the node.
bool is_package_state(std::string_view path) {
    if (!path.starts_with(dpkg_directory)) {
        return false;
    }
    path.remove_prefix(dpkg_directory.size());
    return path == "status" || path == "arch" || path == "diversions" || path == "info" ||
           path == "info/format" || path == "updates" || path == "triggers";
}

Result<fs::path> scratch_with_database(const fs::path& node, const fs::path& output, Tree& database) {
    const fs::path scratch = output / "scratch";
    BEDPLATE_TRY(fresh_directory(scratch));
    Tree found;
    BEDPLATE_TRY(read_tar(node / node_parts, is_package_state, found));
    for (auto& [path, entry] : found) {
        put(database, path, std::move(entry));
    }
    BEDPLATE_TRY(write_directory(database, scratch));
    return scratch;
}

/// Locks and backups of dpkg's database belong to this run of dpkg only.
bool belongs_to_run(std::string_view path) {
    return path.starts_with("var/log") || path.ends_with("/lock") || path.ends_with("/lock-frontend") ||
           path.ends_with("/Lock") || path.ends_with("-old") || path.ends_with("/Unincorp") ||
           (path.starts_with(dpkg_directory) && path.substr(dpkg_directory.size()).starts_with("updates"));
}

Tree changes(const Tree& after, const Tree& before) {
    Tree changed;
    for (const auto& [path, node] : after) {
        if (belongs_to_run(path)) {
            continue;
        }
        const auto old = before.find(path);
        const bool same =
            old != before.end() && old->second.kind == node.kind && old->second.content == node.content;
        // Directories on the way are the base's own; a new one has something in it or a mode of its own.
        const bool ordinary_directory = node.kind == TreeNode::Kind::directory && node.mode == 0755;
        if (!same && !ordinary_directory) {
            changed.emplace(path, node);
        }
    }
    return changed;
}

}  // namespace

Result<PayloadPart> read_part(const fs::path& artefact) {
    const fs::path path = artefact / part_facts;
    BEDPLATE_ASSIGN(const auto text, read_text(path));
    BEDPLATE_ASSIGN(const auto json, parse_json(text, path.string()));
    PayloadPart part;
    try {
        part.entries = json.at("entries").get<std::uint64_t>();
        part.kernel = json.at("kernel").get<std::string>();
        BEDPLATE_ASSIGN(part.chunks, chunks_from_json(json.at("chunks"), path.string()));
    } catch (const Json::exception& error) {
        return fail("artefact.damaged", std::format("{}: {}", path.string(), error.what()), path.string(),
                    "delete it and build again");
    }
    return part;
}

Result<void> split_node_root(const ImageConfig& config, const fs::path& output, unsigned workers,
                             const std::function<void(double)>& progress) {
    const fs::path tar = output / "root.tar";
    Tree parts;
    BEDPLATE_ASSIGN(const auto facts, read_tar(tar, is_needed_elsewhere, parts));
    PayloadPart part{.chunks = {}, .entries = facts.entries, .kernel = {}};
    for (const auto& [path, node] : parts) {
        if (path.starts_with(kernel_image_prefix)) {
            part.kernel = path.substr(kernel_image_prefix.size());
        }
    }
    if (part.kernel.empty()) {
        return fail("image.kernel", "the node's root has no kernel in /boot", tar.string(),
                    "put linux-image-amd64 into image/node.yaml");
    }
    {
        BEDPLATE_ASSIGN(const auto packed, to_tar(parts, config.source_date_epoch));
        BEDPLATE_TRY(write_text(output / node_parts, packed));
    }
    BEDPLATE_ASSIGN(const auto content, MappedFile::open(tar));
    BEDPLATE_ASSIGN(part.chunks, write_chunks(content.text().substr(0, facts.end.value), config.node_level,
                                              workers, output / part_frames, progress));
    BEDPLATE_TRY(write_part(output, part));
    std::error_code ignored;
    fs::remove(tar, ignored);
    return {};
}

Result<void> build_node_overlay(CommandRunner& runner, const ImageConfig& config,
                                const std::vector<fs::path>& debs, const fs::path& node,
                                const fs::path& output, const fs::path& log) {
    if (debs.empty()) {
        BEDPLATE_TRY(write_text(output / part_frames, ""));
        return write_part(output, {});
    }
    Tree database;
    BEDPLATE_ASSIGN(const auto scratch, scratch_with_database(node, output, database));
    // No maintainer script runs here (the packages have none); what they depend on is in the database.
    Command dpkg{.argv = {"dpkg", "--root=" + scratch.string(), "--force-script-chrootless",
                          "--force-unsafe-io", "--no-triggers", "--install"},
                 .environment = {{"SOURCE_DATE_EPOCH", std::to_string(config.source_date_epoch)}},
                 .output_file = log};
    for (const auto& deb : debs) {
        dpkg.argv.push_back(deb.string());
    }
    BEDPLATE_TRY(run_checked(runner, dpkg));
    Tree after;
    BEDPLATE_TRY(read_directory(scratch, after));
    BEDPLATE_TRY(check_merged_usr(after, debs.front()));
    const Tree changed = changes(after, database);
    BEDPLATE_ASSIGN(const auto tar, to_tar(changed, config.source_date_epoch));
    PayloadPart part{.chunks = {}, .entries = changed.size(), .kernel = {}};
    BEDPLATE_ASSIGN(part.chunks, write_chunks(tar, config.overlay_level, 1, output / part_frames, {}));
    std::error_code ignored;
    fs::remove_all(scratch, ignored);
    return write_part(output, part);
}

Result<void> build_installer_overlay(CommandRunner& runner, const ImageConfig& config,
                                     const std::vector<fs::path>& debs, const Tree& profiles,
                                     const std::string& allowed_signers, const fs::path& output) {
    const fs::path scratch = output / "scratch";
    BEDPLATE_TRY(fresh_directory(scratch));
    for (const auto& deb : debs) {
        BEDPLATE_TRY(
            run_checked(runner, {.argv = {"dpkg-deb", "--extract", deb.string(), scratch.string()}}));
    }
    Tree tree;
    BEDPLATE_TRY(read_directory(scratch, tree));
    BEDPLATE_TRY(check_merged_usr(tree, scratch));
    std::error_code ignored;
    fs::remove_all(scratch, ignored);
    // The profiles of this build stand for those that the package brought.
    std::erase_if(tree,
                  [](const auto& item) { return item.first.starts_with("usr/share/bedplate/profiles/"); });
    std::erase_if(tree, [](const auto& item) { return item.first.starts_with("usr/share/doc/"); });
    for (const auto& [path, node] : profiles) {
        put(tree, "usr/share/bedplate/profiles/" + path, node);
    }
    put_file(tree, "etc/bedplate/allowed_signers", allowed_signers);
    BEDPLATE_ASSIGN(const auto cpio, to_cpio(tree, config.source_date_epoch));
    BEDPLATE_ASSIGN(const auto frame, compress_frame(cpio, config.overlay_level, 1));
    return write_text(output / "overlay.cpio.zst", frame);
}

}  // namespace bedplate::image
