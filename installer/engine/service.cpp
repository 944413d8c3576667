// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/service.hpp"

#include <algorithm>
#include <array>

namespace bedplate {

namespace {

constexpr std::size_t log_lines = 400;
constexpr std::size_t longest_document = 256U * 1024;

std::string text_of(const Json& request, const char* key) {
    const auto found = request.find(key);
    return found != request.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string_view phase_name(std::size_t phase) {
    static constexpr std::array<std::string_view, 5> names{"looking", "ready", "installing", "done",
                                                           "failed"};
    return names.at(phase);
}

/// What may be asked for while nothing is being installed only.
bool is_preparation(std::string_view what) {
    static constexpr std::array<std::string_view, 6> names{"draft", "look",  "network",
                                                           "save",  "stick", "commit"};
    return std::ranges::contains(names, what);
}

}  // namespace

Service::Service(Deliver deliver, std::function<void()> wake)
    : deliver_(std::move(deliver)), wake_(std::move(wake)) {}

Service::~Service() = default;

void Service::start(Installation& installation) {
    installation_ = &installation;
    look();
}

void Service::work(std::function<Done()> job) {
    {
        const std::scoped_lock lock(mutex_);
        busy_ = true;
    }
    worker_ = std::jthread([this, job = std::move(job)] {
        auto done = job();
        {
            const std::scoped_lock lock(mutex_);
            busy_ = false;
        }
        post(std::move(done));
    });
}

void Service::post(Done done) {
    {
        const std::scoped_lock lock(mutex_);
        done_.push_back(std::move(done));
    }
    wake_();
}

bool Service::idle() const {
    const std::scoped_lock lock(mutex_);
    return !busy_ && done_.empty();
}

void Service::drain() {
    std::deque<Done> done;
    {
        const std::scoped_lock lock(mutex_);
        done.swap(done_);
    }
    for (const auto& step : done) {
        step();
    }
}

void Service::on_event(const Event& event) {
    post([this, event] {
        const Json json = to_json(event);
        if (event.type == Event::Type::progress) {
            last_progress_ = json;
        } else {
            log_.push_back(json);
            if (log_.size() > log_lines) {
                log_.pop_front();
            }
        }
        broadcast({{"type", "event"}, {"event", json}});
    });
}

void Service::look() {
    phase_ = Phase::looking;
    send_state();
    work([this]() -> Done {
        Found found{.inventory = installation_->look(),
                    .profiles = installation_->profiles(),
                    .site = installation_->site(),
                    .secrets = installation_->secrets_at_hand(),
                    .medium = fail("medium.awaited", "waiting for the installation medium")};
        // Shown first: the medium may take a minute to turn up.
        post([this, found] { take_look(found); });
        found.medium = installation_->medium();
        return [this, found] {
            phase_ = Phase::ready;
            take_look(found);
        };
    });
}

void Service::take_look(Found found) {
    errors_.clear();
    const auto keep = [this](const char* what, const auto& result) {
        if (!result) {
            errors_.insert_or_assign(what, result.error());
        }
    };
    keep("inventory", found.inventory);
    keep("profiles", found.profiles);
    keep("site", found.site);
    keep("secrets", found.secrets);
    keep("medium", found.medium);
    inventory_ = found.inventory ? std::optional(to_json(*found.inventory)) : std::nullopt;
    profiles_ = found.profiles ? *std::move(found.profiles) : std::vector<DocumentText>();
    site_ = found.site ? std::optional(*std::move(found.site)) : std::nullopt;
    secrets_at_hand_ = found.secrets.value_or(SecretsAtHand{});
    medium_ = found.medium.value_or("");
    broadcast(machine());
    send_state();
}

Json Service::machine() const {
    Json message{{"type", "machine"}, {"inventory", nullptr}, {"profiles", Json::array()}, {"site", nullptr}};
    if (inventory_) {
        message["inventory"] = *inventory_;
    }
    for (const auto& profile : profiles_) {
        message["profiles"].push_back({{"origin", profile.origin}, {"text", profile.text}});
    }
    if (site_) {
        message["site"] = {{"origin", site_->origin}, {"text", site_->text}};
    }
    message["secrets"] = {{"ticket", secrets_at_hand_.join_ticket},
                          {"disk_passphrase", secrets_at_hand_.disk_passphrase}};
    message["medium"] = medium_;
    message["errors"] = Json::object();
    for (const auto& [what, error] : errors_) {
        message["errors"][what] = to_json(error);
    }
    return message;
}

Json Service::state(Client client) const {
    Json message{{"type", "state"}, {"phase", phase_name(static_cast<std::size_t>(phase_))}};
    message["in_control"] = controller_ == client;
    message["controller"] = controller_ ? Json(clients_.at(*controller_)) : Json(nullptr);
    message["step"] = step_;
    message["draft"] = draft_;
    message["error"] = failure_ ? to_json(*failure_) : Json(nullptr);
    return message;
}

void Service::send_state() {
    for (const auto& [client, terminal] : clients_) {
        deliver_(client, state(client));
    }
}

void Service::broadcast(const Json& message) {
    for (const auto& [client, terminal] : clients_) {
        deliver_(client, message);
    }
}

void Service::reply(const Request& request, Json fields) {
    fields["type"] = "reply";
    fields["id"] = request.id;
    deliver_(request.client, fields);
}

void Service::refuse_request(const Request& request, const Error& error) {
    reply(request, {{"error", to_json(error)}});
}

void Service::handle(Client client, const Json& body) {
    const Request request{.client = client,
                          .id = body.is_object() ? body.value("id", Json(nullptr)) : Json(nullptr),
                          .body = body};
    if (!body.is_object() || text_of(body, "do").empty()) {
        refuse_request(request, refuse("protocol.request", "a request is an object with 'do'").error());
        return;
    }
    const auto what = text_of(body, "do");
    if (what == "hello") {
        hello(request);
        return;
    }
    if (!clients_.contains(client)) {
        refuse_request(request, refuse("protocol.hello", "the first request is 'hello'").error());
        return;
    }
    if (what == "take-over") {
        controller_ = client;
        reply(request, Json::object());
        send_state();
        return;
    }
    if (controller_ != client) {
        refuse_request(request, refuse("screen.not-in-control", "another screen is in control").error());
        return;
    }
    if (is_preparation(what) && phase_ != Phase::ready && what != "draft") {
        refuse_request(request, refuse("engine.busy", "the engine is busy").error());
        return;
    }
    dispatch(request);
}

void Service::hello(const Request& request) {
    clients_[request.client] = text_of(request.body, "terminal");
    if (!controller_) {
        controller_ = request.client;
    }
    reply(request, {{"version", BEDPLATE_VERSION}});
    if (inventory_ || !errors_.empty()) {
        deliver_(request.client, machine());
    }
    for (const auto& event : log_) {
        deliver_(request.client, {{"type", "event"}, {"event", event}});
    }
    if (last_progress_) {
        deliver_(request.client, {{"type", "event"}, {"event", *last_progress_}});
    }
    send_state();
}

void Service::disconnect(Client client) {
    clients_.erase(client);
    if (controller_ == client) {
        controller_.reset();
        send_state();
    }
}

void Service::dispatch(const Request& request) {
    const auto what = text_of(request.body, "do");
    if (what == "draft" && text_of(request.body, "site").size() <= longest_document) {
        const bool moved = step_ != text_of(request.body, "step");
        draft_ = text_of(request.body, "site");
        step_ = text_of(request.body, "step");
        reply(request, Json::object());
        if (moved) {
            send_state();  // for those who watch
        }
    } else if (what == "look") {
        reply(request, Json::object());
        look();
    } else if (what == "network") {
        check_network(request);
    } else if (what == "save") {
        save(request);
    } else if (what == "stick") {
        read_stick(request);
    } else if (what == "commit") {
        commit(request);
    } else if (what == "again" && phase_ == Phase::failed) {
        reply(request, Json::object());
        failure_.reset();
        look();
    } else if (what == "leave" && (phase_ == Phase::done || phase_ == Phase::failed)) {
        leave(request);
    } else {
        refuse_request(request, refuse("protocol.request", "this cannot be asked for now: " + what).error());
    }
}

void Service::check_network(const Request& request) {
    const DocumentText site{.origin = "answers", .text = text_of(request.body, "site")};
    phase_ = Phase::looking;
    send_state();
    work([this, request, site]() -> Done {
        auto inventory = installation_->look();
        auto checks = [&]() -> Result<std::vector<NodeCheck>> {
            BEDPLATE_TRY(inventory);
            BEDPLATE_TRY(installation_->plan(site));
            return installation_->check_network();
        }();
        return [this, request, inventory, checks] {
            phase_ = Phase::ready;
            if (inventory) {
                inventory_ = to_json(*inventory);
                broadcast(machine());
            }
            send_state();
            if (!checks) {
                refuse_request(request, checks.error());
                return;
            }
            Json list = Json::array();
            for (const auto& check : *checks) {
                list.push_back({{"id", check.id}, {"ok", check.ok}, {"detail", check.detail}});
            }
            reply(request, {{"checks", list}});
        };
    });
}

void Service::save(const Request& request) {
    const auto text = text_of(request.body, "site");
    phase_ = Phase::looking;
    work([this, request, text]() -> Done {
        auto place = installation_->save("site.yaml", text);
        return [this, request, place] {
            phase_ = Phase::ready;
            send_state();
            place ? reply(request, {{"place", *place}}) : refuse_request(request, place.error());
        };
    });
}

void Service::read_stick(const Request& request) {
    const auto glob = text_of(request.body, "glob");
    phase_ = Phase::looking;
    work([this, request, glob]() -> Done {
        auto files = installation_->read_stick(glob);
        return [this, request, files] {
            phase_ = Phase::ready;
            send_state();
            if (!files) {
                refuse_request(request, files.error());
                return;
            }
            Json list = Json::array();
            for (const auto& file : *files) {
                list.push_back({{"name", file.origin}, {"text", file.text}});
            }
            reply(request, {{"files", list}});
        };
    });
}

/// The person saw a plan and typed the names of its disks; the engine makes the plan again from the same
/// answers and goes on only if it is that very plan.
void Service::commit(const Request& request) {
    const DocumentText site{.origin = "answers", .text = text_of(request.body, "site")};
    Consent consent{.plan_digest = text_of(request.body, "digest"), .disks = {}, .given_by = "screen"};
    for (const auto& disk : request.body.value("disks", Json::array())) {
        consent.disks.push_back({.wwn = text_of(disk, "wwn"),
                                 .serial = text_of(disk, "serial"),
                                 .model = text_of(disk, "model"),
                                 .by_path = text_of(disk, "by_path")});
    }
    const auto typed = [&](const char* key) {
        auto text = text_of(request.body, key);
        return text.empty() ? std::nullopt : std::optional(Secret(std::move(text)));
    };
    const TypedSecrets secrets{.join_ticket = typed("ticket"), .disk_passphrase = typed("disk_passphrase")};
    draft_ = site.text;
    step_ = "progress";
    phase_ = Phase::installing;
    failure_.reset();
    reply(request, Json::object());
    send_state();
    work([this, site, consent, secrets]() -> Done {
        auto applied = [&]() -> Result<void> {
            BEDPLATE_ASSIGN(const auto digest, installation_->plan(site));
            if (digest != consent.plan_digest) {
                return refuse("consent.other-plan",
                              "the engine's plan is not the one that was on the screen: nothing was written",
                              {}, "load the hardware again and read the plan again");
            }
            return installation_->apply(consent, secrets);
        }();
        return [this, applied] { finish(applied); };
    });
}

void Service::finish(const Result<void>& applied) {
    phase_ = applied ? Phase::done : Phase::failed;
    step_ = "result";
    if (!applied) {
        failure_ = applied.error();
    }
    send_state();
}

void Service::leave(const Request& request) {
    const auto phase = phase_;
    work([this, request, phase]() -> Done {
        auto left = installation_->leave();
        return [this, request, phase, left] {
            phase_ = phase;
            left ? reply(request, Json::object()) : refuse_request(request, left.error());
        };
    });
}

}  // namespace bedplate
