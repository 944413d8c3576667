// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/manifest.hpp"

#include <algorithm>
#include <format>
#include <set>

#include "base/text.hpp"

namespace bedplate {

namespace {

/// Reads the fields of one JSON object; finish() says what nobody asked for.
class Fields {
public:
    Fields(const Json& json, std::string path, std::string_view origin)
        : json_(json), path_(std::move(path)), origin_(origin) {}

    Result<std::string> text(std::string_view name) {
        BEDPLATE_ASSIGN(const Json* value, member(name));
        if (!value->is_string()) {
            return wrong(name, "a string");
        }
        return value->get<std::string>();
    }

    Result<std::uint64_t> number(std::string_view name) {
        BEDPLATE_ASSIGN(const Json* value, member(name));
        // A value that was put together in memory from an int is "signed" even where it is positive.
        if (!value->is_number_integer() || (!value->is_number_unsigned() && value->get<std::int64_t>() < 0)) {
            return wrong(name, "a whole number of 0 or more");
        }
        return value->get<std::uint64_t>();
    }

    Result<Bytes> bytes(std::string_view name) {
        BEDPLATE_ASSIGN(const auto value, number(name));
        return Bytes{value};
    }

    Result<std::string> sha256(std::string_view name) {
        BEDPLATE_ASSIGN(auto value, text(name));
        const bool hex = std::ranges::all_of(
            value, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
        if (value.size() != 64 || !hex) {
            return wrong(name, "64 lower-case hex digits");
        }
        return value;
    }

    /// A path on the medium. One that leaves the medium's tree must not even be looked at.
    Result<std::string> medium_path(std::string_view name) {
        BEDPLATE_ASSIGN(auto value, text(name));
        for (const auto& part : split(value, '/')) {
            if (part.empty() || part == "." || part == ".." || part.contains('\0')) {
                return wrong(name, "a relative path without '.', '..' and empty parts");
            }
        }
        return value;
    }

    Result<const Json*> array(std::string_view name) {
        BEDPLATE_ASSIGN(const Json* value, member(name));
        if (!value->is_array()) {
            return wrong(name, "a list");
        }
        return value;
    }

    Result<const Json*> object(std::string_view name) {
        BEDPLATE_ASSIGN(const Json* value, member(name));
        if (!value->is_object()) {
            return wrong(name, "an object");
        }
        return value;
    }

    /// Errors: manifest.field, if there are fields that were not read.
    Result<void> finish() const {
        for (const auto& [name, value] : json_.items()) {
            if (!seen_.contains(name)) {
                return fail("manifest.field", std::format("unknown field '{}' in the manifest", place(name)),
                            origin_);
            }
        }
        return {};
    }

private:
    std::string place(std::string_view name) const {
        return path_.empty() ? std::string(name) : std::format("{}.{}", path_, name);
    }

    Result<const Json*> member(std::string_view name) {
        seen_.emplace(name);
        const auto found = json_.is_object() ? json_.find(name) : json_.end();
        if (!json_.is_object() || found == json_.end()) {
            return fail("manifest.field", std::format("the manifest lacks the field '{}'", place(name)),
                        origin_);
        }
        return &*found;
    }

    std::unexpected<Error> wrong(std::string_view name, std::string_view expected) const {
        return fail("manifest.field", std::format("'{}' in the manifest must be {}", place(name), expected),
                    origin_);
    }

    const Json& json_;
    std::string path_;
    std::string origin_;
    std::set<std::string, std::less<>> seen_;
};

Json chunk_to_json(const Chunk& chunk) {
    return {{"offset", chunk.offset.value},
            {"size", chunk.size.value},
            {"tar_size", chunk.tar_size.value},
            {"sha256", chunk.sha256}};
}

Result<Chunk> chunk_from_json(const Json& json, std::size_t index, std::string_view origin) {
    Fields fields(json, std::format("payload.chunks[{}]", index), origin);
    Chunk chunk;
    BEDPLATE_ASSIGN(chunk.offset, fields.bytes("offset"));
    BEDPLATE_ASSIGN(chunk.size, fields.bytes("size"));
    BEDPLATE_ASSIGN(chunk.tar_size, fields.bytes("tar_size"));
    BEDPLATE_ASSIGN(chunk.sha256, fields.sha256("sha256"));
    BEDPLATE_TRY(fields.finish());
    return chunk;
}

/// The frames stand one after another without gaps, and both sizes of the payload are the sums of theirs.
Result<void> check_chunks(const Payload& payload, std::string_view origin) {
    const auto bad = [&](std::string message) {
        return fail("manifest.chunks", std::move(message), std::string(origin),
                    "the manifest is damaged or was put together wrongly; build the image again");
    };
    if (payload.chunks.empty()) {
        return bad("the payload has no chunks");
    }
    Bytes end;
    Bytes tar_end;
    for (std::size_t i = 0; i < payload.chunks.size(); ++i) {
        const auto& chunk = payload.chunks[i];
        if (chunk.offset != end) {
            return bad(std::format("chunk {} starts at byte {}, but the one before ends at {}", i,
                                   chunk.offset.value, end.value));
        }
        if (chunk.size.value == 0 || chunk.tar_size.value == 0) {
            return bad(std::format("chunk {} is empty", i));
        }
        // Sums stay below what the payload claims, so nothing can wrap around.
        if (chunk.size > payload.size - end || chunk.tar_size > payload.tar_size - tar_end) {
            return bad(std::format("chunk {} reaches beyond the end of the payload", i));
        }
        end += chunk.size;
        tar_end += chunk.tar_size;
    }
    if (end != payload.size || tar_end != payload.tar_size) {
        return bad(std::format("the chunks add up to {} and {} bytes, the payload has {} and {}", end.value,
                               tar_end.value, payload.size.value, payload.tar_size.value));
    }
    return {};
}

Result<Payload> payload_from_json(const Json& json, std::string_view origin) {
    Fields fields(json, "payload", origin);
    Payload payload;
    BEDPLATE_ASSIGN(payload.path, fields.medium_path("path"));
    BEDPLATE_ASSIGN(payload.size, fields.bytes("size"));
    BEDPLATE_ASSIGN(payload.tar_size, fields.bytes("tar_size"));
    BEDPLATE_ASSIGN(payload.entries, fields.number("entries"));
    BEDPLATE_ASSIGN(payload.sha256, fields.sha256("sha256"));
    BEDPLATE_ASSIGN(payload.kernel, fields.text("kernel"));
    BEDPLATE_ASSIGN(const Json* chunks, fields.array("chunks"));
    BEDPLATE_TRY(fields.finish());
    payload.chunks.reserve(chunks->size());
    for (const auto& item : *chunks) {
        BEDPLATE_ASSIGN(auto chunk, chunk_from_json(item, payload.chunks.size(), origin));
        payload.chunks.push_back(std::move(chunk));
    }
    BEDPLATE_TRY(check_chunks(payload, origin));
    return payload;
}

Result<std::vector<ManifestFile>> files_from_json(const Json& json, std::string_view origin) {
    std::vector<ManifestFile> files;
    files.reserve(json.size());
    for (const auto& item : json) {
        Fields fields(item, std::format("files[{}]", files.size()), origin);
        ManifestFile file;
        BEDPLATE_ASSIGN(file.path, fields.medium_path("path"));
        BEDPLATE_ASSIGN(file.size, fields.bytes("size"));
        BEDPLATE_ASSIGN(file.sha256, fields.sha256("sha256"));
        BEDPLATE_TRY(fields.finish());
        if (!files.empty() && file.path <= files.back().path) {
            return fail("manifest.field",
                        std::format("files[{}] '{}' in the manifest is out of order or there twice",
                                    files.size(), file.path),
                        std::string(origin));
        }
        files.push_back(std::move(file));
    }
    return files;
}

}  // namespace

Json to_json(const Manifest& manifest) {
    Json chunks = Json::array();
    for (const auto& chunk : manifest.payload.chunks) {
        chunks.push_back(chunk_to_json(chunk));
    }
    Json files = Json::array();
    for (const auto& file : manifest.files) {
        files.push_back({{"path", file.path}, {"size", file.size.value}, {"sha256", file.sha256}});
    }
    Json json = {{"schema", Manifest::schema},
                 {"version", manifest.version},
                 {"build_id", manifest.build_id},
                 {"source_date_epoch", manifest.source_date_epoch},
                 {"suite", manifest.suite}};
    json["payload"] = {{"path", manifest.payload.path},
                       {"size", manifest.payload.size.value},
                       {"tar_size", manifest.payload.tar_size.value},
                       {"entries", manifest.payload.entries},
                       {"sha256", manifest.payload.sha256},
                       {"kernel", manifest.payload.kernel},
                       {"chunks", std::move(chunks)}};
    json["files"] = std::move(files);
    json["site_area"] = {{"path", manifest.site_area}, {"size", manifest.site_area_size.value}};
    return json;
}

Result<Manifest> manifest_from_json(const Json& json, std::string_view origin) {
    Fields fields(json, "", origin);
    const auto schema = fields.text("schema");
    if (!schema || *schema != Manifest::schema) {
        return fail("manifest.schema",
                    std::format("this is not a manifest of schema {}{}", Manifest::schema,
                                schema ? std::format(", but of '{}'", elide(*schema, 60)) : ""),
                    std::string(origin));
    }
    Manifest manifest;
    BEDPLATE_ASSIGN(manifest.version, fields.text("version"));
    BEDPLATE_ASSIGN(manifest.build_id, fields.text("build_id"));
    BEDPLATE_ASSIGN(manifest.source_date_epoch, fields.number("source_date_epoch"));
    BEDPLATE_ASSIGN(manifest.suite, fields.text("suite"));
    BEDPLATE_ASSIGN(const Json* payload, fields.object("payload"));
    BEDPLATE_ASSIGN(const Json* files, fields.array("files"));
    BEDPLATE_ASSIGN(const Json* area, fields.object("site_area"));
    BEDPLATE_TRY(fields.finish());
    BEDPLATE_ASSIGN(manifest.payload, payload_from_json(*payload, origin));
    BEDPLATE_ASSIGN(manifest.files, files_from_json(*files, origin));
    Fields area_fields(*area, "site_area", origin);
    BEDPLATE_ASSIGN(manifest.site_area, area_fields.medium_path("path"));
    BEDPLATE_ASSIGN(manifest.site_area_size, area_fields.bytes("size"));
    BEDPLATE_TRY(area_fields.finish());
    return manifest;
}

}  // namespace bedplate
