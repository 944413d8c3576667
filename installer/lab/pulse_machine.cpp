// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/pulse_machine.hpp"

#include "base/text.hpp"
#include "lab/drill_facts.hpp"
#include "lab/guest_image.hpp"
#include "platform/time_scale.hpp"

namespace bedplate::lab {

namespace {

constexpr std::string_view image_on_node = "/var/tmp/bedplate-pulse.img";
constexpr unsigned pulse_host_part = 200;
/// Debian's kernel unpacks itself to about 60 MiB.
constexpr std::string_view memory = "192MiB";
constexpr std::chrono::minutes for_ceph{10};

/// ssh carries it over networks that are emulated: without its empty stretches.
Result<std::string> packed(const Rack& rack, const std::filesystem::path& image) {
    constexpr std::size_t most = std::size_t{64} << 20U;
    BEDPLATE_ASSIGN(auto result,
                    rack.platform().commands.run(
                        {.argv = {"gzip", "--fast", "--stdout", image.string()}, .max_output = most}));
    if (result.exit_status != 0) {
        return fail("command.failed", "gzip: " + result.err, image.string());
    }
    return std::move(result.out);
}

}  // namespace

Result<pulse::Settings> pulse_settings(const Lab& lab) {
    const auto slash = lab.address.find('/');
    const auto own = lab.address.substr(0, slash);
    const auto prefix =
        slash == std::string::npos ? std::nullopt : parse_unsigned(lab.address.substr(slash + 1));
    const auto dot = own.rfind('.');
    if (!prefix || *prefix > 24 || *prefix == 0 || dot == std::string::npos) {
        return fail("drill.address", "the management network has no 200th address for the machine",
                    lab.address);
    }
    const auto address = std::format("{}.{}", own.substr(0, dot), pulse_host_part);
    const bool taken = address == own || std::ranges::contains(lab.nodes, address, &LabNode::address);
    if (taken) {
        return fail("drill.address", address + " belongs to a node", lab.address);
    }
    return pulse::Settings{.address = address,
                           .prefix = static_cast<unsigned>(*prefix),
                           .collector = own,
                           .port = collector_port};
}

std::string vm_line(std::string_view arguments) {
    return std::format("BEDPLATE_TIME_SCALE={:g} bedplate vm {}", time_scale(), arguments);
}

Result<PulseState> pulse_state(const Rack& rack) {
    BEDPLATE_ASSIGN(const auto text, rack.on_any(vm_line("list --json")));
    BEDPLATE_ASSIGN(const auto json, parse_json(text, "bedplate vm list"));
    try {
        const auto& machines = json.is_object() ? json.at("machines") : json;
        for (const auto& one : machines) {
            if (one.at("name").get<std::string>() == pulse_name) {
                const auto state = one.at("state").get<std::string>();
                return state == "running"      ? PulseState::running
                       : state == "unfinished" ? PulseState::unfinished
                                               : PulseState::stopped;
            }
        }
        return PulseState::absent;
    } catch (const Json::exception& error) {
        return fail("drill.machines", error.what(), "bedplate vm list --json");
    }
}

Result<void> create_pulse(const Rack& rack, const std::filesystem::path& program) {
    const auto& lab = rack.lab();
    const auto image = lab.folder / "pulse.img";
    BEDPLATE_ASSIGN(const auto settings, pulse_settings(lab));
    BEDPLATE_TRY(make_guest(
        rack.platform().commands,
        {.medium = lab.medium(), .program = program, .settings = settings, .scratch = lab.folder / "pulse"},
        image));
    BEDPLATE_ASSIGN(auto content, packed(rack, image));
    const auto& node = lab.nodes.front();
    BEDPLATE_TRY(ask_node(rack.platform().commands, lab, node,
                          {.line = std::format("gzip -d >{}", image_on_node),
                           .input = Secret(std::move(content)),
                           .timeout = for_ceph}));
    BEDPLATE_TRY(
        rack.on(node.hostname,
                vm_line(std::format("create {} --image {} --memory {} --cpus 1 --disk 64MiB --network "
                                    "management --ha --commit && rm -f {}",
                                    pulse_name, image_on_node, memory, image_on_node)),
                for_ceph));
    return {};
}

Result<void> remove_pulse(const Rack& rack) {
    BEDPLATE_TRY(rack.on_any(vm_line(std::format("remove {} --purge-disk --commit", pulse_name)), for_ceph));
    return {};
}

}  // namespace bedplate::lab
