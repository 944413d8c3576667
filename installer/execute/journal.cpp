// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/journal.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <iterator>

#include "base/text.hpp"
#include "execute/events.hpp"

namespace bedplate {
namespace {

using Type = JournalEntry::Type;

constexpr std::array<std::pair<Type, std::string_view>, 5> type_names{{
    {Type::started, "started"},
    {Type::satisfied, "satisfied"},
    {Type::finished, "finished"},
    {Type::failed, "failed"},
    {Type::note, "note"},
}};

std::optional<Type> parse_type(std::string_view text) {
    const auto* const found = std::ranges::find(type_names, text, &decltype(type_names)::value_type::second);
    return found == type_names.end() ? std::nullopt : std::optional(found->first);
}

std::string text_field(const Json& json, const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// One line into `document`. Errors: journal.schema, journal.syntax, both without their place.
Result<void> take_line(JournalDocument& document, std::string_view line) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded() || !json.is_object()) {
        return fail("journal.syntax", "a line that is not a JSON object");
    }
    if (json.contains("schema")) {
        if (text_field(json, "schema") != journal_schema) {
            return fail("journal.schema",
                        std::format("schema '{}' is not '{}'", text_field(json, "schema"), journal_schema));
        }
        document.runs.push_back({.time = text_field(json, "time"),
                                 .plan_digest = text_field(json, "plan_digest"),
                                 .consent = json.value("consent", Json::object()),
                                 .entries = {}});
        return {};
    }
    const auto type = parse_type(text_field(json, "event"));
    if (!type) {
        return fail("journal.syntax", std::format("unknown event '{}'", text_field(json, "event")));
    }
    if (document.runs.empty()) {
        return fail("journal.schema", "the first line does not name a schema");
    }
    JournalEntry entry{.type = *type,
                       .time = text_field(json, "time"),
                       .action = text_field(json, "action"),
                       .text = text_field(json, "text"),
                       .error = std::nullopt};
    if (json.contains("error")) {
        entry.error = json["error"];
    }
    document.runs.back().entries.push_back(std::move(entry));
    return {};
}

std::string entry_text(const JournalEntry& entry) {
    std::string line = std::format("{}  {:<9}  {}", entry.time, to_string(entry.type), entry.action);
    if (!entry.text.empty()) {
        line += (entry.action.empty() ? "" : "  ") + entry.text;
    }
    if (entry.error) {
        line += std::format("\n    {} [{}]", text_field(*entry.error, "message"),
                            text_field(*entry.error, "code"));
        if (const std::string where = text_field(*entry.error, "where"); !where.empty()) {
            line += "\n    at " + where;
        }
        for (const Json& context : entry.error->value("context", Json::array())) {
            line += "\n    " + (context.is_string() ? context.get<std::string>() : context.dump());
        }
    }
    return line + "\n";
}

// A file whose last line was cut off is continued on a new line, so that only that one line is lost.
Result<std::unique_ptr<AppendFile>> open_after_cut(FileSystem& files, const std::filesystem::path& path) {
    BEDPLATE_TRY(files.make_directories(path.parent_path()));
    const auto before = files.exists(path) ? files.read(path) : Result<std::string>();
    BEDPLATE_ASSIGN(auto file, files.open_append(path));
    if (before && !before->empty() && before->back() != '\n') {
        BEDPLATE_TRY(file->append("\n"));
    }
    return file;
}

Json entry_json(Clock& clock, Type type, std::string_view action, std::string_view text, const Error* error) {
    Json json{{"time", to_rfc3339(clock.now())}, {"event", to_string(type)}, {"action", action}};
    if (!text.empty()) {
        json["text"] = text;
    }
    if (error != nullptr) {
        json["error"] = to_json(*error);
    }
    return json;
}

std::string run_end_text(const JournalRun& run) {
    const auto count = [&](Type type) { return std::ranges::count(run.entries, type, &JournalEntry::type); };
    std::string text = std::format("{} actions carried out, {} already satisfied", count(Type::finished),
                                   count(Type::satisfied));
    const auto failed = std::ranges::find(run.entries, Type::failed, &JournalEntry::type);
    const auto last = std::ranges::find_last_if(
        run.entries, [](const JournalEntry& entry) { return entry.type != Type::note; });
    if (failed != run.entries.end()) {
        text += std::format(", failed in {}", failed->action);
    } else if (!last.empty() && last.front().type == Type::started) {
        text += std::format(", ended in the middle of {}", last.front().action);
    }
    return text + "\n";
}

}  // namespace

