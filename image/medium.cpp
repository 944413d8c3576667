// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/medium.hpp"

#include <algorithm>
#include <chrono>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "image/artefacts.hpp"
#include "image/bootfiles.hpp"
#include "image/files.hpp"
#include "image/layout.hpp"
#include "image/pxe.hpp"

namespace bedplate::image {

namespace fs = std::filesystem;

namespace {

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
    return text;
}

/// Two artefacts' files one after another, with the SHA-256 of the result beside it; kept from build to
/// build.
Result<std::string> concatenate(const fs::path& first, const fs::path& second, const std::string& key,
                                const fs::path& to) {
    const fs::path note = to.string() + ".sha256";
    std::error_code error;
    if (auto known = read_text(note); known && known->starts_with(key + " ") && fs::exists(to, error)) {
        return known->substr(key.size() + 1, 64);
    }
    fs::remove(note, error);
    fs::remove(to, error);
    fs::create_directories(to.parent_path(), error);
    fs::copy_file(first, to, error);
    if (error) {
        return fail("file.write",
                    std::format("cannot copy {} to {}: {}", first.string(), to.string(), error.message()),
                    to.string());
    }
    BEDPLATE_TRY(append_file(to, second));
    BEDPLATE_ASSIGN(auto digest, sha256_of_file(to));
    BEDPLATE_TRY(write_text(note, key + " " + digest + "\n"));
    return digest;
}

Result<Payload> describe_payload(const MediumParts& parts, const fs::path& file, std::string sha256) {
    BEDPLATE_ASSIGN(auto base, read_part(parts.node));
    BEDPLATE_ASSIGN(auto overlay, read_part(parts.node_overlay));
    Payload payload{.path = payload_path,
                    .entries = base.entries + overlay.entries,
                    .sha256 = std::move(sha256),
                    .kernel = base.kernel,
                    .chunks = std::move(base.chunks)};
    payload.chunks.insert(payload.chunks.end(), overlay.chunks.begin(), overlay.chunks.end());
    for (auto& chunk : payload.chunks) {
        chunk.offset = payload.size;
        payload.size += chunk.size;
        payload.tar_size += chunk.tar_size;
    }
    BEDPLATE_ASSIGN(const auto opened, File::open(file, File::Mode::read));
    BEDPLATE_ASSIGN(const auto size, opened.size());
    if (size != payload.size) {
        return fail(
            "artefact.damaged",
            std::format("{} has {} bytes instead of {}", file.string(), size.value, payload.size.value),
            file.string(), "delete it and build again");
    }
    return payload;
}

ManifestFile describe(const std::string& path, std::string_view content) {
    return {.path = path, .size = Bytes{content.size()}, .sha256 = sha256_hex(content)};
}

/// xorriso writes the image's own block addresses into this file, so its digest is not known before the image
/// is.
bool is_patched_by_xorriso(std::string_view path) {
    return path == "boot/grub/i386-pc/eltorito.img";
}

class MediumBuilder {
public:
    MediumBuilder(CommandRunner& runner, const ImageConfig& config, const MediumParts& parts,
                  const MediumOptions& options)
        : runner_(runner),
          config_(config),
          parts_(parts),
          options_(options),
          stage_(options.work / "stage") {}

