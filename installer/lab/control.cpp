// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/control.hpp"

#include <fstream>
#include <random>

#include "base/foreign_text.hpp"
#include "base/text.hpp"
#include "engine/documents.hpp"
#include "image/personalize.hpp"
#include "lab/bmc.hpp"
#include "lab/emulator.hpp"
#include "lab/following.hpp"
#include "lab/switch.hpp"

namespace bedplate::lab {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view description = "lab.json";
constexpr std::string_view default_profile = "lab-vm";

/// 16 characters, which is what IPMI 2.0's sessions take on every implementation.
Secret random_password() {
    std::random_device random;
    std::string text;
    for (int i = 0; i < 4; ++i) {
        text += std::format("{:04x}", random() & 0xffffU);
    }
    return Secret(text);
}

Result<std::string> public_key(Platform& platform, const fs::path& folder) {
    const auto key = folder / "ssh-key";
    if (!platform.files.exists(key)) {
        BEDPLATE_TRY(run_checked(platform.commands, {.argv = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                                                              "-C", "bedplate-lab", "-f", key.string()}}));
    }
    BEDPLATE_ASSIGN(const auto line, platform.files.read(key.string() + ".pub"));
    return std::string(trim(line));
}

Result<Site> site_of(Platform& platform, const UpOptions& options) {
    const auto copy = options.folder / "site.yaml";
    if (options.site.empty()) {
        BEDPLATE_ASSIGN(const auto key, public_key(platform, options.folder));
        BEDPLATE_TRY(platform.files.write(copy, default_site(options.wish, key, options.profile)));
        return load_site_from(platform, copy.string());
    }
    BEDPLATE_ASSIGN(const auto text, platform.files.read(options.site));
    BEDPLATE_TRY(platform.files.write(copy, text));
    return load_site_from(platform, options.site.string());
}

/// What the site says, else what was asked for, else the one that is made for this.
Result<Profile> profile_of(Platform& platform, const UpOptions& options, const Site& site) {
    BEDPLATE_ASSIGN(auto profiles, load_profiles(platform.files, options.profile_places));
    const auto& first = site.nodes.front().profile;
    const std::string name = first ? *first : options.profile.value_or(std::string(default_profile));
    const auto found = std::ranges::find(profiles, name, &Profile::name);
    if (found == profiles.end()) {
        return refuse("lab.profile", std::format("there is no profile {}", name), site.origin);
    }
    return *found;
}

/// The lab as it was laid out before, if it was; another one in its place is a refusal.
Result<void> keep_description(Platform& platform, const Lab& lab) {
    const auto path = lab.folder / description;
    const auto text = pretty(to_json(lab)) + "\n";
    if (const auto before = platform.files.read(path); before && *before != text) {
        return refuse("lab.other", "there is a lab of this name that was laid out differently", path.string(),
                      std::format("bedplate lab down --name {}", lab.name));
    }
    return platform.files.write(path, text);
}

/// What opens the lab's BMCs: made once.
Result<Secret> bmc_password(Platform& platform, const Lab& lab) {
    const auto path = lab.folder / "bmc-password";
    if (!platform.files.exists(path)) {
        BEDPLATE_TRY(platform.files.write(path, random_password().reveal() + "\n", 0600));
    }
    BEDPLATE_ASSIGN(const auto text, platform.files.read(path));
    return Secret(std::string(trim(text)));
}

Result<void> make_medium(const UpOptions& options, const Lab& lab, const Site& site, const Secret& password) {
    if (fs::exists(lab.medium())) {
        return {};
    }
    // Under another name until it is whole.
    const auto unfinished = fs::path(lab.medium()).replace_extension(".new");
    std::error_code error;
    fs::copy_file(options.iso, unfinished, fs::copy_options::overwrite_existing, error);
    if (error) {
        return fail("lab.medium", "cannot copy the image: " + error.message(), options.iso.string(),
                    "make iso");
    }
    BEDPLATE_ASSIGN(const auto text, with_bmcs(lab, site.text, site.origin));
    image::SiteFiles files{
        .site = text, .site_origin = site.origin, .profiles = {}, .secrets = secrets_document(password)};
    if (const auto report = image::validate(files); report.has_errors()) {
        return std::unexpected(report.to_error());
    }
    BEDPLATE_TRY(image::personalize(unfinished, files));
    fs::rename(unfinished, lab.medium(), error);
    if (error) {
        return fail("lab.medium", error.message(), lab.medium().string());
    }
    return {};
}

Result<void> make_disks(const FileSystem& files, const LabNode& node) {
    for (const auto& disk : node.disks) {
        if (files.exists(disk.image)) {
            continue;
        }
        if (std::ofstream made(disk.image); !made) {
            return fail("lab.disk", "cannot make the disk's image", disk.image.string());
        }
        std::error_code error;
        fs::resize_file(disk.image, disk.size.value, error);
        if (error) {
            return fail("lab.disk", error.message(), disk.image.string());
        }
    }
    return {};
}

