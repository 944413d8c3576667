// SPDX-License-Identifier: GPL-3.0-or-later
// Disks on which somebody lives: without consent they are refused and stay as they are, byte for byte; with
// consent nothing of the former owner is left that any probe could find.
#include <catch2/catch_test_macros.hpp>
#include <format>
#include <fstream>
#include <regex>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "figures.hpp"
#include "harness/disk_images.hpp"
#include "installation.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"
#include "rescue.hpp"
#include "server.hpp"

using namespace bedplate;
using namespace bedplate::vm;
using std::chrono::minutes;

namespace fs = std::filesystem;

namespace {

/// The installer's own tools make these; a sample is the first of them.
const std::vector<std::string> simple_states{"LFLVM",  "LFMDLVM", "LFDDF",   "LFGPTEND",
                                             "LFZFS",  "LFMBR",   "LFMDEND", "LFMD090",
                                             "LFSWAP", "LFFAT",   "LFVMFS",  "LFVGHALF"};
/// These take a node's: cryptsetup, xfs, and a Ceph cluster that runs.
const std::vector<std::string> node_states{"LFLUKS", "LFXFS", "LFCEPHLV", "LFCEPHRAW", "LFCEPH1G"};
/// The node itself, whose system is a mirror.
const std::vector<std::string> node_systems{"LFSYS1", "LFSYS2"};
/// Second members, which stay behind.
const std::vector<std::string> spares{"LFSPARE1", "LFSPARE2"};

DiskSpec disk_of(const fs::path& folder, const std::string& serial) {
    return {.id = to_lower(serial),
            .image = folder / (serial + ".img"),
            .bus = DiskBus::scsi,
            .serial = serial,
            .model = "LEFTOVER",
            .vendor = "LEFT"};
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) {
        text += " " + word;
    }
    return text;
}

/// Where the states are kept from one run to the next: the name says by which script they were made, and
/// which.
fs::path cache_file(const std::vector<std::string>& serials) {
    const char* home = std::getenv("HOME");
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const fs::path base =
        cache != nullptr ? fs::path(cache) : fs::path(home != nullptr ? home : "/tmp") / ".cache";
    std::ifstream script(top_directory() / "tests/vm/leftovers/make-states");
    const std::string text{std::istreambuf_iterator<char>(script), {}};
    return base / "bedplate/leftovers" /
           std::format("{}-{}.tar.zst", serials.size(), sha256_hex(text + joined(serials)).substr(0, 16));
}

bool unpack(const fs::path& archive, const fs::path& folder) {
    return fs::exists(archive) &&
           run_checked(host_commands(),
                       {.argv = {"tar", "--zstd", "-xf", archive.string(), "-C", folder.string()},
                        .timeout = minutes(10)})
               .has_value();
}

/// Sparse, and complete or not there.
void keep(const fs::path& archive, const fs::path& folder, const std::vector<std::string>& names) {
    fs::create_directories(archive.parent_path());
    const fs::path unfinished = archive.string() + ".part";
    std::vector<std::string> argv{"tar", "--zstd",       "--sparse", "-cf", unfinished.string(),
                                  "-C",  folder.string()};
    for (const auto& name : names) {
        argv.push_back(name);
    }
    must(run_checked(host_commands(), {.argv = argv, .timeout = minutes(10)}));
    fs::rename(unfinished, archive);
}

void make_blank_disks(const fs::path& folder, const std::vector<std::string>& serials) {
    for (const auto& serial : serials) {
        must(make_blank_disk(folder / (serial + ".img"), gib(16)));
    }
}

std::vector<std::string> images_of(const std::vector<std::string>& serials) {
    std::vector<std::string> names;
    for (const auto& serial : serials) {
        names.push_back(serial + ".img");
    }
    return names;
}

VmSpec spec_with(const fs::path& folder, const std::vector<std::string>& serials) {
    VmSpec spec{.memory = mib(2560)};
    for (const auto& serial : serials) {
        spec.disks.push_back(disk_of(folder, serial));
    }
    spec.nics = {NicSpec{}};
    spec.medium = MediumSpec{.iso = must(find_iso())};
    return spec;
}

