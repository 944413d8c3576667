// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/service.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <ranges>
#include <thread>

#include "platform/linux/linux.hpp"

using namespace bedplate;

namespace {

Inventory served_machine(const std::string& name) {
    const auto path = std::filesystem::path(BEDPLATE_SOURCE_DIR) / "tests/machines" / name / "inventory.json";
    return inventory_from_json(parse_json(linux_file_system()->read(path).value(), name).value(), name)
        .value();
}

/// Follows a script; no machine, no documents.
class Scripted : public Installation {
public:
    Result<Inventory> look() override { return served_machine("vm-r750"); }
    Result<std::vector<DocumentText>> profiles() override {
        return std::vector<DocumentText>{{.origin = "a.yaml", .text = "x"}};
    }
    Result<DocumentText> site() override { return refuse("site.none", "none"); }
    Result<std::string> medium() override { return std::string("version 1"); }
    Result<std::string> plan(const DocumentText&) override { return std::string("digest-1"); }
    Result<SecretsAtHand> secrets_at_hand() override { return SecretsAtHand{.disk_passphrase = true}; }
    Result<void> apply(const Consent& consent, const TypedSecrets& secrets) override {
        applied = consent;
        typed = secrets;
        return outcome;
    }
    Result<std::vector<NodeCheck>> check_network() override {
        return std::vector<NodeCheck>{{.id = "a", .ok = true, .detail = "b"}};
    }
    Result<std::vector<DocumentText>> read_stick(const std::string&) override {
        return refuse("stick.none", "none");
    }
    Result<std::string> save(const std::string&, const std::string& text) override {
        saved = text;
        return std::string("/run/x");
    }
    Result<void> leave() override { return {}; }

    Result<void> outcome = {};
    std::optional<Consent> applied;
    TypedSecrets typed;
    std::string saved;
};

struct Bench {
    Scripted installation;
    std::vector<std::pair<Service::Client, Json>> sent;
    Service service{
        [this](Service::Client client, const Json& message) { sent.emplace_back(client, message); }, [] {}};