    Result<BuiltMedium> make() {
        BEDPLATE_TRY(collect_small_files());
        BEDPLATE_TRY(put_large_files_together());
        finish_build_id();
        BEDPLATE_TRY(write_stage());
        BEDPLATE_TRY(write_manifest());
        BEDPLATE_ASSIGN(auto iso, write_iso());
        BEDPLATE_TRY(write_pxe());
        BEDPLATE_ASSIGN(const auto file, File::open(iso, File::Mode::read));
        BEDPLATE_ASSIGN(const auto size, file.size());
        return BuiltMedium{std::move(iso), std::move(manifest_), size};
    }

private:
    Result<void> collect_small_files() {
        for (const auto& [path, node] : parts_.loader) {
            if (path.contains('/') && !path.starts_with("pxe/")) {
                put(files_, path, node);
            }
        }
        put(files_, network_grub_path, parts_.loader.at("pxe/grubx64.efi"));
        for (const auto& [path, node] : parts_.profiles) {
            put(files_, "bedplate/profiles/" + path, node);
        }
        BEDPLATE_ASSIGN(auto menu, read_text(config_.directory / "grub" / "grub.cfg"));
        put_file(files_, "boot/grub/grub.cfg", std::move(menu));
        Tree kernel;
        BEDPLATE_TRY(read_tar(
            parts_.node / node_parts, [](std::string_view path) { return path.starts_with("boot/vmlinuz-"); },
            kernel));
        put_file(files_, "boot/vmlinuz", std::move(kernel.begin()->second.content));
        return {};
    }

    Result<void> put_large_files_together() {
        const fs::path payload = options_.work / "node.tar.zst";
        BEDPLATE_ASSIGN(
            auto digest,
            concatenate(parts_.node / part_frames, parts_.node_overlay / part_frames,
                        parts_.node.filename().string() + parts_.node_overlay.filename().string(), payload));
        BEDPLATE_ASSIGN(manifest_.payload, describe_payload(parts_, payload, std::move(digest)));
        const fs::path initramfs = options_.work / "installer.cpio.zst";
        BEDPLATE_ASSIGN(
            digest,
            concatenate(parts_.installer / "base.cpio.zst", parts_.installer_overlay / "overlay.cpio.zst",
                        parts_.installer.filename().string() + parts_.installer_overlay.filename().string(),
                        initramfs));
        manifest_.files.push_back(
            {.path = initramfs_path, .size = Bytes{fs::file_size(initramfs)}, .sha256 = std::move(digest)});
        return {};
    }

    void finish_build_id() {
        for (const auto& [path, node] : files_) {
            if (node.kind == TreeNode::Kind::file && !is_patched_by_xorriso(path)) {
                manifest_.files.push_back(describe(path, node.content));
            }
        }
        std::ranges::sort(manifest_.files, {}, &ManifestFile::path);
        manifest_.version = options_.version;
        manifest_.source_date_epoch = config_.source_date_epoch;
        manifest_.suite = config_.node.suite;
        // 128 bits are plenty for a name.
        manifest_.build_id = sha256_hex(canonical(to_json(manifest_))).substr(0, 32);
    }

    Result<void> write_stage() {
        BEDPLATE_ASSIGN(auto find, read_text(config_.directory / "grub" / "find.cfg"));
        find = replace_all(std::move(find), "@BUILD_ID@", manifest_.build_id);
        if (own_keys()) {
            BEDPLATE_ASSIGN(auto program, signed_kernel_image());
            put_file(esp_, "EFI/BOOT/BOOTX64.EFI", std::move(program));
        }
        for (const auto& [path, node] : files_) {
            if (path.starts_with("EFI/") && !own_keys()) {
                put(esp_, path, node);
            }
        }
        put_file(esp_, "boot/grub/grub.cfg", find);
        put_file(esp_, "EFI/debian/grub.cfg", find);
        Tree stage = files_;
        put_file(stage, ".disk/bedplate-" + manifest_.build_id, manifest_.version + "\n");
        put_file(stage, manifest_.site_area, std::string(manifest_.site_area_size.value, '\0'));
        put_file(stage, layout_path, std::string(layout_size.value, '\n'));
        put_file(stage, std::string(layout_path) + ".sig", std::string(layout_signature_size.value, '\n'));
        put_file(stage, site_config_path, std::string(site_config_size.value, '\n'));
        BEDPLATE_TRY(fresh_directory(stage_));
        BEDPLATE_TRY(write_directory(stage, stage_));
        if (!options_.net) {
            BEDPLATE_TRY(link_or_copy(options_.work / "node.tar.zst", stage_ / payload_path));
        }
        return link_or_copy(options_.work / "installer.cpio.zst", stage_ / initramfs_path);
    }

