// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/mark.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "base/text.hpp"
#include "inventory/json_fields.hpp"

namespace bedplate {
namespace {

constexpr std::size_t boot_code_size = 440;
constexpr std::string_view mark_schema = "bedplate/mark/v1";

/// The first block at `offset`; empty where it cannot be read.
std::vector<std::byte> first_block(Sources& sources, BlockDevice& device, Bytes offset) {
    std::vector<std::byte> block(device.logical_block_size().value);
    if (auto read = device.read(offset, block); !read) {
        sources.note(read.error());
        return {};
    }
    return block;
}

/// `seal` writes the ESP's first block last: without it the partition is no FAT file system to anybody.
bool is_fat_boot_sector(std::span<const std::byte> block) {
    if (block.size() < 512 || block[510] != std::byte{0x55} || block[511] != std::byte{0xaa}) {
        return false;
    }
    constexpr std::string_view fat32 = "FAT32";
    const bool says_fat32 = std::ranges::equal(
        fat32, block.subspan(82, fat32.size()),
        [](char expected, std::byte byte) { return std::to_integer<char>(byte) == expected; });
    return says_fat32 || block[0] == std::byte{0xeb} || block[0] == std::byte{0xe9};
}

bool has_boot_code(std::span<const std::byte> block) {
    return block.size() >= boot_code_size &&
           std::ranges::any_of(block.first(boot_code_size),
                               [](std::byte byte) { return byte != std::byte{0}; });
}

/// What became of reading the mark.
struct MarkReading {
    bool absent = false;  ///< the file system has no such file
    std::optional<MarkFile> file;
};

MarkReading mark_on_esp(Sources& sources, const std::string& image) {
    // mtools reads FAT without mounting it; its check would refuse a file system that is smaller than its
    // partition.
    const auto result = sources.commands().run({.argv = {"mtype", "-i", image, "::/bedplate/node.json"},
                                                .timeout = std::chrono::seconds{20},
                                                .environment = {{"MTOOLS_SKIP_CHECK", "1"}}});
    if (!result) {
        sources.note(result.error());
        return {};
    }
    if (result->exit_status != 0) {
        const bool absent = result->err.find("not found") != std::string::npos;
        if (!absent) {
            sources.note(std::format("mtype -i {}: {}", image, elide(trim(result->err), 200)));
        }
        return {.absent = absent, .file = std::nullopt};
    }
    return {.absent = false, .file = sources.accept(parse_mark_file(result->out))};
}

}  // namespace

Result<MarkFile> parse_mark_file(std::string_view text) {
    BEDPLATE_ASSIGN(const Json json, parse_json(text, "bedplate/node.json", 64U * 1024));
    if (text_field(json, "schema") != mark_schema) {
        return fail("mark.schema", std::format("'schema' is not '{}'", mark_schema), "bedplate/node.json");
    }
    MarkFile mark{
        .cluster = text_field(json, "cluster"),
        .hostname = text_field(json, "hostname"),
        .plan_digest = text_field(json, "plan_digest"),
        .firmware = text_field(json, "firmware") == "bios" ? FirmwareMode::bios : FirmwareMode::uefi,
        .generation = number_field(json, "generation").value_or(0),
        .failed = text_field(json, "state") == "failed"};
    if (!mark.failed && (mark.cluster.empty() || mark.hostname.empty() || mark.generation == 0)) {
        return fail("mark.field", "cluster, hostname or generation is missing", "bedplate/node.json");
    }
    return mark;
}

std::optional<InstallationMark> read_mark(Sources& sources, BlockDevice& disk, const Gpt& gpt,
                                          const std::filesystem::path& disk_path,
                                          const std::filesystem::path& esp) {
    const GptEntry* entry = gpt.find(marked_partition_name);
    if (entry == nullptr) {
        return std::nullopt;
    }
    InstallationMark incomplete{.disk_guid = gpt.disk_guid.to_text()};
    if (!is_fat_boot_sector(first_block(sources, disk, entry->start))) {
        return incomplete;
    }
    const std::string image =
        esp.empty() ? std::format("{}@@{}", disk_path.string(), entry->start.value) : esp.string();
    const auto [absent, file] = mark_on_esp(sources, image);
    if (absent || (file && file->failed)) {
        return incomplete;
    }
    if (!file) {
        // Somebody's finished node, as far as anybody can tell: never to be taken for one that may be erased.
        return InstallationMark{.state = InstallationMark::State::finished,
                                .cluster = std::string(unreadable_mark),
                                .hostname = std::string(unreadable_mark),
                                .disk_guid = gpt.disk_guid.to_text()};
    }
    if (file->firmware == FirmwareMode::bios && !has_boot_code(first_block(sources, disk, Bytes{0}))) {
        return incomplete;
    }
    return InstallationMark{.state = InstallationMark::State::finished,
                            .cluster = file->cluster,
                            .hostname = file->hostname,
                            .generation = file->generation,
                            .disk_guid = gpt.disk_guid.to_text()};
}

}  // namespace bedplate
