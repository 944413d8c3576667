// SPDX-License-Identifier: GPL-3.0-or-later
// The payload: verified before the first write, unpacked when the tree is there.
#include <algorithm>
#include <format>

#include "base/json.hpp"
#include "execute/extract.hpp"
#include "execute/handlers.hpp"
#include "execute/storage_state.hpp"

namespace bedplate {
namespace {

/// Says on the node which payload it was unpacked from; written when everything was unpacked and is on disk.
constexpr std::string_view payload_stamp = "/var/lib/bedplate/payload.json";
constexpr std::string_view stamp_schema = "bedplate/payload/v1";

Bytes available_memory(Run& run) {
    const auto text = run.context.files.read("/proc/meminfo");
    return text ? parse_available_memory(*text) : Bytes{0};
}

// Where memory allows, the verified bytes stay in it: the medium is read once, and may then drop out.
Result<void> verify_payload(Run& run) {
    const Payload& payload = run.context.manifest.payload;
    if (payload.chunks.empty()) {
        return fail("payload.empty", "the manifest names no payload");
    }
    std::unique_ptr<MemoryPayload> memory;
    if (payload_fits_in_memory(payload.size, available_memory(run))) {
        if (auto made = MemoryPayload::make(payload.size, run.context.payload.name())) {
            memory = std::move(*made);
        }
    }
    const auto keep = [&](const Chunk& chunk, std::span<const std::byte> bytes) {
        memory->put(chunk.offset, bytes);
    };
    const auto progress = [&](Bytes done) { run.progress.update(done, payload.size); };
    using Keep = std::function<void(const Chunk&, std::span<const std::byte>)>;
    BEDPLATE_TRY(verify_chunks(run.context.payload, payload, run.threads, run.context.clock, progress,
                               memory ? Keep(keep) : Keep()));
    run.payload_in_memory = std::move(memory);
    return {};
}

// What the stamp on the target says; nullopt unless it is for this very payload.
std::optional<Json> read_stamp(Run& run) {
    const auto text = run.context.files.read(run.on_target(std::string(payload_stamp)));
    if (!text) {
        return std::nullopt;
    }
    auto json = parse_json(*text, payload_stamp);
    if (!json || !json->is_object() || json->value("sha256", "") != run.context.manifest.payload.sha256 ||
        json->value("schema", "") != stamp_schema || !json->contains("digests")) {
        return std::nullopt;
    }
    return std::move(*json);
}

Result<Observation> observe_extraction(Run& run) {
    const auto stamp = read_stamp(run);
    if (!stamp || run.system_is_touched()) {
        return needed();
    }
    for (const auto& [path, digest] : (*stamp)["digests"].items()) {
        if (digest.is_string()) {
            run.digests[path] = digest.get<std::string>();
        }
    }
    return satisfied();
}

std::set<std::string> wanted_digests(const Run& run) {
    std::set<std::string> paths;
    for (const Action& action : run.plan.actions) {
        if (const auto* const verify = std::get_if<action::VerifyTarget>(&action.kind)) {
            for (const std::string& file : verify->files) {
                paths.insert(std::filesystem::path(run.filled_in(file)).relative_path().string());
            }
        }
    }
    return paths;
}

Bytes largest_chunk(const Payload& payload) {
    return std::ranges::max(payload.chunks, {}, &Chunk::tar_size).tar_size;
}

Result<void> write_stamp(Run& run, const ExtractReport& report) {
    const Manifest& manifest = run.context.manifest;
    Json digests = Json::object();
    for (const auto& [path, digest] : report.digests) {
        digests["/" + path] = digest;
        run.digests["/" + path] = digest;
    }
    const Json stamp{{"schema", stamp_schema},        {"version", manifest.version},
                     {"build_id", manifest.build_id}, {"sha256", manifest.payload.sha256},
                     {"entries", report.entries},     {"bytes", report.bytes.value},
                     {"digests", std::move(digests)}};
    return run.context.files.write(run.on_target(std::string(payload_stamp)), stamp.dump(2) + "\n");
}

Result<void> unpack(Run& run) {
    const Payload& payload = run.context.manifest.payload;
    if (payload.chunks.empty()) {
        return fail("payload.empty", "the manifest names no payload");
    }
    run.tree_changed = true;
    BEDPLATE_TRY(run.context.files.remove(run.on_target(std::string(payload_stamp))));
    PayloadSource& source = run.payload_in_memory ? *run.payload_in_memory : run.context.payload;
    const ExtractOptions options{
        .stream = {.threads = run.threads,
                   .buffers = buffers_for(largest_chunk(payload), available_memory(run)),
                   .verify = run.payload_in_memory == nullptr},
        .writers = std::clamp(run.threads, 1U, 4U),
        .digests = wanted_digests(run)};
    BEDPLATE_ASSIGN(const ExtractReport report,
                    extract_payload(source, payload, run.context.target, run.context.clock, options,
                                    [&](Bytes done) { run.progress.update(done, payload.tar_size); }));
    run.payload_in_memory.reset();
    BEDPLATE_TRY(sync_target(run));
    return write_stamp(run, report);
}

}  // namespace

Steps steps(const action::VerifyPayload& /*kind*/, const Action& action, Run& run) {
    return {.observe = [] { return Result<Observation>(needed()); },
            .apply = [&]() -> Result<void> {
                BEDPLATE_TRY(run.run_commands(action));
                return verify_payload(run);
            },
            .verify = [] { return Result<void>(); }};
}

Steps steps(const action::ExtractPayload& /*kind*/, const Action& /*action*/, Run& run) {
    return {.observe = [&] { return Result<Observation>(observe_extraction(run)); },
            .apply = [&] { return unpack(run); },
            // The counts were compared with the manifest while unpacking; VerifyTarget reads back.
            .verify = [] { return Result<void>(); }};
}

}  // namespace bedplate