std::string_view to_string(JournalEntry::Type type) {
    const auto* const found = std::ranges::find(type_names, type, &decltype(type_names)::value_type::first);
    return found == type_names.end() ? "unknown" : found->second;
}

bool JournalRun::completed(std::string_view action) const {
    return std::ranges::any_of(entries, [&](const JournalEntry& entry) {
        return entry.action == action && (entry.type == Type::finished || entry.type == Type::satisfied);
    });
}

Result<JournalDocument> parse_journal(std::string_view text, std::string_view origin) {
    JournalDocument document;
    std::size_t number = 0;
    while (!text.empty()) {
        ++number;
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (trim(line).empty()) {
            continue;
        }
        auto taken = end == std::string_view::npos ? fail("journal.syntax", "") : take_line(document, line);
        if (taken) {
            continue;
        }
        // A cut-off line ends the file, or stands before the first line of the run that came after the cut.
        const bool ends_run = text.empty() || text.starts_with(R"({"schema":)");
        if (ends_run && taken.error().code == "journal.syntax" && !document.runs.empty()) {
            document.torn = true;
            continue;
        }
        taken.error().where = std::format("{}:{}", origin, number);
        return std::unexpected(std::move(taken).error());
    }
    if (document.runs.empty()) {
        return fail("journal.schema", "the journal is empty", std::string(origin));
    }
    return document;
}

Result<JournalDocument> read_journal(const FileSystem& files, const std::filesystem::path& path) {
    BEDPLATE_ASSIGN(const std::string text, files.read(path));
    return parse_journal(text, path.string());
}

std::string to_text(const JournalDocument& journal) {
    std::string text;
    for (const JournalRun& run : journal.runs) {
        text += text.empty() ? "" : "\n";
        text += std::format("{}  run of plan {}\n", run.time, run.plan_digest);
        if (const std::string given_by = text_field(run.consent, "given_by"); !given_by.empty()) {
            text += std::format("consent given by {}\n", given_by);
        }
        for (const JournalEntry& entry : run.entries) {
            text += entry_text(entry);
        }
        text += run_end_text(run);
    }
    if (journal.torn) {
        text += "a line is cut off: the power went away while it was written; it is left out\n";
    }
    return text;
}

Result<std::unique_ptr<Journal>> Journal::begin(FileSystem& files, Clock& clock,
                                                const std::filesystem::path& path,
                                                const std::string& plan_digest, Json consent) {
    std::unique_ptr<Journal> journal(new Journal(files, clock));
    BEDPLATE_ASSIGN(journal->file_, open_after_cut(files, path));
    BEDPLATE_TRY(journal->write_line(Json{{"schema", journal_schema},
                                          {"time", to_rfc3339(clock.now())},
                                          {"plan_digest", plan_digest},
                                          {"consent", std::move(consent)}}));
    return journal;
}

Result<void> Journal::append(JournalEntry::Type type, std::string_view action, std::string_view text,
                             const Error* error) {
    const std::scoped_lock lock(mutex_);
    return write_line(entry_json(clock_, type, action, text, error));
}

Result<void> Journal::append_to(FileSystem& files, Clock& clock, const std::filesystem::path& path,
                                JournalEntry::Type type, std::string_view action, const Error& error) {
    BEDPLATE_ASSIGN(const auto file, open_after_cut(files, path));
    return file->append(
        entry_json(clock, type, action, {}, &error).dump(-1, ' ', false, Json::error_handler_t::replace) +
        "\n");
}

void Journal::close_mirror() {
    const std::scoped_lock lock(mutex_);
    mirror_.reset();
}

bool Journal::mirrored() const {
    const std::scoped_lock lock(mutex_);
    return mirror_ != nullptr;
}

Result<void> Journal::mirror_to(const std::filesystem::path& path) {
    const std::scoped_lock lock(mutex_);
    BEDPLATE_ASSIGN(mirror_, open_after_cut(files_, path));
    return mirror_->append(run_);
}

Result<void> Journal::write_line(const Json& json) {
    // Tools may print bytes that are not UTF-8; a journal line must not be lost over them.
    const std::string line = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    run_ += line;
    BEDPLATE_TRY(file_->append(line));
    if (mirror_ != nullptr) {
        if (auto mirrored = mirror_->append(line); !mirrored) {
            mirror_.reset();
            return append(JournalEntry::Type::note, "", "the copy on the target cannot be written any more",
                          &mirrored.error());
        }
    }
    return {};
}

}  // namespace bedplate
