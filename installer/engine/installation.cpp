// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/installation.hpp"

#include <algorithm>
#include <functional>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace bedplate {

namespace {

const std::filesystem::path stick_mount = "/run/bedplate/usb";
const std::filesystem::path memory = "/run/bedplate";

/// The text of a document that has been read, from the file that it came from.
Result<std::string> read_again(Platform& platform, const std::string& origin, const std::string& digest) {
    BEDPLATE_ASSIGN(auto text, platform.files.read(origin, kib(256)));
    if (sha256_hex(text) != digest) {
        return fail("document.changed", "the document changed while it was read", origin,
                    "look at the hardware again");
    }
    return text;
}

/// Partitions with a file system on disks that a person can pull out, by their stable names.
std::vector<std::string> stick_devices(const Inventory& inventory) {
    std::vector<std::string> devices;
    for (const auto& disk : inventory.disks) {
        if (disk.transport != Transport::usb || disk.bmc_virtual || disk.installation_medium) {
            continue;
        }
        const std::string name = disk.by_id.empty() ? disk.path : "/dev/disk/by-id/" + disk.by_id.front();
        for (const auto& partition : disk.partitions) {
            if (partition.fstype == "vfat" || partition.fstype == "ext4") {
                devices.push_back(partition_path(name, partition.number));
            }
        }
    }
    return devices;
}

Result<void> with_stick(Platform& platform, const Inventory& inventory, const char* options,
                        const std::function<Result<void>()>& work) {
    const auto devices = stick_devices(inventory);
    if (devices.empty()) {
        return refuse("stick.none", "there is no USB stick with a vfat or ext4 file system", {},
                      "plug it in and load the hardware again (Ctrl-R)");
    }
    if (devices.size() > 1) {
        return refuse("stick.several", "there are several USB sticks: " + join(devices, ", "), {},
                      "leave only one plugged in and load the hardware again (Ctrl-R)");
    }
    BEDPLATE_TRY(platform.files.make_directories(stick_mount));
    BEDPLATE_TRY(run_checked(platform.commands,
                             {.argv = {"mount", "-o", options, devices.front(), stick_mount.string()}}));
    auto done = work();
    auto unmounted = run_checked(platform.commands, {.argv = {"umount", stick_mount.string()}});
    BEDPLATE_TRY(done);
    BEDPLATE_TRY(unmounted);
    return {};
}

}  // namespace

std::vector<const PlannedDisk*> written_disks(const Plan& plan) {
    std::vector<const PlannedDisk*> disks;
    for (const auto& disk : plan.disks) {
        if (disk.written) {
            disks.push_back(&disk);
        }
    }
    return disks;
}

bool is_blank(const Disk& disk) {
    return disk.partition_table.empty() && disk.partitions.empty() && disk.signatures.empty() &&
           disk.holders.empty() && !disk.installation && !disk.interrupted;
}

std::vector<const PlannedDisk*> disks_to_confirm(const Plan& plan, const Inventory& inventory) {
    auto disks = written_disks(plan);
    std::erase_if(disks, [&](const PlannedDisk* disk) {
        const auto now = find_disk(disk->identity, inventory);
        return disk->role != PlannedRole::system && now && is_blank(**now);
    });
    return disks;
}

std::string confirmation_of(const DiskIdentity& disk) {
    std::string text = !disk.serial.empty() ? disk.serial : !disk.wwn.empty() ? disk.wwn : disk.by_path;
    text = trim(text);
    return text.size() <= 4 ? text : text.substr(text.size() - 4);
}

SessionInstallation::SessionInstallation(Platform& platform, EventSink& events, SessionOptions options)
    : platform_(platform), session_(platform, events, std::move(options)) {}

Result<Inventory> SessionInstallation::look() {
    BEDPLATE_TRY(session_.look_at_machine());
    return session_.inventory();
}

Result<std::vector<DocumentText>> SessionInstallation::profiles() {
    BEDPLATE_TRY(session_.read_profiles());
    std::vector<DocumentText> texts;
    for (const auto& profile : session_.profiles()) {
        BEDPLATE_ASSIGN(auto text, read_again(platform_, profile.origin, profile.digest));
        texts.push_back({.origin = profile.origin, .text = std::move(text)});
    }
    return texts;
}

