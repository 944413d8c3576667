// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <format>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "profile/rules.hpp"
#include "profile/tables.hpp"

namespace bedplate {

namespace fields {

template <typename T>
Table<T> document(std::string_view schema) {
    struct Nothing {
        Nothing& operator=(const std::string&) { return *this; }
    };
    static Nothing nothing;
    Rule<std::string> rule = scalar<std::string>(
        std::string(schema), {.type = "string", .words = {std::string(schema)}},
        [schema](std::string_view value) -> Result<std::string> {
            if (value != schema) {
                return fail("yaml.value", std::format("this document says '{}'", shown(value)));
            }
            return std::string(value);
        });
    return Table<T>().required("schema", [](T&) -> Nothing& { return nothing; }, std::move(rule));
}

template Table<Profile> document<Profile>(std::string_view schema);
template Table<Site> document<Site>(std::string_view schema);
template Table<Secrets> document<Secrets>(std::string_view schema);

const Table<Secrets>& secrets_table() {
    static const Table<Secrets> table =
        with_service_secrets(document<Secrets>(Secrets::schema)
                                 .optional("disk_passphrase", &Secrets::disk_passphrase, passphrase())
                                 .optional("bmc", &Secrets::bmc, object(bmc_secrets_table())));
    return table;
}

std::string schema_of(const YamlNode& document) {
    const YamlNode* schema = document.find("schema");
    return schema != nullptr && schema->kind == YamlNode::Kind::scalar ? schema->text : std::string();
}

}  // namespace fields

namespace {

/// Findings in the order of the text, as a compiler gives them.
void append_sorted(const Report& found, Report& report) {
    std::vector<Finding> findings = found.findings();
    std::ranges::stable_sort(findings, {}, [](const Finding& finding) {
        return std::pair(finding.where.line, finding.where.column);
    });
    for (Finding& finding : findings) {
        report.add(std::move(finding));
    }
}

void report_schema(Report& report, const std::string& origin, const YamlNode& document,
                   const std::string& known) {
    const YamlNode* schema = document.find("schema");
    const YamlPlace place = schema != nullptr ? schema->place : document.place;
    report.add({.code = "document.schema",
                .path = "schema",
                .where = {origin, place.line, place.column},
                .message = schema == nullptr ? "the key 'schema' is missing, so nobody can tell what this is"
                                             : std::format("unknown schema '{}'",
                                                           fields::shown(fields::schema_of(document))),
                .hint = "known here: " + known});
}

template <typename T>
std::optional<T> load(const fields::Table<T>& table, std::string_view text, const std::string& origin,
                      Report& report) {
    Report found;
    T value;
    if (const auto document = parse_yaml(text, origin, found)) {
        const std::string schema = fields::schema_of(document->root());
        if (!schema.empty() && schema != T::schema) {
            // Another version has other keys: what this one thinks of them would only mislead.
            report_schema(found, origin, document->root(), std::string(T::schema));
        } else {
            fields::Reader reader(origin, found);
            table.read(reader, document->root(), value);
        }
    }
    append_sorted(found, report);
    if (found.has_errors()) {
        return std::nullopt;
    }
    value.origin = origin;
    value.digest = sha256_hex(text);
    return value;
}

void add_error(Report& report, const std::string& origin, const Error& error) {
    report.add(
        {.code = error.code, .path = {}, .where = {origin}, .message = error.message, .hint = error.hint});
}

Report validate_inventory(std::string_view text, const std::string& origin) {
    Report report;
    const auto inventory = parse_json(text, origin).and_then([&](const Json& json) {
        return inventory_from_json(json, origin);
    });
    if (!inventory) {
        add_error(report, origin, inventory.error());
    }
    return report;
}

}  // namespace

Result<Secret> parse_passphrase(std::string_view value) {
    constexpr std::size_t shortest = 8;
    constexpr std::size_t longest = 512;  // of cryptsetup, for what is typed
    if (value.size() < shortest || value.size() > longest) {
        return fail("yaml.value", std::format("this one has {} characters", value.size()));
    }
    if (std::ranges::any_of(value, [](char c) { return c < ' ' || c > '~'; })) {
        return fail("yaml.value", "this one holds others");
    }
    return Secret(std::string(value));
}

std::optional<Profile> load_profile(std::string_view text, const std::string& origin, Report& report) {
    return load(fields::profile_table(), text, origin, report);
}

std::optional<Site> load_site(std::string_view text, const std::string& origin, Report& report) {
    auto site = load(fields::site_table(), text, origin, report);
    if (site) {
        site->text = text;
    }
    return site;
}

std::optional<Secrets> load_secrets(std::string_view text, const std::string& origin, Report& report) {
    return load(fields::secrets_table(), text, origin, report);
}

Report validate_document(std::string_view text, const std::string& origin) {
    // Inventories are JSON of any size; the others are YAML, which may be written like JSON as well.
    if (trim(text).starts_with('{') && text.contains("bedplate/inventory/")) {
        return validate_inventory(text, origin);
    }
    Report report;
    const auto document = parse_yaml(text, origin, report);
    if (!document) {
        return report;
    }
    const std::string schema = fields::schema_of(document->root());
    report = Report();
    if (schema.starts_with("bedplate/site/")) {
        (void)load_site(text, origin, report);
    } else if (schema.starts_with("bedplate/profile/")) {
        (void)load_profile(text, origin, report);
    } else if (schema.starts_with("bedplate/secrets/")) {
        (void)load_secrets(text, origin, report);
    } else {
        report_schema(
            report, origin, document->root(),
            std::format("{}, {}, {}, {}", Profile::schema, Site::schema, Secrets::schema, Inventory::schema));
    }
    return report;
}

Json document_shape(std::string_view schema) {
    if (schema == Profile::schema) {
        return to_json(fields::profile_table().shape());
    }
    if (schema == Site::schema) {
        return to_json(fields::site_table().shape());
    }
    if (schema == Secrets::schema) {
        return to_json(fields::secrets_table().shape());
    }
    return nullptr;
}

}  // namespace bedplate
