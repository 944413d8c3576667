// SPDX-License-Identifier: GPL-3.0-or-later
// What the running kernel has, read from /proc, /sys and the ports themselves.
#include "firstboot/tuning_checks.hpp"

#include <algorithm>
#include <format>
#include <map>

#include "base/text.hpp"
#include "firstboot/tools.hpp"
#include "firstboot/tuning_own.hpp"
#include "plan/tuning.hpp"

namespace bedplate::firstboot {

namespace {

/// Every file that a path with '*' in its names stands for.
std::vector<std::string> expand(const FileSystem& files, std::string_view pattern) {
    std::vector<std::string> found{""};
    for (const auto& part : split(pattern.substr(1), '/')) {
        std::vector<std::string> deeper;
        for (const auto& folder : found) {
            if (!part.contains('*')) {
                deeper.push_back(folder + "/" + part);
                continue;
            }
            for (const auto& name : files.list(folder).value_or(std::vector<std::string>{})) {
                if (glob_match(part, name)) {
                    deeper.push_back(folder + "/" + name);
                }
            }
        }
        found = std::move(deeper);
    }
    std::erase_if(found, [&](const std::string& path) { return !files.exists(path); });
    return found;
}

/// "4096\t131072\t16777216" -> "4096 131072 16777216".
std::string one_blank(std::string_view text) {
    std::string result;
    for (const char c : trim(text)) {
        const bool blank = c == ' ' || c == '\t' || c == '\n';
        if (!blank || !result.ends_with(' ')) {
            result += blank ? ' ' : c;
        }
    }
    return result;
}

/// "always [madvise] never" -> "madvise"; as it is where nothing is in brackets.
std::string selected(std::string_view text) {
    const std::size_t open = text.find('['), close = text.find(']');
    return open != std::string_view::npos && close != std::string_view::npos && open < close
               ? std::string(text.substr(open + 1, close - open - 1))
               : one_blank(text);
}

std::string on_off(std::string_view text) {
    const std::string value = one_blank(text);
    return value == "1" || value == "Y" ? "on" : value == "0" || value == "N" ? "off" : value;
}

std::string as_shown(TuningReading reading, std::string_view text) {
    switch (reading) {
        case TuningReading::selected:
            return selected(text);
        case TuningReading::on_off:
            return on_off(text);
        default:
            return one_blank(text);
    }
}

bool holds(TuningReading reading, std::string_view wanted, std::string_view actual) {
    if (reading != TuningReading::at_least) {
        return wanted == actual;
    }
    const auto smallest = parse_unsigned(wanted), value = parse_unsigned(actual);
    return smallest && value && *value >= *smallest;
}

/// The kernel's name of what the file is about: "policy3", "sda"; nothing to tell where there is one file.
std::string subject(std::string_view pattern, std::string_view path) {
    const std::size_t begin = pattern.find('*');
    const std::size_t start = begin == std::string_view::npos ? path.size() : path.rfind('/', begin) + 1;
    return std::string(path.substr(start, path.substr(start).find('/')));
}

/// Which disks an "io" value is about: its last word; every file for all other values.
bool is_meant(const FileSystem& files, std::string_view name, std::string_view path) {
    if (!name.starts_with("io.")) {
        return true;
    }
    const std::string disk = subject("/sys/block/*", path);
    return kind_of_disk(files, disk) == name.substr(name.rfind('.') + 1);
}

/// "none (4)" where all have it, else "mq-deadline: sda, sdb; none: sdc".
std::string in_words(const std::map<std::string, std::vector<std::string>>& by_value) {
    const auto& [value, subjects] = *by_value.begin();
    if (by_value.size() == 1) {
        return subjects.size() == 1 ? value : std::format("{} ({})", value, subjects.size());
    }
    std::vector<std::string> parts;
    for (const auto& [one, having] : by_value) {
        parts.push_back(std::format("{}: {}", one, join(having, ", ")));
    }
    return join(parts, "; ");
}

Seen look(const FileSystem& files, const TuningItem& item, const std::string& wanted) {
    std::map<std::string, std::vector<std::string>> by_value;
    bool all = true;
    for (const auto& path : expand(files, item.file)) {
        const auto text = files.read(path);
        if (!text || !is_meant(files, item.name, path)) {
            continue;
        }
        const std::string value = as_shown(item.reading, *text);
        by_value[value].push_back(subject(item.file, path));
        all = all && holds(item.reading, wanted, value);
    }
    if (by_value.empty()) {
        return not_applicable(item.name.starts_with("io.") ? "no disk of this kind"
                                                           : std::format("no {}", item.file));
    }
    return {.state = all ? NodeTuning::State::holds : NodeTuning::State::differs,
            .actual = in_words(by_value)};
}

NodeTuning compare(Platform& platform, const TuningValue& planned) {
    NodeTuning value{.name = planned.name,
                     .wanted = planned.wanted,
                     .actual = {},
                     .reason = {},
                     .required = planned.required};
    const TuningItem* item = find_tuning_item(planned.name);
    Seen seen = item == nullptr                       ? not_applicable("this version does not know the value")
                : item->reading == TuningReading::own ? look_with_own_rule(platform, planned)
                                                      : look(platform.files, *item, planned.wanted);
    value.reason = item == nullptr ? "" : std::string(item->reason);
    value.state = seen.state;
    value.actual = std::move(seen.actual);
    return value;
}

std::string names_of(const std::vector<NodeTuning>& values, auto&& chosen) {
    std::vector<std::string> names;
    for (const auto& value : values) {
        if (chosen(value)) {
            names.push_back(value.name);
        }
    }
    return join(names, ", ");
}

}  // namespace

Result<std::vector<NodeTuning>> check_tuning(Platform& platform) {
    std::vector<NodeTuning> values;
    if (!platform.files.exists(tuning_path)) {
        return values;
    }
    BEDPLATE_ASSIGN(const auto document, read_json(platform.files, tuning_path));
    BEDPLATE_ASSIGN(const auto planned, tuning_from_document(document));
    for (const auto& value : planned) {
        values.push_back(compare(platform, value));
    }
    return values;
}

std::vector<NodeCheck> tuning_summary(const std::vector<NodeTuning>& values) {
    using State = NodeTuning::State;
    if (values.empty()) {
        return {};
    }
    const auto differs = [](const NodeTuning& value) { return value.state == State::differs; };
    const auto missed = [](const NodeTuning& value) { return value.required && value.state != State::holds; };
    const auto holding = std::ranges::count(values, State::holds, &NodeTuning::state);
    const auto absent = std::ranges::count(values, State::not_applicable, &NodeTuning::state);
    const std::string different = names_of(values, differs), wanting = names_of(values, missed);
    const auto required = std::ranges::count(values, true, &NodeTuning::required);
    return {{.id = "tuning.values",
             .ok = different.empty(),
             .detail = std::format("{} as wanted, {} not applicable{}", holding, absent,
                                   different.empty() ? "" : ", different: " + different)},
            {.id = "tuning.required",
             .ok = wanting.empty(),
             .detail = !wanting.empty() ? "the profile requires " + wanting
                       : required == 0  ? "the profile requires none"
                                        : std::format("{} that the profile requires", required)}};
}

}  // namespace bedplate::firstboot
