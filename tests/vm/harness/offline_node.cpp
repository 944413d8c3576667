// SPDX-License-Identifier: GPL-3.0-or-later
#include "offline_node.hpp"

#include <fcntl.h>

#include <algorithm>
#include <format>
#include <set>

#include "base/digest.hpp"
#include "lvm_metadata.hpp"
#include "plan/ids.hpp"
#include "platform/descriptor.hpp"
#include "platform/linux/linux.hpp"
#include "probe/content.hpp"
#include "probe/disks.hpp"
#include "probe/mark.hpp"
#include "workspace.hpp"

namespace bedplate::vm {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t boot_code_size = 440;  // the rest is the disk's signature and the partition table

/// What the plan writes over the payload's own files; everything else has to be the payload's, byte for byte.
const std::set<std::string> configured{
    "boot/grub/grub.cfg", "etc/default/grub", "etc/fstab",      "etc/hostname",      "etc/hosts",
    "etc/localtime",      "etc/resolv.conf",  "etc/timezone",   "etc/shadow",        "etc/group",
    "etc/passwd",         "etc/gshadow",      "etc/machine-id", "etc/nftables.conf",
};

bool all_zero(std::span<const std::byte> data) {
    return std::ranges::all_of(data, [](std::byte byte) { return byte == std::byte{0}; });
}

Result<bool> starts_with_zeroes(BlockDevice& device, Bytes offset, std::size_t size) {
    std::vector<std::byte> block(device.logical_block_size().value);
    BEDPLATE_TRY(device.read(offset, block));
    return all_zero(std::span(block).first(std::min(size, block.size())));
}

/// A file system without the default loader (the one that holds the logs of a failed installation) starts
/// nothing. One that cannot be read is counted as if it did.
bool default_loader_on(const fs::path& image, Bytes esp) {
    const auto listed = [&](const std::string& path) {
        const auto done = host_commands().run(
            {.argv = {"mdir", "-b", "-i", std::format("{}@@{}", image.string(), esp.value), path},
             .environment = {{"MTOOLS_SKIP_CHECK", "1"}}});
        return done && done->exit_status == 0;
    };
    return listed("::/EFI/BOOT/BOOTX64.EFI") || !listed("::/");
}

NodeSpec node_of(const NodeExpectation& expected) {
    NodeSpec node;
    node.hostname = expected.hostname;
    node.cluster_name = expected.cluster;
    node.install.generation = expected.generation;
    node.install.wipe = expected.wipe;
    return node;
}

PlanIds ids_of(const NodeExpectation& expected) {
    return {node_of(expected), DiskIdentity{.serial = expected.disk_serial, .model = expected.disk_model}};
}

/// The file systems of a node, and where on the disk they begin.
struct NodePlaces {
    std::map<std::string, Bytes> ext4;  ///< by mount point, without the leading slash
    Bytes esp;
};

Result<NodePlaces> places_on(const fs::path& image, const NodeExpectation& expected, int file) {
    const auto blocks = linux_block_devices(expected.block_size);
    BEDPLATE_ASSIGN(const auto device, blocks->open(image, BlockAccess::read));
    BEDPLATE_ASSIGN(const auto table, read_gpt(*device));
    if (!table || table->disk_guid != ids_of(expected).disk()) {
        return fail("node.table", "there is no partition table of this node");
    }
    const auto* const esp = table->find("bedplate-esp");
    const auto* const boot = table->find("bedplate-boot");
    const auto* const lvm = table->find("bedplate-lvm");
    if (esp == nullptr || boot == nullptr || lvm == nullptr) {
        return fail("node.table", "a partition is missing");
    }
    NodePlaces places{.ext4 = {{"boot", boot->start}}, .esp = esp->start};
    BEDPLATE_ASSIGN(const auto text, read_lvm_text(file, lvm->start));
    BEDPLATE_ASSIGN(const auto metadata, parse_lvm_text(text));
    BEDPLATE_ASSIGN(const auto volumes, linear_volumes(metadata));
    for (const auto& [volume, mount_point] :
         std::map<std::string, std::string>{{"root", ""}, {"var", "var"}, {"log", "var/log"}}) {
        if (const auto found = volumes.find(volume); found != volumes.end()) {
            places.ext4[mount_point] = lvm->start + found->second.offset;
        } else {
            return fail("node.volume", std::format("volume {} is missing", volume));
        }
    }
    return places;
}

/// -n changes nothing; a journal that is not empty is a complaint of its own (Ext4Reader).
void check_ext4(const fs::path& image, const std::string& mount_point, Bytes offset, Complaints& complaints) {
    const auto done = host_commands().run(
        {.argv = {"e2fsck", "-fn", std::format("{}?offset={}", image.string(), offset.value)},
         .timeout = std::chrono::minutes(10)});
    if (!done || done->exit_status != 0) {
        complaints.push_back(std::format("the file system for /{} is not clean: {}", mount_point,
                                         done ? done->out + done->err : done.error().to_text()));
    }
}

/// The tree as the node will see it: what is mounted hides what lies beneath.
Result<FileTree> node_tree(int file, const NodePlaces& places) {
    FileTree tree;
    for (const auto& [mount_point, offset] : places.ext4) {  // "" first, "var" before "var/log"
        const auto prefix = mount_point.empty() ? std::string() : mount_point + "/";
        if (!prefix.empty()) {
            std::erase_if(tree, [&](const auto& entry) { return entry.first.starts_with(prefix); });
        }
        BEDPLATE_ASSIGN(const auto reader, Ext4Reader::open(file, offset));
        BEDPLATE_ASSIGN(const auto part, reader.read_all());
        for (const auto& [path, what] : part) {
            tree[prefix + path] = what;
        }
    }
    return tree;
}

void compare_files(const FileTree& tree, const FileTree& payload, Complaints& complaints) {
    constexpr std::size_t most = 20;
    std::size_t different = 0;
    for (const auto& [path, what] : payload) {
        const auto found = tree.find(path);
        const bool same = found != tree.end() && (found->second == what || configured.contains(path));
        if (!same && different++ < most) {
            complaints.push_back(std::format("/{} is {}, the payload has '{}'", path,
                                             found == tree.end() ? "missing" : "'" + found->second + "'",
                                             what));
        }
    }
    if (different > most) {
        complaints.push_back(std::format("and {} more files", different - most));
    }
    for (const auto& path : configured) {
        if (const auto found = tree.find(path);
            found != tree.end() && found->second == "f " + sha256_hex("")) {
            const auto planned = payload.find(path);
            if (planned == payload.end() || planned->second != found->second) {
                complaints.push_back(std::format("/{} is empty", path));
            }
        }
    }
}

void check_esp(const fs::path& image, Bytes esp, const FileTree& payload, Complaints& complaints) {
    const std::map<std::string, std::string> files{
        {"EFI/BOOT/BOOTX64.EFI", "usr/lib/shim/shimx64.efi.signed"},
        {"EFI/BOOT/grubx64.efi", "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed"},
        {"EFI/debian/shimx64.efi", "usr/lib/shim/shimx64.efi.signed"},
        {"EFI/debian/grubx64.efi", "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed"}};
    for (const auto& [path, source] : files) {
        const auto text = run_checked(
            host_commands(),
            {.argv = {"mtype", "-i", std::format("{}@@{}", image.string(), esp.value), "::/" + path},
             .environment = {{"MTOOLS_SKIP_CHECK", "1"}}});
        const auto wanted = payload.find(source);
        if (!text || wanted == payload.end() || "f " + sha256_hex(*text) != wanted->second) {
            complaints.push_back(std::format("{} on the EFI system partition is not the payload's /{}: {}",
                                             path, source, text ? "other content" : text.error().to_text()));
        }
    }
}

}  // namespace

