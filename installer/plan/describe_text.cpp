// SPDX-License-Identifier: GPL-3.0-or-later
// The plan as an operator reads it on a screen of 80 columns. Only words that are longer than a line (a mkfs
// option with a UUID in it) and the lines of files are not broken.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "plan/bar.hpp"
#include "plan/plan.hpp"
#include "plan/shown.hpp"

namespace bedplate {
namespace {

constexpr std::size_t columns = 80;
constexpr std::size_t key_width = 13;

/// `words` from `first` on, broken at the right margin; `end` stands at the end of a line that goes on.
std::string wrap(const std::vector<std::string>& words, std::string_view first, std::string_view next,
                 std::string_view end) {
    std::string text;
    std::string line(first);
    bool empty = true;
    for (const std::string& word : words) {
        if (!empty && line.size() + 1 + word.size() + end.size() > columns) {
            text += line + std::string(end) + "\n";
            line = next;
            empty = true;
        }
        line += (empty ? "" : " ") + word;
        empty = false;
    }
    return text + line + "\n";
}

std::string paragraph(std::string_view text, std::string_view first, std::string_view next) {
    std::string result;
    for (const std::string& line : split(text, '\n')) {
        result += wrap(split(trim(line), ' '), result.empty() ? first : next, next, "");
    }
    return result;
}

std::string entry(std::string_view key, std::string_view value) {
    return paragraph(value, std::format("  {:<{}}", key, key_width - 2), std::string(key_width, ' '));
}

/// Options and their values stay on one line where they fit. The last word is taken for an operand.
std::string command_line(const std::vector<std::string>& argv, std::string_view indent) {
    const std::size_t room = columns - indent.size() - 6;
    std::vector<std::string> words;
    for (std::size_t i = 0; i < argv.size(); ++i) {
        const std::string word = quote_command(std::vector{argv[i]});
        const bool value =
            i > 0 && i + 1 < argv.size() && argv[i - 1].starts_with('-') && !word.starts_with('-');
        if (value && words.back().size() + 1 + word.size() <= room) {
            words.back() += " " + word;
        } else {
            words.push_back(word);
        }
    }
    return wrap(words, indent, std::format("{}    ", indent), " \\");
}

std::string header(const Plan& plan) {
    std::string text = std::format("PLAN for {} of cluster {}\n\n", plan.hostname, plan.cluster_name);
    text += entry("machine", plan.machine.empty() ? "(no system data)" : plan.machine);
    text += entry("firmware", plan.firmware == FirmwareMode::uefi ? "UEFI" : "BIOS");
    text += entry("profile", plan.profile_name);
    text += entry("generation", std::to_string(plan.generation));
    text += entry("afterwards", plan.after == InstallSettings::After::reboot ? "reboot" : "power off");
    text += entry("digest", plan.digest());
    return text + "\n  Nothing is written before consent to this digest. '!' marks what erases.\n";
}

std::string findings(const Plan& plan) {
    std::string text;
    for (const Finding& finding : plan.findings.findings()) {
        text +=
            paragraph(std::format("{}: {} [{}]", to_string(finding.severity), finding.message, finding.code),
                      "  ", "    ");
        if (!finding.hint.empty()) {
            text += paragraph(finding.hint, "    ", "    ");
        }
    }
    return text.empty() ? "" : "\nTO BE CHECKED\n\n" + text;
}

std::string segment_table(const std::vector<Segment>& segments) {
    std::string text;
    for (const Segment& segment : segments) {
        const std::string start = std::format("at {} MiB", segment.start.value >> 20U);
        const std::string row =
            std::format("    {:<10} {:>8}  {:<15} ", segment.label, to_binary_text(segment.size), start);
        text += wrap(split(segment.content, ' '), row, std::string(row.size(), ' '), "");
        text.erase(text.find_last_not_of(" \n") + 1);
        text += '\n';
    }
    return text;
}

std::string identity_lines(const PlannedDisk& disk) {
    std::string text;
    for (const auto& [key, value] :
         {std::pair{"serial", disk.identity.serial}, std::pair{"wwn", disk.identity.wwn},
          std::pair{"bay", disk.identity.by_path}}) {
        if (!value.empty()) {
            text += entry(key, value);
        }
    }
    return text +
           entry("path", is_link(disk.path) ? disk.path : disk.path + " (this time: it has no stable link)");
}

/// What lives there, indented as it stands on one another, with what becomes of each part.
std::string dweller_lines(const PlannedDisk& disk) {
    std::string text;
    for (const Dweller& dweller : disk.dwellers) {
        const std::string indent(4 + 2 * dweller.depth, ' ');
        text += paragraph(std::format("{}: {}", dweller.what, dweller.fate), indent, indent + "  ");
    }
    return text;
}

std::string disk_block(const PlannedDisk& disk) {
    const bool erased = disk.written && disk.contents != "nothing";
    std::string text =
        std::format("\n{} {:<66}{:>12}\n", erased ? '!' : ' ', disk.description, to_string(disk.role));
    text += identity_lines(disk);
    text += entry("holds now", disk.contents);
    text += dweller_lines(disk);
    text += entry("plan", disk.fate);
    const std::size_t width = columns - key_width;
    if (disk.after == disk.before) {
        return text + std::format("  {:<{}}{}\n", "unchanged", key_width - 2, bar(disk.before, width));
    }
    text += std::format("  {:<{}}{}\n", "before", key_width - 2, bar(disk.before, width));
    text += std::format("  {:<{}}{}\n", "after", key_width - 2, bar(disk.after, width));
    return text + segment_table(disk.after);
}

/// A new OSD gets its data or its database there.
bool is_left_to_first_boot(const Plan& plan, const PlannedDisk& disk) {
    return std::ranges::any_of(plan.osds, [&](const PlannedOsd& osd) {
        return osd.state == PlannedOsd::State::create &&
               (osd.data == disk.identity || osd.db == disk.identity);
    });
}

std::string disks(const Plan& plan) {
    const auto written = std::ranges::count(plan.disks, true, &PlannedDisk::written);
    const auto later = std::ranges::count_if(plan.disks, [&](const PlannedDisk& disk) {
        return !disk.written && is_left_to_first_boot(plan, disk);
    });
    std::string text = std::format("\nDISKS: {} to be written, {}{} protected (not one byte changes)\n",
                                   written, later == 0 ? "" : std::format("{} left to first boot, ", later),
                                   std::ssize(plan.disks) - written - later);
    for (const PlannedDisk& disk : plan.disks) {
        text += disk_block(disk);
    }
    return text;
}

std::string osd_lines(const PlannedOsd& osd) {
    if (osd.state == PlannedOsd::State::keep) {
        return paragraph(std::format("= OSD {} on {} stays (fsid {})", osd.id, osd.data.to_text(), osd.fsid),
                         "  ", "      ");
    }
    std::string text = paragraph(std::format("+ new OSD on {}, {}, class {}, weight {}{}", osd.data.to_text(),
                                             to_label_text(osd.data_size), osd.device_class, osd.weight,
                                             osd.dmcrypt ? ", encrypted" : ""),
                                 "  ", "      ");
    if (osd.db) {
        text += paragraph(std::format("block.db of {} on {}, one of {} slots", to_binary_text(osd.db_size),
                                      osd.db->to_text(), osd.db_slots),
                          "      ", "        ");
    }
    return text;
}

std::string osds(const Plan& plan) {
    if (plan.osds.empty()) {
        return "";
    }
    std::string text = std::format("\nOSDS of Ceph cluster {}\n\n", plan.ceph_fsid);
    for (const PlannedOsd& osd : plan.osds) {
        text += osd_lines(osd);
    }
    return text;
}

std::string partition_lines(const action::WritePartitionTable& table) {
    std::string text = std::format("        GPT {}, blocks of {} bytes\n", table.disk_guid.to_text(),
                                   table.logical_block_size.value);
    for (const action::PlannedPartition& partition : table.partitions) {
        text += std::format("        {} {:<14} {}..{}\n", partition.number, partition.name,
                            partition.first.value, partition.last.value);
        text += std::format("          {}\n", partition.guid.to_text());
    }
    text += std::format("        zeros into the first {} and the last {} of each\n",
                        to_exact_text(table.cleared_start), to_exact_text(table.cleared_end));
    return text;
}

std::string esp_lines(const action::WriteEsp& esp) {
    std::string text;
    for (const auto& [path, source] : esp.copies) {
        text += paragraph(std::format("{} from {}", path, source), "        ", "          ");
    }
    for (const auto& [path, content] : esp.texts) {
        text += std::format("        {}, {} bytes of text\n", path, content.size());
    }
    return text;
}

std::string action_lines(const Action& action, const CommandContext& context) {
    std::string text = paragraph(std::format("{}: {}", action.id, action.summary),
                                 action.destructive ? "  ! " : "    ", "        ");
    for (const auto& argv : commands(action, context)) {
        text += command_line(argv, "        ");
    }
    if (const auto* table = std::get_if<action::WritePartitionTable>(&action.kind)) {
        text += partition_lines(*table);
    } else if (const auto* esp = std::get_if<action::WriteEsp>(&action.kind)) {
        text += esp_lines(*esp);
    }
    return text;
}

std::string actions(const Plan& plan) {
    std::string text = std::format("\nACTIONS: {}\n", plan.actions.size());
    std::string_view stage;
    for (const Action& action : plan.actions) {
        if (to_string(action.stage) != stage) {
            stage = to_string(action.stage);
            text += std::format("\n  {}\n", stage);
        }
        text += action_lines(action, shown_context(plan, action));
    }
    return text;
}

std::string file_block(std::string_view path, std::string_view note, std::string_view content) {
    std::string text = std::format("\n  {}{}\n", path, note);
    const std::string_view whole = content.substr(0, content.size() - (content.ends_with('\n') ? 1 : 0));
    for (const std::string& line : split(whole, '\n')) {
        text += line.empty() ? "    |\n" : std::format("    | {}\n", line);
    }
    return text;
}

std::string file_note(const action::WriteFile& file) {
    std::string note = file.mode == 0644 ? "" : std::format(" (mode {:04o})", file.mode);
    if (file.needs_kernel_release) {
        note += std::format(" ({} comes from the payload's manifest)", kernel_release_mark);
    }
    return note;
}

std::string files(const Plan& plan) {
    std::string text = "\nFILES\n";
    for (const Action& action : plan.actions) {
        if (const auto* esp = std::get_if<action::WriteEsp>(&action.kind)) {
            for (const auto& [path, content] : esp->texts) {
                text += file_block(path, " on the EFI system partition", content);
            }
        }
        const auto* file = std::get_if<action::WriteFile>(&action.kind);
        if (file == nullptr || !file->link_target.empty() || plan.network_files.contains(file->path)) {
            continue;
        }
        text += file_block(file->path, file_note(*file), file->text);
    }
    return text;
}

std::string network(const Plan& plan) {
    std::string text = "\nNETWORK\n" + picture(plan.network);
    for (const auto& [path, content] : plan.network_files) {
        text += file_block(path, "", content);
    }
    return text;
}

std::string tuning_table(const Plan& plan) {
    std::string text = "\nTUNING\n\n";
    for (const TuningValue& value : plan.tuning) {
        text += std::format("{} {:<35} {:<23} {}\n", value.required ? "  *" : "   ", value.name, value.wanted,
                            to_string(find_tuning_item(value.name)->means));
    }
    const bool any = std::ranges::any_of(plan.tuning, &TuningValue::required);
    return any ? text + "\n  * without it the node is not ready\n" : text;
}

std::string first_boot(const Plan& plan) {
    std::string text = "\nFIRST BOOT\n\n";
    for (std::size_t i = 0; i < plan.first_boot.size(); ++i) {
        text += paragraph(plan.first_boot[i], std::format("  {}. ", i + 1), "     ");
    }
    return text;
}

}  // namespace

std::string to_text(const Plan& plan) {
    return header(plan) + findings(plan) + disks(plan) + osds(plan) + actions(plan) + network(plan) +
           tuning_table(plan) + files(plan) + first_boot(plan);
}

std::string to_commands_text(const Plan& plan) {
    std::string text;
    for (const Action& action : plan.actions) {
        const auto list = commands(action, shown_context(plan, action));
        text += std::format("# {}: {}{}\n", action.id, action.summary, list.empty() ? " (no command)" : "");
        for (const auto& argv : list) {
            text += quote_command(argv) + "\n";
        }
    }
    return text;
}

}  // namespace bedplate
