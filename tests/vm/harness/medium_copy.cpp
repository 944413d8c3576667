// SPDX-License-Identifier: GPL-3.0-or-later
#include "medium_copy.hpp"

#include <format>
#include <fstream>
#include <regex>
#include <vector>

#include "workspace.hpp"

namespace bedplate::vm {
namespace {

namespace fs = std::filesystem;

/// ISO 9660 (ECMA-119 6.1.2): all addresses count logical sectors of 2048 bytes.
constexpr std::uint64_t iso_sector = 2048;

/// UCS-2 big-endian, as Joliet directories spell names.
std::string joliet(std::string_view name) {
    std::string out;
    for (const char c : name) {
        out += '\0';
        out += c;
    }
    return out;
}

unsigned replace_all(std::string& text, std::string_view from, std::string_view to) {
    unsigned count = 0;
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
        ++count;
    }
    return count;
}

}  // namespace

Result<void> personalized_copy(const fs::path& copy, std::string_view site, const PersonalExtras& extras) {
    BEDPLATE_ASSIGN(const auto iso, find_iso());
    BEDPLATE_ASSIGN(const auto bedplate, find_bedplate());
    const auto site_file = copy.parent_path() / "site.yaml";
    std::ofstream(site_file) << site;
    Command command{.argv = {bedplate.string(), "image", "personalize", iso.string(), "--site",
                             site_file.string(), "--output", copy.string()}};
    if (!extras.profile.empty()) {
        command.argv.insert(command.argv.end(), {"--profile", extras.profile.string()});
    }
    for (const auto& argument : extras.kernel_arguments) {
        command.argv.insert(command.argv.end(), {"--kernel-arg", argument});
    }
    if (!extras.console.empty()) {
        command.argv.insert(command.argv.end(), {"--console", extras.console});
    }
    BEDPLATE_TRY(run_checked(host_commands(), command));
    return {};
}

Result<std::uint64_t> offset_in_iso(const fs::path& iso, const std::string& file) {
    BEDPLATE_ASSIGN(const auto report,
                    run_checked(host_commands(), {.argv = {"xorriso", "-indev", iso.string(), "-find", file,
                                                           "-exec", "report_lba"}}));
    std::smatch found;
    // "File data lba:  0 ,      1234 ,       56 ,   114000 , '/path'"
    if (!std::regex_search(report, found, std::regex(R"(File data lba:\s*\d+\s*,\s*(\d+)\s*,)"))) {
        return fail("iso.no-file", std::format("{} is not in the image", file), iso.string());
    }
    return std::stoull(found[1]) * iso_sector;
}

Result<unsigned> rename_in_iso(const fs::path& iso, std::string_view from, std::string_view to) {
    // xorriso writes all directories before the first file's content; they end well within the first 4 MiB.
    std::string head(4U << 20U, '\0');
    std::fstream file(iso, std::ios::in | std::ios::out | std::ios::binary);
    file.read(head.data(), static_cast<std::streamsize>(head.size()));
    const auto count = replace_all(head, from, to) + replace_all(head, joliet(from), joliet(to));
    file.clear();
    file.seekp(0).write(head.data(), static_cast<std::streamsize>(head.size()));
    if (!file || count == 0) {
        return fail("iso.rename", std::format("no directory entry {} could be changed", from), iso.string());
    }
    return count;
}

Result<void> extract_from_iso(const fs::path& iso, const std::string& file, const fs::path& to) {
    fs::remove(to);
    BEDPLATE_TRY(run_checked(host_commands(), {.argv = {"xorriso", "-osirrox", "on", "-indev", iso.string(),
                                                        "-extract", file, to.string()}}));
    fs::permissions(to, fs::perms::owner_read | fs::perms::owner_write);
    return {};
}

}  // namespace bedplate::vm