Result<bool> has_loader(const fs::path& image, Firmware firmware, Bytes block_size) {
    const auto blocks = linux_block_devices(block_size);
    BEDPLATE_ASSIGN(const auto device, blocks->open(image, BlockAccess::read));
    if (firmware == Firmware::bios) {
        BEDPLATE_ASSIGN(const bool empty, starts_with_zeroes(*device, Bytes{0}, boot_code_size));
        return !empty;
    }
    BEDPLATE_ASSIGN(const auto table, read_gpt(*device));
    if (!table) {
        return false;
    }
    const auto esp_type = Guid::parse("c12a7328-f81f-11d2-ba4b-00a0c93ec93b");  // UEFI 2.10, table 5.7
    for (const auto& entry : table->entries) {
        if (entry.type == *esp_type) {
            BEDPLATE_ASSIGN(const bool empty, starts_with_zeroes(*device, entry.start, block_size.value));
            if (!empty && default_loader_on(image, entry.start)) {
                return true;
            }
        }
    }
    return false;
}

Result<DiskJudgement> judge_disk(const fs::path& image, const NodeExpectation& expected) {
    RealPlatform real(curl_http(), expected.block_size);
    Sources sources(real.get());
    BlockNode node;
    node.kname = "image";
    node.path = image.string();
    node.type = "disk";
    node.size = Bytes{fs::file_size(image)};
    node.log_sec = node.phy_sec = expected.block_size;
    node.serial = expected.disk_serial;
    node.model = expected.disk_model;
    const auto content = read_content(sources, node);
    const auto disk = disk_of(sources, node, nullptr, content, {});
    const auto spec = node_of(expected);
    DiskJudgement judgement{.occupant = occupant_of(disk, spec, ids_of(expected)),
                            .contents = contents_text(disk)};
    judgement.verdict = decide(DiskUse::system, judgement.occupant, {.policy = spec.install.wipe});
    BEDPLATE_ASSIGN(judgement.loader, has_loader(image, expected.firmware, expected.block_size));
    return judgement;
}

Complaints check_complete(const fs::path& image, const NodeExpectation& expected, const FileTree& payload) {
    Complaints complaints;
    const Descriptor file(::open(image.c_str(), O_RDONLY | O_CLOEXEC));
    const auto judgement = judge_disk(image, expected);
    if (!judgement || !judgement->loader || judgement->occupant != Occupant::own_current) {
        complaints.push_back("the installer would not take this for a finished node: " +
                             (judgement ? judgement->contents : judgement.error().to_text()));
    }
    const auto places = places_on(image, expected, file.get());
    if (!places) {
        complaints.push_back(places.error().to_text());
        return complaints;
    }
    for (const auto& [mount_point, offset] : places->ext4) {
        check_ext4(image, mount_point, offset, complaints);
    }
    if (const auto tree = node_tree(file.get(), *places)) {
        compare_files(*tree, payload, complaints);
    } else {
        complaints.push_back(tree.error().to_text());
    }
    check_esp(image, places->esp, payload, complaints);
    return complaints;
}

}  // namespace bedplate::vm