    [[nodiscard]] bool own_keys() const { return !options_.secure_boot_key.empty(); }

    /// Mode B: what the firmware verifies is kernel, initramfs and command line as one program.
    Result<std::string> signed_kernel_image() {
        const fs::path kernel = options_.work / "vmlinuz";
        const fs::path program = options_.work / "installer.efi";
        BEDPLATE_TRY(write_text(kernel, files_.at("boot/vmlinuz").content));
        BEDPLATE_TRY(
            run_checked(runner_, unified_image_command(kernel, options_.work / "installer.cpio.zst",
                                                       manifest_.payload.kernel, options_, program)));
        return read_text(program);
    }

    Result<void> write_manifest() {
        const fs::path file = stage_ / manifest_path;
        BEDPLATE_TRY(write_text(file, to_json(manifest_).dump(1) + "\n"));
        BEDPLATE_TRY(sign(runner_, options_.key, file));
        BEDPLATE_TRY(link_or_copy(file, options_.out / "manifest.json"));
        return link_or_copy(file.string() + ".sig", options_.out / "manifest.json.sig");
    }

    /// Every file of the stage gets the same time; directories too, after their content is complete.
    Result<void> set_times() {
        const auto time = fs::file_time_type::clock::from_sys(
            std::chrono::sys_seconds(std::chrono::seconds(config_.source_date_epoch)));
        std::error_code error;
        for (const auto& item : fs::recursive_directory_iterator(stage_, error)) {
            fs::last_write_time(item.path(), time, error);
        }
        fs::last_write_time(stage_, time, error);
        if (error) {
            return fail("file.write", "cannot set times: " + error.message(), stage_.string());
        }
        return {};
    }

    Result<fs::path> write_iso() {
        const fs::path esp = options_.work / "esp.img";
        BEDPLATE_TRY(make_esp(runner_, esp_, config_.source_date_epoch, options_.work / "esp", esp));
        const fs::path mbr = options_.work / "boot_hybrid.img";
        BEDPLATE_TRY(write_text(mbr, parts_.loader.at("boot_hybrid.img").content));
        BEDPLATE_TRY(set_times());
        const fs::path iso = options_.out / iso_name(options_);
        const fs::path unfinished = iso.string() + ".new";
        std::error_code error;
        fs::remove(unfinished, error);
        BEDPLATE_TRY(run_checked(
            runner_, iso_command(stage_, esp, mbr, unfinished, options_.version, config_.source_date_epoch)));
        BEDPLATE_TRY(seal_layout(runner_, unfinished, options_.key, options_.work));
        fs::rename(unfinished, iso, error);
        if (error) {
            return fail("file.write", "cannot name the image: " + error.message(), iso.string());
        }
        return iso;
    }

    /// The same paths as on the medium, so that one base URL serves for all; no second copy of anything
    /// large.
    Result<void> write_pxe() {
        const fs::path pxe = options_.out / "pxe";
        BEDPLATE_TRY(fresh_directory(pxe));
        BEDPLATE_TRY(link_or_copy(options_.work / "node.tar.zst", pxe / payload_path));
        for (const auto& item : fs::recursive_directory_iterator(stage_)) {
            const fs::path path = item.path().lexically_relative(stage_);
            const std::string text = path.string();
            const bool wanted = (text.starts_with("bedplate/") && text != network_grub_path) ||
                                text == "boot/vmlinuz" || text == initramfs_path;
            if (item.is_regular_file() && wanted && text != manifest_.site_area &&
                !text.starts_with(layout_path)) {
                BEDPLATE_TRY(link_or_copy(item.path(), pxe / path));
            }
        }
        BEDPLATE_TRY(write_text(pxe / "shimx64.efi", parts_.loader.at("EFI/BOOT/BOOTX64.EFI").content));
        BEDPLATE_TRY(write_text(pxe / "mmx64.efi", parts_.loader.at("EFI/BOOT/mmx64.efi").content));
        BEDPLATE_TRY(write_text(pxe / "grubx64.efi", parts_.loader.at("pxe/grubx64.efi").content));
        for (const auto& [path, text] : pxe_texts({})) {
            BEDPLATE_TRY(write_text(pxe / path, text));
        }
        return {};
    }

