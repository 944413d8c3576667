// SPDX-License-Identifier: GPL-3.0-or-later
#include "tui/model.hpp"

#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "tui/language.hpp"

namespace bedplate::tui {

namespace {

constexpr std::size_t log_lines = 400;

Model::Phase phase_from(std::string_view name) {
    using Phase = Model::Phase;
    static const std::map<std::string_view, Phase> phases{{"looking", Phase::looking},
                                                          {"ready", Phase::ready},
                                                          {"installing", Phase::installing},
                                                          {"done", Phase::done},
                                                          {"failed", Phase::failed}};
    const auto found = phases.find(name);
    return found != phases.end() ? found->second : Phase::looking;
}

std::string text_at(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Model::Model() : draft_(Site::schema) {}

Result<void> Model::take(const Json& message) {
    try {
        const auto type = text_at(message, "type");
        if (type == "machine") {
            return take_machine(message);
        }
        if (type == "state") {
            take_state(message);
        } else if (type == "event") {
            take_event(message.at("event"));
        }
        return {};
    } catch (const nlohmann::json::exception& e) {
        return fail("protocol.message", std::format("the engine sent something strange: {}", e.what()));
    }
}

void Model::lost_engine() {
    phase = Phase::connecting;
    in_control = false;
    controller.clear();
}

Result<void> Model::take_machine(const Json& message) {
    errors.clear();
    for (const auto& [what, error] : message.at("errors").items()) {
        errors.emplace(what, error_from_json(error));
    }
    medium = text_at(message, "medium");
    const auto& secrets = message.at("secrets");
    at_hand = {.join_ticket = secrets.value("ticket", false),
               .disk_passphrase = secrets.value("disk_passphrase", false)};
    profiles.clear();
    for (const auto& entry : message.at("profiles")) {
        Report report;
        if (auto profile = load_profile(text_at(entry, "text"), text_at(entry, "origin"), report)) {
            profiles.push_back(*std::move(profile));
        }
    }
    inventory.reset();
    if (message.at("inventory").is_object()) {
        BEDPLATE_ASSIGN(inventory, inventory_from_json(message.at("inventory"), "the engine"));
    }
    verdicts_ = inventory ? match(*inventory, profiles) : MatchResult{};
    if (message.at("site").is_object() && !begun_) {
        original_ = text_at(message.at("site"), "text");
        origin_ = text_at(message.at("site"), "origin");
    }
    begin_answers();
    changed();
    return {};
}

void Model::take_state(const Json& message) {
    phase = phase_from(text_at(message, "phase"));
    const bool was_in_control = in_control;
    in_control = message.value("in_control", false);
    controller = text_at(message, "controller");
    step = text_at(message, "step");
    failure =
        message.at("error").is_object() ? std::optional(error_from_json(message.at("error"))) : std::nullopt;
    const auto draft = text_at(message, "draft");
    // Another screen's answers, for when this one takes over; one's own are newer than their echo.
    if (!draft.empty() && (!was_in_control || !begun_) && draft != document()) {
        if (auto edit = DocumentEdit::parse(draft, "answers")) {
            original_ = draft;
            origin_ = "answers";
            begun_ = false;
            begin_answers();
            changed();
        }
    }
}

void Model::take_event(const Json& json) {
    const auto event = event_from_json(json);
    if (!event) {
        return;
    }
    event_arrived = true;
    if (event->type != Event::Type::note || event->fraction > 0) {
        progress = event;
    }
    if (event->type != Event::Type::progress) {
        log.push_back(*event);
        if (log.size() > log_lines) {
            log.pop_front();
        }
    }
}

void Model::begin_answers() {
    if (begun_ || !inventory) {
        return;
    }
    draft_ = DocumentEdit(Site::schema);
    if (original_) {
        if (auto edit = DocumentEdit::parse(*original_, origin_)) {
            draft_ = *std::move(edit);
        } else {
            original_.reset();
        }
    }
    untouched_ = draft_;
    add_node();
    begun_ = true;
}

/// The entry of this machine: the one there is, or a new one with the next name and address.
void Model::add_node() {
    const auto& system = inventory->system;
    const std::size_t count = draft_.size("nodes");
    std::uint64_t address = 10;
    bool created = false;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string entry = std::format("nodes[{}]", i);
        const auto tag = draft_.get(entry + ".match.service_tag").value_or("");
        const auto mac = draft_.get(entry + ".match.mac").value_or("");
        const auto uuid = draft_.get(entry + ".match.uuid").value_or("");
        const auto is_port = [&](const Nic& nic) { return nic.permanent_mac == mac || nic.mac == mac; };
        if ((!tag.empty() && tag == system.serial) || (!uuid.empty() && uuid == system.uuid) ||
            (!mac.empty() && std::ranges::any_of(inventory->nics, is_port))) {
            node_ = i;
            return;
        }
        address = std::max(address, parse_unsigned(draft_.get(entry + ".address").value_or("")).value_or(0));
        created = created || draft_.get(entry + ".cluster") == "create";
    }
    node_ = count;
    if (!system.serial.empty()) {
        draft_.set(node("match.service_tag"), system.serial);
    } else if (!system.uuid.empty()) {
        draft_.set(node("match.uuid"), system.uuid);
    } else if (!inventory->nics.empty()) {
        draft_.set(node("match.mac"), inventory->nics.front().permanent_mac);
    }
    draft_.set(node("hostname"), std::format("node{}", count + 1));
    draft_.set(node("address"), std::to_string(address + 1));
    draft_.set(node("cluster"), created ? "join" : "create");
    if (!original_) {
        // A document that a screen writes is for installing without one; the screen itself always asks.
        draft_.set("install.unattended", "true");
    }
}

std::string Model::document() const {
    return original_ && untouched_ && draft_ == *untouched_ ? *original_ : draft_.text();
}

void Model::set(std::string_view path, std::string_view value) {
    value.empty() ? draft_.remove(path) : draft_.set(path, value);
    changed();
}

void Model::set_list(std::string_view path, const std::vector<std::string>& values) {
    values.empty() ? draft_.remove(path) : draft_.set_list(path, values);
    changed();
}

std::string Model::node(std::string_view key) const {
    return std::format("nodes[{}].{}", node_, key);
}

std::string Model::address_path() const {
    return draft_.size(node("address")) > 0 ? node("address.management") : node("address");
}

void Model::changed() {
    findings_ = Report();
    site_ = load_site(document(), "answers", findings_);
    // Of a map that is missing altogether validation does not say which of its keys are needed.
    DocumentEdit filled = draft_;
    for (const auto* group : {"cluster", "networks.management"}) {
        filled.set_map(group);
    }
    field_findings_ = Report();
    (void)load_site(filled.text(), "answers", field_findings_);
    plan_.reset();
    preview_.reset();
    checks.clear();
}

const Finding* Model::finding(std::string_view path) const {
    const std::string text(path);
    for (const auto& finding : field_findings_.findings()) {
        if (finding.severity != Severity::error) {
            continue;
        }
        if (finding.path == path || finding.path.starts_with(text + ".") ||
            finding.path.starts_with(text + "[")) {
            return &finding;
        }
        // "the key 'subnet' is missing" stands at the map; so do keys above it that are missing altogether.
        for (std::size_t dot = text.rfind('.'); finding.code == "yaml.missing-key";
             dot = text.rfind('.', dot - 1)) {
            const std::string above = dot == std::string::npos ? std::string() : text.substr(0, dot);
            const std::string rest = dot == std::string::npos ? text : text.substr(dot + 1);
            if (finding.path == above &&
                finding.message.contains("'" + rest.substr(0, rest.find_first_of(".[")) + "'") &&
                !draft_.get(path)) {
                return &finding;
            }
            if (dot == std::string::npos || dot == 0) {
                break;
            }
        }
        if (finding.code == "site.no-subnet" && path == "networks.management.subnet") {
            return &finding;
        }
    }
    return nullptr;
}

std::optional<Error> Model::ticket_fault() const {
    if (get(node("cluster")) != "join") {
        return std::nullopt;
    }
    if (ticket.empty() && at_hand.join_ticket) {
        return std::nullopt;
    }
    if (ticket.empty()) {
        return refuse("ticket.none", "a ticket is needed to join", {},
                      "on a node of the cluster: bedplate ticket create")
            .error();
    }
    const auto parsed = parse_ticket(ticket.reveal());
    if (!parsed) {
        return parsed.error();
    }
    const auto fits = check_ticket(*parsed, get("cluster.name"));
    return fits ? std::nullopt : std::optional(fits.error());
}

bool Model::wants_passphrase() const {
    const auto* chosen = profile();
    return chosen != nullptr && chosen->system.encryption == Encryption::passphrase;
}

std::optional<Error> Model::passphrase_fault() const {
    if (!wants_passphrase() || (disk_passphrase.empty() && at_hand.disk_passphrase)) {
        return std::nullopt;
    }
    if (disk_passphrase.empty()) {
        return refuse("crypt.no-key", tr("needed: the profile encrypts the system")).error();
    }
    const auto good = parse_passphrase(disk_passphrase.reveal());
    return good ? std::nullopt
                : std::optional(refuse("crypt.passphrase", good.error().message, {},
                                       "wanted " + std::string(passphrase_wanted))
                                    .error());
}

void Model::use_ticket(std::string_view text) {
    ticket = Secret(std::string(text));
    const auto parsed = parse_ticket(text);
    if (!parsed) {
        return;
    }
    if (get("cluster.name").empty()) {
        draft_.set("cluster.name", parsed->cluster);
    }
    changed();
}

const Profile* Model::profile() const {
    const auto requested = draft_.get(node("profile"));
    const auto& name = requested ? requested : verdicts_.chosen;
    const auto found = name ? std::ranges::find(profiles, *name, &Profile::name) : profiles.end();
    return found == profiles.end() ? nullptr : &*found;
}

const Result<Plan>& Model::plan() const {
    if (!plan_) {
        if (!inventory) {
            plan_ = fail("inventory.none", "the machine is not known yet");
        } else if (!site_) {
            plan_ = std::unexpected(findings_.to_error());
        } else {
            plan_ = plan_for(*inventory, *site_, profiles, std::nullopt);
        }
    }
    return *plan_;
}

const Result<Plan>& Model::preview() const {
    if (preview_) {
        return *preview_;
    }
    DocumentEdit edit = draft_;
    const auto fill = [&](std::string_view path, std::string_view value) {
        if (finding(path) != nullptr || !edit.get(path)) {
            edit.set(path, value);
        }
    };
    fill("cluster.name", "cluster");
    fill(node("hostname"), "node");
    if (finding("networks") != nullptr || !edit.get("networks.management.subnet")) {
        // TEST-NET-1 (RFC 5737): no network has it.
        edit.remove("networks");
        edit.set("networks.management.subnet", "192.0.2.0/24");
    }
    if (finding(node("address")) != nullptr) {
        edit.set(node("address"), "11");
    }
    for (const auto* group :
         {"access", "cluster.ntp", "cluster.dns", "cluster.domain", "cluster.timezone", "monitoring"}) {
        if (finding(group) != nullptr) {
            edit.remove(group);
        }
    }
    Report report;
    const auto site = load_site(edit.text(), "answers", report);
    if (!inventory) {
        preview_ = fail("inventory.none", "the machine is not known yet");
    } else if (!site) {
        preview_ = std::unexpected(report.to_error());
    } else {
        preview_ = plan_for(*inventory, *site, profiles, std::nullopt);
    }
    return *preview_;
}

bool Model::may_erase(const Disk& disk) const {
    const std::size_t count = draft_.size(node("wipe"));
    for (std::size_t i = 0; i < count; ++i) {
        if (draft_.get(std::format("{}[{}].serial", node("wipe"), i)) == disk.serial) {
            return true;
        }
    }
    return false;
}

void Model::allow_erasing(const Disk& disk, bool allowed) {
    std::vector<std::string> serials;
    for (std::size_t i = 0; i < draft_.size(node("wipe")); ++i) {
        serials.push_back(draft_.get(std::format("{}[{}].serial", node("wipe"), i)).value_or(""));
    }
    std::erase(serials, disk.serial);
    if (allowed) {
        serials.push_back(disk.serial);
    }
    draft_.remove(node("wipe"));
    for (std::size_t i = 0; i < serials.size(); ++i) {
        draft_.set(std::format("{}[{}].serial", node("wipe"), i), serials[i]);
    }
    // A list of disks is only looked at under this policy; "not-ours" allows more and stays.
    if (allowed && get("install.wipe") != "not-ours") {
        draft_.set("install.wipe", "listed");
    }
    changed();
}

std::optional<Event> event_from_json(const Json& json) {
    static const std::map<std::string_view, Event::Type> types{
        {"started", Event::Type::started},   {"progress", Event::Type::progress},
        {"finished", Event::Type::finished}, {"note", Event::Type::note},
        {"failed", Event::Type::failed},     {"done", Event::Type::done}};
    const auto type = types.find(text_at(json, "type"));
    if (type == types.end()) {
        return std::nullopt;
    }
    Event event{.type = type->second,
                .stage = text_at(json, "stage"),
                .action = text_at(json, "action"),
                .text = text_at(json, "text")};
    event.fraction = json.value("fraction", 0.0);
    const auto number = [&]<typename T>(const char* key, std::optional<T>& place) {
        if (const auto found = json.find(key); found != json.end() && found->is_number()) {
            place = found->get<T>();
        }
    };
    number("bytes_done", event.bytes_done);
    number("bytes_total", event.bytes_total);
    number("bytes_per_second", event.bytes_per_second);
    number("seconds_left", event.seconds_left);
    event.satisfied = json.value("satisfied", false);
    if (json.contains("error")) {
        event.error = error_from_json(json.at("error"));
    }
    return event;
}

Error error_from_json(const Json& json) {
    Error error{.code = text_at(json, "code"),
                .message = text_at(json, "message"),
                .where = text_at(json, "where"),
                .hint = text_at(json, "hint")};
    const auto kind = text_at(json, "kind");
    for (const auto known : {ErrorKind::failed, ErrorKind::usage, ErrorKind::findings, ErrorKind::refused}) {
        error.kind = kind == to_string(known) ? known : error.kind;
    }
    if (const auto context = json.find("context"); context != json.end() && context->is_array()) {
        for (const auto& line : *context) {
            error.context.push_back(line.is_string() ? line.get<std::string>() : std::string());
        }
    }
    return error;
}

}  // namespace bedplate::tui