Result<void> make_parts(Platform& platform, Libvirt& libvirt, const UpOptions& options, const Lab& lab,
                        const Site& site) {
    BEDPLATE_TRY(make_switch(platform.commands, lab));
    BEDPLATE_TRY(libvirt.make_network(lab.bridge, network_xml(lab)));
    BEDPLATE_ASSIGN(const auto password, bmc_password(platform, lab));
    BEDPLATE_TRY(make_medium(options, lab, site, password));
    for (const auto& node : lab.nodes) {
        BEDPLATE_TRY(make_disks(platform.files, node));
        BEDPLATE_ASSIGN(const auto state, libvirt.state(lab.domain(node)));
        if (state == Libvirt::State::absent) {
            BEDPLATE_TRY(libvirt.define(domain_xml(lab, node)));
        }
        if (state != Libvirt::State::running) {
            BEDPLATE_TRY(libvirt.start(lab.domain(node)));
        }
    }
    return start_bmcs(platform, lab, options.program);
}

}  // namespace

Result<Lab> up(Platform& platform, const UpOptions& options, const View& view) {
    BEDPLATE_TRY(platform.files.make_directories(options.folder, 0711));
    BEDPLATE_ASSIGN(const auto site, site_of(platform, options));
    BEDPLATE_ASSIGN(const auto profile, profile_of(platform, options, site));
    BEDPLATE_ASSIGN(auto libvirt, Libvirt::connect());
    Wish wish = options.wish;
    if (wish.emulator == "auto") {
        const auto before = read_lab(platform.files, options.folder);
        BEDPLATE_ASSIGN(wish.emulator, before
                                           ? Result<std::string>(before->emulator)
                                           : choose_emulator(platform, libvirt, options.iso, options.folder));
    }
    BEDPLATE_ASSIGN(const auto lab, plan_lab(wish, site, profile, options.folder));
    BEDPLATE_TRY(keep_description(platform, lab));
    BEDPLATE_TRY(make_parts(platform, libvirt, options, lab, site));
    BEDPLATE_TRY(Following(platform, libvirt, lab).until_ready(options.patience, view));
    return lab;
}

Result<Lab> read_lab(const FileSystem& files, const fs::path& folder) {
    const auto path = folder / description;
    const auto text = files.read(path);
    if (!text) {
        return fail("lab.none", "there is no lab of this name", folder.string(), "bedplate lab up");
    }
    BEDPLATE_ASSIGN(const auto json, parse_json(*text, path.string()));
    return lab_from_json(json, path.string());
}

Result<void> down(Platform& platform, const Lab& lab) {
    BEDPLATE_TRY(stop_bmcs(platform, lab));
    BEDPLATE_ASSIGN(auto libvirt, Libvirt::connect());
    for (const auto& node : lab.nodes) {
        BEDPLATE_TRY(libvirt.remove_domain(lab.domain(node)));
    }
    BEDPLATE_TRY(libvirt.remove_network(lab.bridge));
    BEDPLATE_TRY(remove_switch(platform.commands, lab));
    std::error_code error;
    fs::remove_all(lab.folder, error);
    if (error) {
        return fail("lab.files", error.message(), lab.folder.string());
    }
    return {};
}

std::vector<std::string> ssh_command(const Lab& lab, const LabNode& node) {
    std::vector<std::string> argv{"ssh", "-F", "none", "-i", lab.key().string()};
    // A node that is installed again has other host keys; the network is this machine's own.
    for (const auto* option : {"StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR",
                               "IdentitiesOnly=yes", "ConnectTimeout=10", "ServerAliveInterval=15"}) {
        argv.insert(argv.end(), {"-o", option});
    }
    argv.push_back("root@" + node.address);
    return argv;
}

Result<std::string> chassis(const Lab& lab, const std::string& hostname,
                            const std::vector<std::string>& words) {
    const auto node = std::ranges::find(lab.nodes, hostname, &LabNode::hostname);
    if (node == lab.nodes.end()) {
        return fail("lab.chassis", "the lab has no such node", hostname);
    }
    BEDPLATE_ASSIGN(auto libvirt, Libvirt::connect());
    const auto domain = lab.domain(*node);
    const auto asked = join(words, " ");
    if (asked == "get power") {
        BEDPLATE_ASSIGN(const auto state, libvirt.state(domain));
        return std::string(state == Libvirt::State::running ? "power:1\n" : "power:0\n");
    }
    if (asked == "get boot") {
        return "boot:default\n";
    }
    if (asked == "set power 0") {
        BEDPLATE_TRY(libvirt.power_off(domain));
        return "";
    }
    if (asked == "set power 1" || asked == "set reset 1") {
        if (words[1] == "reset") {
            BEDPLATE_TRY(libvirt.power_off(domain));
        }
        BEDPLATE_ASSIGN(const auto state, libvirt.state(domain));
        if (state != Libvirt::State::running) {
            BEDPLATE_TRY(libvirt.start(domain));
        }
        return "";
    }
    return fail("lab.chassis", "this BMC cannot do that", asked);
}

}  // namespace bedplate::lab
