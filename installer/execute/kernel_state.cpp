// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/kernel_state.hpp"

#include <algorithm>
#include <format>

#include "base/foreign_text.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace bedplate {
namespace {

constexpr int blkid_nothing = 2;  // blkid(8), exit status
constexpr int blkid_ambivalent = 8;

// Blanks and backslashes in paths are written as octal escapes ("\040").
std::string unescape(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '7'; };
        if (text[i] == '\\' && i + 3 < text.size() && digit(i + 1) && digit(i + 2) && digit(i + 3)) {
            result +=
                static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
            i += 3;
        } else {
            result += text[i];
        }
    }
    return result;
}

// The rows of {"report": [{"<what>": [...]}]}.
Result<std::vector<Json>> report_rows(std::string_view text, const char* what) {
    BEDPLATE_ASSIGN(const Json json, parse_tool_json(text, what));
    std::vector<Json> rows;
    const Json report = json.is_object() ? json.value("report", Json()) : Json();
    if (!report.is_array()) {
        return fail("lvm.report", std::format("there is no report in the output of {}s", what));
    }
    for (const Json& part : report) {
        if (!part.is_object()) {
            return fail("lvm.report", std::format("the report of {}s is not an object", what));
        }
        for (const Json& row : part.value(what, Json::array())) {
            rows.push_back(row);
        }
    }
    return rows;
}

std::string field(const Json& row, const char* name) {
    const auto found = row.find(name);
    return found != row.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::vector<Mount> parse_mounts(std::string_view mountinfo) {
    std::vector<Mount> mounts;
    for (const std::string& line : split(mountinfo, '\n')) {
        // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw: optional fields end with "-".
        const auto fields = split(line, ' ');
        const auto dash = std::ranges::find(fields, "-");
        if (fields.size() < 7 || std::distance(dash, fields.end()) < 3) {
            continue;
        }
        mounts.push_back({.point = unescape(fields[4]),
                          .type = *std::next(dash),
                          .source = unescape(*std::next(dash, 2)),
                          .read_only = std::ranges::contains(split(fields[5], ','), "ro")});
    }
    return mounts;
}

BlkidState parse_blkid_export(std::string_view text) {
    BlkidState signature;
    for (const std::string& line : split(text, '\n')) {
        const std::size_t equals = line.find('=');
        if (equals == std::string::npos) {
            continue;
        }
        const std::string name = line.substr(0, equals);
        const std::string value = line.substr(equals + 1);
        if (name == "TYPE") {
            signature.type = value;
        } else if (name == "UUID") {
            signature.uuid = value;
        } else if (name == "LABEL") {
            signature.label = value;
        } else if (name == "PTTYPE") {
            signature.partition_table = value;
        }
    }
    return signature;
}

Result<std::optional<BlkidState>> signature_of(CommandRunner& commands, const std::string& device) {
    const Command command{.argv = {"blkid", "--probe", "--output", "export", device}};
    BEDPLATE_ASSIGN(const CommandResult result, commands.run(command));
    if (result.exit_status == blkid_nothing) {
        return std::nullopt;
    }
    if (result.exit_status == blkid_ambivalent) {
        return fail("storage.ambivalent",
                    std::format("{} carries several signatures that contradict each other", device), device);
    }
    if (result.exit_status != 0) {
        return fail("command.failed",
                    std::format("blkid ended with status {}: {}", result.exit_status, trim(result.err)),
                    quote_command(command.argv));
    }
    return parse_blkid_export(result.out);
}

Result<std::vector<PvState>> parse_pvs_state(std::string_view json) {
    BEDPLATE_ASSIGN(const auto rows, report_rows(json, "pv"));
    std::vector<PvState> volumes;
    for (const Json& row : rows) {
        volumes.push_back({.device = field(row, "pv_name"),
                           .volume_group = field(row, "vg_name"),
                           .group_uuid = field(row, "vg_uuid")});
    }
    return volumes;
}

Result<std::vector<PvState>> physical_volumes(CommandRunner& commands, const std::string& device) {
    std::vector<std::string> argv{"pvs"};
    if (!device.empty()) {
        argv.insert(argv.end(), {"--devices", device});
    }
    argv.insert(argv.end(), {"--reportformat", "json", "--options", "pv_name,vg_name,vg_uuid"});
    BEDPLATE_ASSIGN(const std::string text, run_checked(commands, {.argv = argv}));
    return parse_pvs_state(text);
}

Result<std::vector<LvState>> parse_lvs_state(std::string_view json) {
    BEDPLATE_ASSIGN(const auto rows, report_rows(json, "lv"));
    std::vector<LvState> volumes;
    for (const Json& row : rows) {
        const auto size = parse_unsigned(field(row, "lv_size"));
        if (!size) {
            return fail("lvm.report", std::format("size '{}' of volume {} is not a number",
                                                  field(row, "lv_size"), field(row, "lv_name")));
        }
        volumes.push_back({.volume_group = field(row, "vg_name"),
                           .name = field(row, "lv_name"),
                           .size = Bytes{*size},
                           .active = field(row, "lv_active") == "active",
                           .group_uuid = field(row, "vg_uuid")});
    }
    return volumes;
}

Result<std::vector<LvState>> logical_volumes(CommandRunner& commands, const std::string& device) {
    std::vector<std::string> argv{"lvs"};
    if (!device.empty()) {
        argv.insert(argv.end(), {"--devices", device});
    }
    argv.insert(argv.end(), {"--reportformat", "json", "--units", "b", "--nosuffix", "--options",
                             "vg_name,lv_name,lv_size,lv_active,vg_uuid"});
    BEDPLATE_ASSIGN(const std::string text, run_checked(commands, {.argv = argv}));
    return parse_lvs_state(text);
}

Result<LvmState> lvm_state(CommandRunner& commands) {
    BEDPLATE_ASSIGN(
        const std::string text,
        run_checked(commands, {.argv = {"lvm", "fullreport", "--reportformat", "json", "--units", "b",
                                        "--nosuffix", "--configreport", "pv", "--options",
                                        "pv_name,vg_name,vg_uuid", "--configreport", "lv", "--options",
                                        "vg_name,lv_name,lv_size,lv_active,vg_uuid"}}));
    LvmState state;
    BEDPLATE_ASSIGN(state.physical, parse_pvs_state(text));
    BEDPLATE_ASSIGN(state.logical, parse_lvs_state(text));
    return state;
}

}  // namespace bedplate
