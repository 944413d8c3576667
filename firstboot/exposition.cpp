// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/exposition.hpp"

#include <format>

namespace bedplate::firstboot {

namespace {

/// Inside of the quotes of a label.
std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '\n') {
            result += "\\n";
            continue;
        }
        if (c == '\\' || c == '"') {
            result += '\\';
        }
        result += c;
    }
    return result;
}

}  // namespace

void Exposition::family(std::string_view name, std::string_view help) {
    name_ = name;
    head_ = std::format("# HELP {0} {1}\n# TYPE {0} gauge\n", name, help);
}

void Exposition::add(const Labels& labels, const std::string& value) {
    std::string list;
    for (const auto& [label, text] : labels) {
        list += std::format("{}{}=\"{}\"", list.empty() ? "" : ",", label, escaped(text));
    }
    text_ += std::exchange(head_, "");
    text_ += list.empty() ? std::format("{} {}\n", name_, value)
                          : std::format("{}{{{}}} {}\n", name_, list, value);
}

void Exposition::sample(const Labels& labels, double value) {
    add(labels, std::format("{}", value));
}

void Exposition::sample(const Labels& labels, std::int64_t value) {
    add(labels, std::to_string(value));
}

void Exposition::sample(const Labels& labels, std::uint64_t value) {
    add(labels, std::to_string(value));
}

void Exposition::sample(const Labels& labels, bool value) {
    add(labels, value ? "1" : "0");
}

}  // namespace bedplate::firstboot