/// Site documents and one profile for each disk; `fsids` and clusters are what the consent names besides.
fs::path make_cases(const Workspace& workspace, const std::vector<std::string>& serials,
                    const std::string& more) {
    const auto folder = workspace / "cases";
    fs::create_directories(folder);
    fs::copy(top_directory() / "tests/vm/leftovers", folder,
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    std::string wipe;
    for (const auto& serial : serials) {
        write_profile(folder, serial, "serial: " + serial);
        wipe += std::format("{}{{serial: {}}}", wipe.empty() ? "" : ", ", serial);
    }
    const std::string key =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f "
        "operator@workstation";
    // Another cluster than that of the node that left its disks.
    const auto site =
        std::regex_replace(site_text({.ssh_key = key}), std::regex("name: vmtest"), "name: newcomer");
    std::ofstream(folder / "keep.yaml") << site;
    auto with_consent = std::regex_replace(site, std::regex("wipe: blank-only"), "wipe: listed");
    with_consent = std::regex_replace(with_consent, std::regex(R"((cluster: (create|join))\})"),
                                      std::format("$1, wipe: [{}{}]}}", wipe, more));
    std::ofstream(folder / "wipe.yaml") << with_consent;
    return folder;
}

/// The states that the installer's own tools make, in its rescue shell.
void make_simple_states(const Workspace& workspace, const std::vector<std::string>& serials) {
    const auto archive = cache_file(serials);
    if (unpack(archive, workspace.path())) {
        return;
    }
    auto disks = serials;
    disks.insert(disks.end(), spares.begin(), spares.end());
    make_blank_disks(workspace.path(), disks);
    RescueShell shell(workspace, spec_with(workspace.path(), disks), make_cases(workspace, disks, ""));
    const auto said = shell.run("/cases/make-states" + joined(serials), minutes(8));
    INFO(said.text);
    REQUIRE(said.status == 0);
    REQUIRE(shell.run("sync; blockdev --flushbufs /dev/sd*").status == 0);
    shell.vm().power_cut();
    keep(archive, workspace.path(), images_of(serials));
}

/// The states that take a node: it is installed on a mirror, its tools make them, and it is one itself. The
/// fsid of the Ceph cluster that ran stays beside the images.
void make_node_states(const Workspace& workspace) {
    auto serials = node_states;
    serials.insert(serials.end(), node_systems.begin(), node_systems.end());
    const auto archive = cache_file(serials);
    if (unpack(archive, workspace.path())) {
        return;
    }
    make_blank_disks(workspace.path(), serials);
    Server server(workspace, top_directory() / "tests/vm/leftovers/node.yaml");
    for (const auto& serial : node_systems) {
        server.add(disk_of(workspace.path(), serial));
    }
    server.install_unattended();
    for (const auto& serial : node_states) {
        server.add(disk_of(workspace.path(), serial));
    }
    auto vm = server.node();
    const auto said = run_script(server.ssh(), top_directory() / "tests/vm/leftovers/make-states",
                                 joined(node_states), minutes(20));
    std::smatch fsid;
    REQUIRE(std::regex_search(said, fsid, std::regex("@fsid=([0-9a-f-]{36})@")));
    std::ofstream(workspace / "fsid") << fsid[1];
    proved("a Ceph cluster ran on the node, with OSDs on a volume and on a raw disk, and kept an object");
    must(vm->powerdown());
    CHECK(must(vm->wait_exit(scaled(minutes(5)))).status == 0);
    auto files = images_of(serials);
    files.emplace_back("fsid");
    keep(archive, workspace.path(), files);
}

/// Refused, each with a code that is about what lives there, and not one byte is written.
unsigned check_keep(RescueShell& shell, const std::vector<std::string>& serials) {
    unsigned refused = 0;
    for (const auto& serial : serials) {
        const auto said = shell.run(
            std::format("bedplate install --json --commit --profiles profiles/{} --site keep.yaml", serial));
        INFO(serial << ": " << said.text);
        const bool named = std::regex_search(said.text, std::regex(R"("code": ?"disk\.[a-z-]+")")) &&
                           said.text.find(serial) != std::string::npos;
        CHECK(said.status == 4);
        CHECK(named);
        refused += said.status == 4 && named ? 1 : 0;
    }
    for (const auto& [disk, counters] : must(shell.vm().disk_counters())) {
        INFO(disk);
        CHECK(counters.written_bytes == 0);
    }
    return refused;
}

unsigned check_wipe(RescueShell& shell, const std::vector<std::string>& serials) {
    unsigned clean = 0;
    for (const auto& serial : serials) {
        const auto said = shell.run("/cases/wipe-one " + serial, minutes(5));
        INFO(serial << ": " << said.text);
        CHECK(said.status == 0);
        CHECK(said.text.find("@clean@") != std::string::npos);
        clean += said.status == 0 ? 1 : 0;
    }
    return clean;
}

/// Consent to both halves of a mirror, and a profile that uses one: the other would be left without it.
void check_shared(RescueShell& shell, const std::vector<std::string>& halves) {
    for (const auto& serial : halves) {
        const auto said = shell.run(
            std::format("bedplate install --json --commit --profiles profiles/{} --site wipe.yaml", serial));
        INFO(serial << ": " << said.text);
        CHECK(said.status == 4);
        CHECK(said.text.find("disk.shared") != std::string::npos);
    }
}

void prove(const Workspace& workspace, const std::vector<std::string>& serials,
           const std::vector<std::string>& wiped, const std::string& more,
           const std::vector<std::string>& halves = {}) {
    const auto cases = make_cases(workspace, serials, more);
    std::map<std::string, std::string> before;
    for (const auto& serial : serials) {
        before[serial] = must(content_digest(workspace / (serial + ".img")));
    }
    RescueShell shell(workspace, spec_with(workspace.path(), serials), cases);
    const auto refused = check_keep(shell, serials);
    for (const auto& serial : serials) {
        INFO(serial);
        CHECK(must(content_digest(workspace / (serial + ".img"))) == before[serial]);
    }
    const auto clean = check_wipe(shell, wiped);
    check_shared(shell, halves);
    shell.vm().power_cut();
    proved(std::format("leftovers: {} of {} refused and byte-identical, {} of {} wiped clean", refused,
                       serials.size(), clean, wiped.size()));
}

}  // namespace

TEST_CASE("leftovers are refused without consent and gone with it", "[leftovers]") {
    Workspace workspace("leftovers");
    auto states = simple_states;
    states.resize(std::min<std::size_t>(states.size(), amount("BEDPLATE_LEFTOVERS", 6)));
    make_simple_states(workspace, states);
    prove(workspace, states, states, "");
    workspace.succeeded();
}

TEST_CASE("what a running Ceph cluster and its node leave is refused, and gone with consent to both",
          "[leftovers-node]") {
    Workspace workspace("leftovers-node");
    make_node_states(workspace);
    std::string fsid;
    std::ifstream(workspace / "fsid") >> fsid;
    auto serials = node_states;
    serials.insert(serials.end(), node_systems.begin(), node_systems.end());
    prove(workspace, serials, node_states, std::format(", {{fsid: {}}}, {{cluster: vmtest}}", fsid),
          node_systems);
    workspace.succeeded();
}
