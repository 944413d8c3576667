// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/recording.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "base/text.hpp"
#include "inventory/json_fields.hpp"

namespace bedplate {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

/// Most of what stands at the places that are read is zero bytes; those at the end are not written down.
std::string to_hex(std::string_view data) {
    std::string text;
    for (const char c : data.substr(0, data.find_last_not_of('\0') + 1)) {
        const auto byte = static_cast<unsigned char>(c);
        text += hex_digits[byte >> 4U];
        text += hex_digits[byte & 15U];
    }
    return text;
}

std::optional<std::string> from_hex(std::string_view text, std::size_t size) {
    std::string data(size, '\0');
    if (text.size() % 2 != 0 || text.size() / 2 > size) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const auto high = hex_digits.find(text[i]);
        const auto low = hex_digits.find(text[i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) {
            return std::nullopt;
        }
        data[i / 2] = static_cast<char>(high << 4U | low);
    }
    return data;
}

/// "wipefs -J --no-act /dev/sda" -> "wipefs_-J_--no-act_dev-sda.txt", with a number where two would be alike.
std::string file_name_of(const std::string& line, std::vector<std::string>& taken) {
    std::string name;
    for (const char c : elide(line, 80)) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '-' || c == '.' || c == ',';
        name += plain ? c : '_';
    }
    std::string unique = name;
    for (int n = 2; std::ranges::find(taken, unique) != taken.end(); ++n) {
        unique = std::format("{}.{}", name, n);
    }
    taken.push_back(unique);
    return unique + ".txt";
}

Json device_json(const std::string& path, const RecordedDevice& device) {
    Json reads = Json::array();
    for (const auto& [offset, data] : device.reads) {
        reads.push_back(Json{{"offset", offset}, {"size", data.size()}, {"data", to_hex(data)}});
    }
    return Json{{"path", path},
                {"size_bytes", device.size.value},
                {"logical_block_size", device.logical_block_size.value},
                {"reads", reads}};
}

Result<RecordedDevice> device_of(const Json& json) {
    RecordedDevice device{.size = Bytes{number_field(json, "size_bytes").value_or(0)},
                          .logical_block_size = Bytes{number_field(json, "logical_block_size").value_or(512)},
                          .reads = {}};
    for (const Json& read : array_field(json, "reads")) {
        const auto offset = number_field(read, "offset");
        const auto size = number_field(read, "size").value_or(0);
        const auto data = from_hex(text_field(read, "data"), size);
        if (!offset || size > mib(64).value || !data) {
            return fail("recording.field", "a read of a device is damaged", text_field(json, "path"));
        }
        device.reads[*offset] = *data;
    }
    return device;
}

Result<RecordedCommand> command_of(const Json& json, const FileSystem& files,
                                   const std::filesystem::path& folder) {
    RecordedCommand command;
    for (const Json& word : array_field(json, "argv")) {
        command.argv.push_back(word.is_string() ? word.get<std::string>() : std::string());
    }
    command.error = text_field(json, "error");
    command.status = static_cast<int>(number_field(json, "status").value_or(0));
    command.err = text_field(json, "stderr");
    if (const std::string out = text_field(json, "stdout"); !out.empty()) {
        BEDPLATE_ASSIGN(command.out, files.read(folder / out));
    }
    return command;
}

Result<Json> save_commands(const Recording& recording, FileSystem& files,
                           const std::filesystem::path& folder) {
    Json commands = Json::array();
    std::vector<std::string> taken;
    for (const auto& [line, command] : recording.commands) {
        Json entry{{"argv", command.argv}};
        if (!command.error.empty()) {
            entry["error"] = command.error;
        } else {
            entry["status"] = command.status;
            entry["stderr"] = command.err;
        }
        if (!command.out.empty()) {
            const std::string name = "commands/" + file_name_of(line, taken);
            BEDPLATE_TRY(files.write(folder / name, command.out));
            entry["stdout"] = name;
        }
        commands.push_back(std::move(entry));
    }
    return commands;
}

Result<Json> save_files(const Recording& recording, FileSystem& files, const std::filesystem::path& folder) {
    Json names = Json::object();
    for (const auto& [path, text] : recording.files) {
        names[path] = text.has_value();
        if (text) {
            BEDPLATE_TRY(files.write(folder / "files" / std::filesystem::path(path).relative_path(), *text));
        }
    }
    return names;
}

}  // namespace

Result<void> save(const Recording& recording, FileSystem& files, const std::filesystem::path& folder) {
    BEDPLATE_ASSIGN(Json commands, save_commands(recording, files, folder));
    BEDPLATE_ASSIGN(Json names, save_files(recording, files, folder));
    Json devices = Json::array();
    for (const auto& [path, device] : recording.devices) {
        devices.push_back(device_json(path, device));
    }
    const Json index{
        {"schema", Recording::schema}, {"commands", commands},     {"files", names},
        {"exists", recording.exists},  {"lists", recording.lists}, {"resolved", recording.resolved},
        {"devices", devices}};
    return files.write(folder / "index.json",
                       index.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

Result<Recording> load_recording(const FileSystem& files, const std::filesystem::path& folder) {
    BEDPLATE_ASSIGN(const std::string text, files.read(folder / "index.json"));
    BEDPLATE_ASSIGN(const Json json, parse_json(text, (folder / "index.json").string()));
    if (text_field(json, "schema") != Recording::schema) {
        return fail("recording.schema", std::format("'schema' is not '{}'", Recording::schema),
                    folder.string());
    }
    Recording recording;
    for (const Json& entry : array_field(json, "commands")) {
        BEDPLATE_ASSIGN(auto command, command_of(entry, files, folder));
        recording.commands[quote_command(command.argv)] = std::move(command);
    }
    for (const Json& entry : array_field(json, "devices")) {
        BEDPLATE_ASSIGN(recording.devices[text_field(entry, "path")], device_of(entry));
    }
    try {
        for (const auto& [path, there] : json.at("files").items()) {
            std::optional<std::string>& file = recording.files[path];
            if (there.get<bool>()) {
                BEDPLATE_ASSIGN(file,
                                files.read(folder / "files" / std::filesystem::path(path).relative_path()));
            }
        }
        recording.exists = json.at("exists").get<decltype(recording.exists)>();
        recording.lists = json.at("lists").get<decltype(recording.lists)>();
        recording.resolved = json.at("resolved").get<decltype(recording.resolved)>();
    } catch (const nlohmann::json::exception& e) {
        return fail("recording.field", e.what(), (folder / "index.json").string());
    }
    return recording;
}

}  // namespace bedplate