    CommandRunner& runner_;
    const ImageConfig& config_;
    const MediumParts& parts_;
    const MediumOptions& options_;
    fs::path stage_;
    Tree files_;  ///< of the medium, without the large ones
    Tree esp_;
    Manifest manifest_;
};

}  // namespace

std::string iso_name(const MediumOptions& options) {
    return std::format("bedplate-{}-amd64{}{}.iso", options.version, options.net ? "-net" : "",
                       options.secure_boot_key.empty() ? "" : "-ownkeys");
}

Command unified_image_command(const fs::path& kernel, const fs::path& initramfs, const std::string& release,
                              const MediumOptions& options, const fs::path& program) {
    // There is no boot menu that could ask: the site document comes from the medium, a stick or a server.
    const std::string command_line =
        "quiet loglevel=4 panic=30 lsm=lockdown,yama,integrity console=tty0 console=ttyS0,115200n8 "
        "bedplate.mode=unattended";
    return {.argv = {"ukify",
                     "build",
                     "--linux",
                     kernel.string(),
                     "--initrd",
                     initramfs.string(),
                     "--cmdline",
                     command_line,
                     "--uname",
                     release,
                     "--os-release",
                     std::format("ID=bedplate\nNAME=Bedplate\nVERSION_ID={}\n", options.version),
                     "--signtool",
                     "sbsign",
                     "--secureboot-private-key",
                     options.secure_boot_key.string(),
                     "--secureboot-certificate",
                     options.secure_boot_certificate.string(),
                     "--output",
                     program.string()},
            .timeout = std::chrono::minutes{5}};
}

Command iso_command(const fs::path& stage, const fs::path& esp, const fs::path& mbr, const fs::path& iso,
                    std::string_view version, std::uint64_t epoch) {
    const auto time = std::chrono::sys_seconds(std::chrono::seconds(epoch));
    // Letters, digits and '_' only: everything else in a volume name is an extension of ISO 9660.
    const std::string volume = "BEDPLATE_" + replace_all(std::string(version), ".", "_");
    return {.argv = {"xorriso",
                     "-as",
                     "mkisofs",
                     "-quiet",
                     "-r",
                     "-J",
                     "-joliet-long",
                     "-iso-level",
                     "3",
                     "-V",
                     volume,
                     std::format("--modification-date={:%Y%m%d%H%M%S}00", time),
                     "-partition_offset",
                     "16",
                     "--grub2-mbr",
                     mbr.string(),
                     "--mbr-force-bootable",
                     "-append_partition",
                     "2",
                     "0xef",
                     esp.string(),
                     "-appended_part_as_gpt",
                     "-iso_mbr_part_type",
                     "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7",
                     "-c",
                     "/boot/boot.cat",
                     "-b",
                     "/boot/grub/i386-pc/eltorito.img",
                     "-no-emul-boot",
                     "-boot-load-size",
                     "4",
                     "-boot-info-table",
                     "--grub2-boot-info",
                     "-eltorito-alt-boot",
                     "-e",
                     "--interval:appended_partition_2:all::",
                     "-no-emul-boot",
                     "-o",
                     iso.string(),
                     stage.string()},
            .timeout = std::chrono::minutes{20},
            .environment = {{"SOURCE_DATE_EPOCH", std::to_string(epoch)}, {"TZ", "UTC"}}};
}

Result<BuiltMedium> make_medium(CommandRunner& runner, const ImageConfig& config, const MediumParts& parts,
                                const MediumOptions& options) {
    return MediumBuilder(runner, config, parts, options).make();
}

}  // namespace bedplate::image