Result<DocumentText> SessionInstallation::site() {
    BEDPLATE_TRY(session_.find_sources());
    BEDPLATE_TRY(session_.read_site(false));
    return DocumentText{.origin = session_.site().origin, .text = session_.site().text};
}

Result<std::string> SessionInstallation::medium() {
    BEDPLATE_TRY(session_.open_medium());
    const auto& manifest = session_.medium().manifest;
    return std::format("version {}, build {}", manifest.version, manifest.build_id);
}

Result<std::string> SessionInstallation::plan(const DocumentText& document) {
    Report report;
    auto site = load_site(document.text, document.origin, report);
    if (!site) {
        return std::unexpected(report.to_error());
    }
    session_.use_site(*std::move(site));
    BEDPLATE_TRY(session_.make_plan());
    return session_.plan().digest();
}

Result<SecretsAtHand> SessionInstallation::secrets_at_hand() {
    return session_.secrets_at_hand();
}

Result<void> SessionInstallation::apply(const Consent& consent, const TypedSecrets& secrets) {
    BEDPLATE_TRY(session_.open_medium());
    session_.use_secrets(secrets);
    return session_.apply(consent);
}

Result<std::vector<NodeCheck>> SessionInstallation::check_network() {
    BEDPLATE_ASSIGN(auto checks, link_checks());
    // What is wrong with a cable would only be waited for.
    if (!std::ranges::all_of(checks, &NodeCheck::ok)) {
        return checks;
    }
    BEDPLATE_ASSIGN(const auto proof, session_.try_network());
    for (const NetworkCheck& check : proof.checks) {
        const bool doubtful = check.outcome == NetworkCheck::Outcome::doubtful;
        checks.push_back({.id = check.code.empty() ? "network" : check.code,
                          .ok = check.outcome != NetworkCheck::Outcome::failed,
                          .detail = (doubtful ? "not sure: " : "") + check.detail});
    }
    return checks;
}

Result<std::vector<NodeCheck>> SessionInstallation::link_checks() const {
    BEDPLATE_ASSIGN(const auto node, compose(session_.site(), session_.inventory(), std::nullopt));
    const auto profile = std::ranges::find(session_.profiles(), session_.plan().profile_name, &Profile::name);
    if (profile == session_.profiles().end()) {
        return fail("profile.unknown", "the plan's profile is not there any more");
    }
    return check_links(session_.inventory(), *profile, node);
}

Result<std::vector<DocumentText>> SessionInstallation::read_stick(const std::string& glob) {
    std::vector<DocumentText> found;
    BEDPLATE_TRY(with_stick(platform_, session_.inventory(), "ro", [&]() -> Result<void> {
        BEDPLATE_ASSIGN(const auto names, platform_.files.list(stick_mount));
        for (const auto& name : names) {
            if (glob_match(glob, name)) {
                BEDPLATE_ASSIGN(auto text, platform_.files.read(stick_mount / name, kib(256)));
                found.push_back({.origin = name, .text = std::move(text)});
            }
        }
        return {};
    }));
    return found;
}

Result<std::string> SessionInstallation::save(const std::string& name, const std::string& text) {
    BEDPLATE_TRY(platform_.files.write(memory / name, text, 0600));
    std::string places = (memory / name).string();
    const auto on_stick = with_stick(platform_, session_.inventory(), "rw,sync", [&]() -> Result<void> {
        return platform_.files.write(stick_mount / name, text, 0600);
    });
    if (on_stick) {
        return places + " and " + name + " on the USB stick";
    }
    if (on_stick.error().code != "stick.none") {
        return with_context(on_stick.error(), "they are in " + places + ", but not on the stick");
    }
    return places;
}

Result<void> SessionInstallation::leave() {
    const bool reboot = session_.plan().after == InstallSettings::After::reboot;
    // --no-block: the service that runs this is itself stopped on the way down.
    BEDPLATE_TRY(run_checked(platform_.commands,
                             {.argv = {"systemctl", "--no-block", reboot ? "reboot" : "poweroff"}}));
    return {};
}

}  // namespace bedplate
