// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/machine.hpp"

#include <cstdlib>

#include "engine/documents.hpp"
#include "engine/fetch.hpp"
#include "platform/linux/pinned_http.hpp"

namespace bedplate::cli {

namespace {

/// The certificate that the boot menu's arguments pin for every server of this installation. One that cannot
/// be read is told of where the sources are looked at.
std::string pinned_certificate(const FileSystem& files) {
    const auto argument = kernel_argument(files, {}, "bedplate.fingerprint");
    return argument ? parse_fingerprint(*argument).value_or(std::string(64, '-')) : std::string();
}

}  // namespace

Machine::Machine() : real_(pinned_http(pinned_certificate(*linux_file_system()))) {}

Result<Inventory> read_inventory(const FileSystem& files, const std::filesystem::path& path) {
    BEDPLATE_ASSIGN(const auto text, files.read(path));
    BEDPLATE_ASSIGN(const auto json, parse_json(text, path.string()));
    return inventory_from_json(json, path.string());
}

std::vector<std::filesystem::path> profile_places(const std::string& given) {
    if (!given.empty()) {
        return {given};
    }
    if (const char* place = std::getenv("BEDPLATE_PROFILES"); place != nullptr && *place != '\0') {
        return {place};
    }
    return profile_directories({});
}

}  // namespace bedplate::cli
