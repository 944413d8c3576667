// SPDX-License-Identifier: GPL-3.0-or-later
// bedplate-vm: virtual machines of the cluster; `bedplate vm` hands its arguments on to it.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <format>
#include <iostream>
#include <memory>

#include "base/foreign_text.hpp"
#include "execute/events.hpp"
#include "guests/guests.hpp"
#include "platform/linux/linux.hpp"

namespace {

using namespace bedplate;
using guests::Applied;
using guests::Guests;

/// The registry is the only server that this program speaks to itself.
std::unique_ptr<Http> member_http() {
    const std::string pki(node_pki);
    return curl_http(HttpTls{
        .ca_file = pki + "/ca.crt", .certificate_file = pki + "/node.crt", .key_file = pki + "/node.key"});
}

Result<Json> read_document(Platform& platform, const std::string& path) {
    BEDPLATE_ASSIGN(const auto text, platform.files.read(path));
    return parse_json(text, path);
}

/// Everything that the verbs of a member need, open.
class ThisNode {
public:
    [[nodiscard]] Result<void> open() {
        BEDPLATE_ASSIGN(const auto access, read_registry_access(platform().files, registry_access_path));
        BEDPLATE_ASSIGN(const Json own, read_document(platform(), "/etc/bedplate/node.json"));
        BEDPLATE_ASSIGN(const Json site, read_document(platform(), "/etc/bedplate/site.json"));
        BEDPLATE_ASSIGN(auto settings, node_settings_from_json(own, site));
        etcd_ = std::make_unique<Etcd>(platform().http, access.endpoints);
        registry_ = std::make_unique<Registry>(*etcd_, platform().clock);
        guests_ = std::make_unique<Guests>(Guests{.platform = platform(),
                                                  .registry = *registry_,
                                                  .connect = guests::connect_libvirt,
                                                  .settings = std::move(settings)});
        guests_->say = [](const std::string& line) { std::cout << line << std::endl; };
        return {};
    }
    /// After open() succeeded.
    [[nodiscard]] Guests& guests() { return *guests_; }
    [[nodiscard]] Platform& platform() { return machine_.get(); }

private:
    RealPlatform machine_{member_http()};
    std::unique_ptr<Etcd> etcd_;
    std::unique_ptr<Registry> registry_;
    std::unique_ptr<Guests> guests_;
};

struct Options {
    VmSpec spec;
    std::string memory = "1GiB", disk, to;
    std::vector<std::string> networks;
    bool no_watchdog = false, commit = false, json = false, purge_disk = false, check = false;
};

constexpr std::string_view not_done = "nothing was changed; --commit does this";

Result<VmSpec> spec_of(const Options& options) {
    VmSpec spec = options.spec;
    spec.watchdog = !options.no_watchdog;
    BEDPLATE_ASSIGN(spec.memory, parse_bytes(options.memory));
    if (!options.disk.empty()) {
        BEDPLATE_ASSIGN(spec.disk, parse_bytes(options.disk));
    }
    for (const auto& network : options.networks) {
        BEDPLATE_ASSIGN(spec.networks.emplace_back(), parse_vm_network(network));
    }
    BEDPLATE_TRY(check_vm(spec));
    return spec;
}

Result<int> create(ThisNode& node, const Options& options) {
    BEDPLATE_ASSIGN(const auto spec, spec_of(options));
    auto& all = node.guests();
    BEDPLATE_ASSIGN(const auto creation, guests::plan_creation(all, spec));
    for (const auto& sentence : advice(creation.facts)) {
        std::cout << "note: " << sentence << '\n';
    }
    BEDPLATE_TRY(guests::carry_out(all, guests::creation_steps(all, creation, true), options.commit));
    std::cout << (options.commit ? spec.name + " runs" : std::string(not_done)) << '\n';
    return 0;
}

Result<int> list(ThisNode& node, const Options& options) {
    // What is said besides does not belong among the data.
    node.guests().say = [](const std::string& line) { std::cerr << line << '\n'; };
    BEDPLATE_ASSIGN(const auto rows, guests::list_machines(node.guests(), true));
    if (!options.json) {
        std::cout << guests::to_text(rows);
        return 0;
    }
    Json json = Json::array();
    for (const auto& row : rows) {
        json.push_back(guests::to_json(row));
    }
    std::cout << pretty(json) << '\n';
    return 0;
}

Result<int> migrate(ThisNode& node, const Options& options) {
    BEDPLATE_ASSIGN(const auto target, guests::migrate(node.guests(), options.spec.name, options.to));
    std::cout << options.spec.name << " runs on " << target << '\n';
    return 0;
}

Result<int> remove(ThisNode& node, const Options& options) {
    auto& all = node.guests();
    BEDPLATE_ASSIGN(const auto steps, guests::removal_steps(all, options.spec.name, options.purge_disk));
    BEDPLATE_TRY(guests::carry_out(all, steps, options.commit));
    std::cout << (options.commit ? options.spec.name + " is no more" : std::string(not_done)) << '\n';
    if (!options.purge_disk) {
        std::cout << std::format("its images (vms/{}) are kept\n", options.spec.name);
    }
    return 0;
}

std::string_view to_string(Applied::State state) {
    switch (state) {
        case Applied::State::there:
            return "is there";
        case Applied::State::differs:
            return "is there and left alone, but differs";
        case Applied::State::made:
            return "is made";
        case Applied::State::wanted:
            return "would be made";
        case Applied::State::failed:
            return "cannot be made";
    }
    return "?";
}

Result<int> apply(ThisNode& node, const Options& options) {
    BEDPLATE_ASSIGN(const auto all, guests::apply(node.guests(), options.commit));
    std::size_t failed = 0;
    for (const auto& one : all) {
        std::cout << std::format("{} {}{}{}\n", one.name, to_string(one.state),
                                 one.detail.empty() ? "" : ": ", one.detail);
        failed += one.state == Applied::State::failed ? 1 : 0;
    }
    if (failed > 0) {
        return fail("vm.apply",
                    std::format("{} of {} machines of the site cannot be made", failed, all.size()), {},
                    "'bedplate vm apply --commit' tries again");
    }
    if (!options.commit) {
        std::cout << not_done << '\n';
    }
    return 0;
}

/// 5, "would change things", where it is only looked and the registry says otherwise.
Result<int> publish(ThisNode& node, const Options& options) {
    constexpr int would_change = 5;
    BEDPLATE_ASSIGN(const bool there, guests::publish_host(node.guests(), options.check));
    return there ? 0 : would_change;
}

void add_create(CLI::App& app, Options& options) {
    auto* create = app.add_subcommand("create", "A new machine; without --commit it is only shown");
    auto& spec = options.spec;
    create->add_option("NAME", spec.name, "Its name, in the whole cluster")->required();
    create->add_option("--cpus", spec.cpus, "Processors (default 1)");
    create->add_option("--memory", options.memory, "Memory (default 1GiB)");
    create->add_option("--disk", options.disk, "Size of its disk (default: that of the image)");
    create->add_option("--image", spec.image, "A raw or qcow2 file on this node that the disk begins with");
    create->add_option("--iso", spec.iso, "A medium to install from, a file on this node");
    create->add_option("--network", options.networks,
                       "A network of the site, or NAME:VLAN for one of its guest VLANs; may be given again");
    create->add_flag("--ha", spec.ha, "Pacemaker runs it: it moves, and comes back from a node's failure");
    create->add_option("--priority", spec.priority,
                       "Where there is not room for all, those with the highest stay (HA)");
    create->add_flag("--pin", spec.pin, "Keep it on one NUMA node, its memory with it");
    create->add_flag("--hugepages", spec.hugepages, "Take its memory from the nodes' huge pages");
    create->add_flag("--uefi", spec.uefi, "UEFI instead of a BIOS");
    create->add_flag("--no-watchdog", options.no_watchdog, "No watchdog that resets a guest that hangs");
    create->add_flag("--commit", options.commit, "Do it");
}

void add_others(CLI::App& app, Options& options) {
    auto* list = app.add_subcommand("list", "Every machine of the cluster");
    list->add_flag("--json", options.json, "Print them as JSON");
    auto* migrate = app.add_subcommand("migrate", "Move a machine to another node while it runs");
    migrate->add_option("NAME", options.spec.name, "Its name")->required();
    migrate->add_option("--to", options.to, "The node (default: the one with most room)");
    auto* remove = app.add_subcommand("remove", "End a machine and forget it; without --commit only shown");
    remove->add_option("NAME", options.spec.name, "Its name")->required();
    remove->add_flag("--purge-disk", options.purge_disk, "Delete its images as well");
    remove->add_flag("--commit", options.commit, "Do it");
    auto* apply = app.add_subcommand("apply", "Make the machines of the site that are not there yet");
    apply->add_flag("--commit", options.commit, "Do it; without, it is only shown");
    auto* publish = app.add_subcommand("publish", "Tell the cluster what machines this node can run");
    publish->add_flag("--check", options.check, "Only look: status 5 if the cluster does not know");
    app.add_subcommand("files", "Write the files of the cluster's HA machines, and wait for their disks");
    app.add_subcommand("autostart", "Start this node's own machines that libvirt could not start");
}

Result<int> run_verb(const CLI::App& app, const Options& options) {
    ThisNode node;
    BEDPLATE_TRY(node.open());
    const auto chosen = [&](const char* verb) { return app.got_subcommand(verb); };
    const auto well = [] { return 0; };
    return chosen("create")    ? create(node, options)
           : chosen("list")    ? list(node, options)
           : chosen("migrate") ? migrate(node, options)
           : chosen("remove")  ? remove(node, options)
           : chosen("apply")   ? apply(node, options)
           : chosen("publish") ? publish(node, options)
           : chosen("files")   ? guests::before_pacemaker(node.guests()).transform(well)
                               : guests::start_left_off(node.guests()).transform(well);
}

int run(int argc, char** argv) {
    CLI::App app{"Virtual machines of the cluster, on one of its nodes"};
    app.name("bedplate vm");
    app.require_subcommand(1);
    Options options;
    add_create(app, options);
    add_others(app, options);
    CLI11_PARSE(app, argc, argv);
    const auto done = run_verb(app, options);
    if (done) {
        return *done;
    }
    if (options.json) {
        Json json{{"schema", "bedplate/error/v1"}};
        json.update(to_json(done.error()));
        std::cerr << pretty(json) << '\n';
    } else {
        std::cerr << "bedplate vm: " << done.error().to_text() << '\n';
    }
    return exit_status(done.error().kind);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& e) {
        std::fputs("bedplate vm: internal error: ", stderr);
        std::fputs(e.what(), stderr);
        std::fputs("\n", stderr);
        return 1;
    }
}
