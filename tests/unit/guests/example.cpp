// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/guests/example.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "base/text.hpp"

namespace bedplate::guests::test {

namespace {

std::string after(const std::vector<std::string>& argv, std::string_view option) {
    const auto found = std::ranges::find(argv, option);
    return found == argv.end() || std::next(found) == argv.end() ? "" : *std::next(found);
}

std::string uri_of(unsigned node) {
    return node == 1 ? std::string(own_libvirt) : libvirt_of(std::format("node{}", node));
}

CommandResult printed(std::string text) {
    return {.exit_status = 0, .out = std::move(text), .err = {}};
}

/// The id of the first <primitive> in some XML.
std::string primitive_in(const std::string& xml) {
    const std::string before = "<primitive id=\"";
    const auto from = xml.find(before) + before.size();
    return xml.substr(from, xml.find('"', from) - from);
}

VmHost host() {
    return {.type = "kvm",
            .machine = "pc-q35-10.0",
            .threads = 8,
            .memory = gib(64),
            .cells = {{.id = 0, .memory = gib(64), .cpus = "0-7", .cpu_count = 8, .pages = {}}}};
}

}  // namespace

FakeCluster::FakeCluster() {
    const auto identity = bedplate::example::identity();
    REQUIRE(registry.found(identity, bedplate::example::member(1)));
    for (const unsigned n : {1U, 2U, 3U}) {
        const auto member = bedplate::example::member(n);
        etcd.put("/bedplate/nodes/" + member.hostname, to_json(member).dump());
        REQUIRE(publish_vm_host(registry, member.hostname, host()));
        libvirts[uri_of(n)];
    }
    REQUIRE(registry.store_cpu_baseline({.of = "x", .xml = std::string(baseline)}));
    fake.files.add_file("/root/web.qcow2", "an image");
    fake.commands.on("crm_mon *", [this](const Command&) -> Result<CommandResult> {
        follow();
        return printed(crm_mon());
    });
    fake.commands.on("cibadmin *", [this](const Command& command) { return cibadmin(command); });
    fake.commands.on("crm_resource *", [this](const Command& command) { return crm_resource(command); });
    fake.commands.on("rbd *", [this](const Command& command) { return rbd(command); });
    fake.commands.on("qemu-img info *", {.out = R"({"format": "qcow2", "virtual-size": 2147483648})"});
    fake.commands.on("qemu-img convert *", [](const Command& command) -> Result<CommandResult> {
        for (const auto* line : {"    (0.00/100%)", "    (45.10/100%)", "    (100.00/100%)"}) {
            command.on_line(line);
        }
        return printed("");
    });
    fake.commands.on("*bedplate-ceph *", {.out = R"({"pools": [{"name": ".mgr", "stats": {}},
        {"name": "vms", "stats": {"stored": 1073741824, "max_avail": 1099511627776}}]})"});
}

FakeLibvirt& FakeCluster::libvirt(unsigned node) {
    return libvirts.at(uri_of(node));
}

Guests FakeCluster::guests() {
    auto settings = node_settings_from_json(bedplate::example::node_json(), bedplate::example::site_json());
    REQUIRE(settings);
    return {.platform = fake.platform,
            .registry = registry,
            .connect = [this](const std::string& uri) -> Result<std::unique_ptr<Hypervisor>> {
                const auto found = libvirts.find(uri);
                if (found == libvirts.end()) {
                    return fail("libvirt.connect", "no route to host", uri);
                }
                return std::make_unique<FakeHypervisor>(found->second);
            },
            .settings = std::move(*settings),
            .say = [this](const std::string& line) { said.push_back(line); }};
}

void FakeCluster::follow() {
    for (const unsigned node : {1U, 2U, 3U}) {
        const auto name = std::format("node{}", node);
        fakes::FakePlatform other;  // a file system of its own
        if (follows && !offline.contains(name)) {
            REQUIRE(follow_vms(node == 1 ? fake.platform : other.platform, registry, name));
        }
    }
}

std::string FakeCluster::crm_mon() const {
    std::string xml = "<pacemaker-result api-version=\"2.38\"><nodes>";
    for (const auto* name : {"node1", "node2", "node3"}) {
        xml += std::format(
            R"(<node name="{}" online="{}" standby="false" maintenance="false" pending="false"/>)", name,
            !offline.contains(name));
    }
    xml += R"(</nodes><resources><resource id="f1" resource_agent="stonith:fence_ipmilan" role="Started"/>)";
    for (const auto& [id, node] : resources) {
        xml += std::format(R"(<resource id="{}" resource_agent="ocf:bedplate:VirtualDomain" role="{}" )"
                           R"(failed="false">{}</resource>)",
                           id, node.empty() ? "Stopped" : "Started",
                           node.empty() ? "" : std::format(R"(<node name="{}"/>)", node));
    }
    return xml + "</resources></pacemaker-result>";
}

Result<CommandResult> FakeCluster::cibadmin(const Command& command) {
    if (command.argv[1] == "--query") {
        return printed(R"(<nodes><node id="1" uname="node1"><utilization id="u">)"
                       R"(<nvpair id="m" name="hv_memory" value="51200"/><nvpair id="c" name="cpu" )"
                       R"(value="6"/></utilization></node></nodes>)");
    }
    if (command.argv[1] == "--create") {
        resources[primitive_in(command.input)] = starts ? "node2" : "";
    } else {
        resources.erase(primitive_in(after(command.argv, "--xml-text")));
    }
    return printed("");
}

Result<CommandResult> FakeCluster::crm_resource(const Command& command) {
    const auto id = after(command.argv, "--resource");
    const auto node = after(command.argv, "--node");
    if (std::ranges::contains(command.argv, "--move")) {
        resources[id] = node;
    }
    if (after(command.argv, "--parameter-value") == "Stopped") {
        resources[id] = "";
    }
    return printed("");
}

Result<CommandResult> FakeCluster::rbd(const Command& command) {
    const auto& argv = command.argv;
    const auto verb = argv.at(7);
    if (verb == "ls") {
        Json list = Json::array();
        for (const auto& [name, size] : images) {
            list.push_back({{"image", name}, {"size", size.value}});
        }
        return printed(list.dump());
    }
    if (verb == "create") {
        images[argv.back()] = parse_bytes(after(argv, "--size")).value();
    } else if (verb == "rename") {
        images[argv.back()] = images.at(argv[8]);
        images.erase(argv[8]);
    } else if (verb == "rm" && open_for > 0) {
        --open_for;
        return CommandResult{
            .exit_status = 16, .out = {}, .err = "rbd: error: image still has watchers\n", .duration = {}};
    } else if (verb == "rm") {
        images.erase(argv.back());
    }
    return printed("");
}

}  // namespace bedplate::guests::test