    void settle() {
        for (int i = 0; i < 5000 && !service.idle(); ++i) {
            service.drain();
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
        service.drain();
    }
    void ask(Service::Client client, Json request) {
        service.handle(client, request);
        settle();
    }
    /// The last message of that type to the client.
    [[nodiscard]] Json last(Service::Client client, std::string_view type) const {
        for (const auto& [receiver, message] : std::views::reverse(sent)) {
            if (receiver == client && message.value("type", "") == type) {
                return message;
            }
        }
        return nullptr;
    }
    [[nodiscard]] std::string error(Service::Client client) const {
        const auto reply = last(client, "reply");
        return reply.contains("error") ? reply.at("error").value("code", "") : "";
    }
    void begin() {
        service.start(installation);
        settle();
        ask(1, {{"id", 1}, {"do", "hello"}, {"terminal", "tty1"}});
    }
};

}  // namespace

TEST_CASE("whoever comes first is in control and hears what the machine is") {
    Bench bench;
    bench.begin();
    CHECK(bench.last(1, "state").at("in_control") == true);
    CHECK(bench.last(1, "state").at("phase") == "ready");
    CHECK(bench.last(1, "machine").at("inventory").at("system").at("serial") == "BPVM001");
    CHECK(bench.last(1, "machine").at("errors").at("site").at("code") == "site.none");
    bench.ask(2, {{"id", 1}, {"do", "hello"}, {"terminal", "ttyS0"}});
    CHECK(bench.last(2, "state").at("in_control") == false);
    CHECK(bench.last(2, "state").at("controller") == "tty1");
}

TEST_CASE("requests that make no sense are answered, never obeyed") {
    Bench bench;
    bench.begin();
    bench.ask(1, nullptr);
    CHECK(bench.error(1) == "protocol.request");
    bench.ask(1, Json::array());
    CHECK(bench.error(1) == "protocol.request");
    bench.ask(1, {{"do", 7}});
    CHECK(bench.error(1) == "protocol.request");
    bench.ask(1, {{"id", 5}, {"do", "format-everything"}});
    CHECK(bench.error(1) == "protocol.request");
    bench.ask(3, {{"id", 5}, {"do", "look"}});
    CHECK(bench.error(3) == "protocol.hello");
    bench.ask(1, {{"id", 5}, {"do", "leave"}});
    CHECK(bench.error(1) == "protocol.request");
    CHECK(!bench.installation.applied);
}

TEST_CASE("only the screen in control may change or begin anything") {
    Bench bench;
    bench.begin();
    bench.ask(2, {{"id", 1}, {"do", "hello"}, {"terminal", "ttyS0"}});
    for (const auto* what : {"draft", "look", "commit", "save", "network", "stick", "leave"}) {
        bench.ask(2, {{"id", 2}, {"do", what}});
        CHECK(bench.error(2) == "screen.not-in-control");
    }
    bench.ask(2, {{"id", 3}, {"do", "take-over"}});
    CHECK(bench.last(2, "state").at("in_control") == true);
    CHECK(bench.last(1, "state").at("in_control") == false);
}

TEST_CASE("consent to the engine's own plan is carried out, to any other one is not") {
    Bench bench;
    bench.begin();
    bench.ask(1,
              {{"id", 2}, {"do", "commit"}, {"site", "s"}, {"digest", "digest-0"}, {"disks", Json::array()}});
    CHECK(!bench.installation.applied);
    CHECK(bench.last(1, "state").at("phase") == "failed");
    CHECK(bench.last(1, "state").at("error").at("code") == "consent.other-plan");
    bench.ask(1, {{"id", 3}, {"do", "again"}});
    bench.ask(1, {{"id", 4},
                  {"do", "commit"},
                  {"site", "s"},
                  {"digest", "digest-1"},
                  {"disks", {{{"serial", "S1"}, {"model", "M"}}}}});
    REQUIRE(bench.installation.applied);
    CHECK(bench.installation.applied->disks.front().serial == "S1");
    CHECK(bench.last(1, "state").at("phase") == "done");
    bench.ask(1, {{"id", 5}, {"do", "commit"}, {"site", "s"}, {"digest", "digest-1"}});
    CHECK(bench.error(1) == "engine.busy");
}

TEST_CASE("what was typed in secret reaches the installation and no screen") {
    Bench bench;
    bench.begin();
    CHECK(bench.last(1, "machine").at("secrets") == Json{{"ticket", false}, {"disk_passphrase", true}});
    bench.ask(1, {{"id", 2},
                  {"do", "commit"},
                  {"site", "s"},
                  {"digest", "digest-1"},
                  {"disks", Json::array()},
                  {"ticket", "canary-ticket"},
                  {"disk_passphrase", "canary-passphrase"}});
    REQUIRE(bench.installation.typed.join_ticket);
    CHECK(bench.installation.typed.join_ticket->reveal() == "canary-ticket");
    REQUIRE(bench.installation.typed.disk_passphrase);
    CHECK(bench.installation.typed.disk_passphrase->reveal() == "canary-passphrase");
    bench.ask(2, {{"id", 1}, {"do", "hello"}, {"terminal", "ttyS0"}});
    for (const auto& [client, message] : bench.sent) {
        CHECK(!message.dump().contains("canary"));
    }
}

TEST_CASE("a screen that is gone leaves its answers and the log to the next one") {
    Bench bench;
    bench.begin();
    bench.ask(1, {{"id", 2}, {"do", "draft"}, {"site", "the answers"}, {"step", "node"}});
    bench.service.on_event({.type = Event::Type::note, .stage = "extract", .text = "hello"});
    bench.settle();
    bench.service.disconnect(1);
    bench.ask(2, {{"id", 1}, {"do", "hello"}, {"terminal", "ttyS0"}});
    CHECK(bench.last(2, "state").at("in_control") == true);
    CHECK(bench.last(2, "state").at("draft") == "the answers");
    CHECK(bench.last(2, "state").at("step") == "node");
    CHECK(bench.last(2, "event").at("event").at("text") == "hello");
}
