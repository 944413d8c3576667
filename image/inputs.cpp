// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/inputs.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <format>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "image/files.hpp"

namespace bedplate::image {

namespace fs = std::filesystem;

std::string file_stamp(const fs::path& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) {
        return {};
    }
    return std::format("{} {}.{} {}", info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_ino);
}

InputDigests::InputDigests(fs::path memory) : memory_(std::move(memory)) {
    // Nothing remembered, or nothing readable, only means that everything is read once more.
    const auto text = read_text(memory_);
    if (!text) {
        return;
    }
    const auto json = parse_json(*text, memory_.string());
    if (!json || !json->is_object()) {
        return;
    }
    for (const auto& [path, entry] : json->items()) {
        if (entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[1].is_string()) {
            known_[path] = {entry[0].get<std::string>(), entry[1].get<std::string>()};
        }
    }
}

Result<std::string> InputDigests::file(const fs::path& path) {
    const std::string name = fs::absolute(path).lexically_normal().string();
    const std::string stamp = file_stamp(path);
    if (const auto found = known_.find(name);
        found != known_.end() && !stamp.empty() && found->second.stamp == stamp) {
        return found->second.digest;
    }
    BEDPLATE_ASSIGN(auto digest, sha256_of_file(path));
    known_[name] = {stamp, digest};
    return digest;
}

Result<std::string> InputDigests::directory(const fs::path& path) {
    std::vector<fs::path> paths;
    std::error_code error;
    for (const auto& item : fs::recursive_directory_iterator(path, error)) {
        if (item.is_regular_file()) {
            paths.push_back(item.path());
        }
    }
    std::ranges::sort(paths);
    std::string text;
    for (const auto& item : paths) {
        BEDPLATE_ASSIGN(const auto digest, file(item));
        // The owner's right to execute is the one permission that git keeps.
        const bool executable =
            (fs::status(item, error).permissions() & fs::perms::owner_exec) != fs::perms::none;
        text +=
            std::format("{} {} {}\n", digest, executable ? "x" : "-", item.lexically_relative(path).string());
    }
    return sha256_hex(text);
}

Result<std::string> InputDigests::files(const std::vector<fs::path>& paths) {
    std::string text;
    for (const auto& path : paths) {
        BEDPLATE_ASSIGN(const auto digest, file(path));
        text += digest + " " + path.filename().string() + "\n";
    }
    return sha256_hex(text);
}

Result<void> InputDigests::save() const {
    Json json = Json::object();
    for (const auto& [path, known] : known_) {
        json[path] = {known.stamp, known.digest};
    }
    return write_text(memory_, json.dump() + "\n");
}

}  // namespace bedplate::image
