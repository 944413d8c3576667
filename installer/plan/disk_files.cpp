// SPDX-License-Identifier: GPL-3.0-or-later
#include <format>

#include "plan/node_files.hpp"
#include "plan/osds.hpp"

namespace bedplate {
namespace {

action::WriteFile file(std::string path, std::string text, std::uint32_t mode = 0644) {
    action::WriteFile result;
    result.path = std::move(path);
    result.text = std::move(text);
    result.mode = mode;
    return result;
}

/// By UUID alone: neither host name nor the order in which disks are found matters.
std::string mdadm_conf(const StoragePlan& storage) {
    const auto line = [](std::string_view name, const Guid& uuid) {
        return std::format("ARRAY /dev/md/bedplate-{} metadata=1.2 UUID={}\n", name, md_uuid_text(uuid));
    };
    std::string text = "HOMEHOST <ignore>\nMAILADDR root\n";
    if (storage.mirrored()) {
        text += line("boot", storage.ids().array("boot")) + line("sys", storage.ids().array("sys"));
    }
    return storage.fast ? text + line("fast", storage.fast->array) : text;
}

/// With `initramfs` the tools that make the initramfs take the line whatever they think the root needs. For a
/// TPM clevis answers in the place of a person.
std::string crypttab(const StoragePlan& storage) {
    return std::format("{} UUID={} none luks,discard,initramfs\n", storage.crypt_name(),
                       storage.ids().crypt().to_text());
}

/// Where the loaders are that have to stay alike.
std::string boot_document(const NodeFacts& facts) {
    Json loaders = Json::array();
    for (std::size_t i = 0; i < facts.storage.system.size(); ++i) {
        const SystemDisk& disk = facts.storage.system[i];
        loaders.push_back(Json{{"disk", disk.chosen->path},
                               {"esp", partition_device(disk.layout.partition(esp_number))},
                               {"esp_volume_id", volume_id_text(disk.ids.esp_volume_id())},
                               {"mounted_on", i == 0 ? "/boot/efi" : "/boot/efi2"},
                               {"boot_entry", boot_entry_label(i)}});
    }
    return Json{{"schema", "bedplate/boot/v1"},
                {"firmware", to_string(facts.inventory.firmware.mode)},
                {"loaders", loaders}}
               .dump(2) +
           "\n";
}

}  // namespace

std::string boot_entry_label(std::size_t n) {
    return n == 0 ? "bedplate" : std::format("bedplate disk {}", n + 1);
}

std::vector<action::WriteFile> disk_files(const NodeFacts& facts) {
    const StoragePlan& storage = facts.storage;
    std::vector<action::WriteFile> files;
    if (storage.mirrored() || storage.fast) {
        files.push_back(file("/etc/mdadm/mdadm.conf", mdadm_conf(storage)));
    }
    if (storage.encryption != Encryption::none) {
        files.push_back(file("/etc/crypttab", crypttab(storage)));
    }
    if (storage.mirrored()) {
        files.push_back(file("/etc/bedplate/boot.json", boot_document(facts)));
    }
    if (!facts.osds.empty()) {
        files.push_back(
            file("/etc/bedplate/osds.json", osds_document(facts.node.fsid, facts.osds).dump(2) + "\n"));
    }
    return files;
}

}  // namespace bedplate
