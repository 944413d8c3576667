// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/screens/rig.hpp"

#include <filesystem>
#include <stdexcept>

#include "base/text.hpp"
#include "platform/linux/linux.hpp"
#include "tests/screens/dump.hpp"
#include "tui/utf8.hpp"

namespace bedplate::tui {

namespace {

const std::filesystem::path top = BEDPLATE_SOURCE_DIR;

Inventory recorded(const std::string& name) {
    const auto text = linux_file_system()->read(top / "tests/machines" / name / "inventory.json");
    return inventory_from_json(parse_json(text.value(), name).value(), name).value();
}

}  // namespace

const std::string& lab_site() {
    static const std::string text = R"(schema: bedplate/site/v1
cluster: {name: prod, domain: dc1.example.com, ntp: [10.0.100.1], dns: [10.0.100.1], timezone: UTC}
networks:
  management: {vlan: 100, subnet: 10.0.100.0/24, gateway: 10.0.100.1}
access:
  ssh_authorized_keys:
    - "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f operator@workstation"
install: {unattended: true, wipe: blank-only, generation: 1, after: reboot}
nodes:
  - {match: {service_tag: BPVM001}, hostname: node1, address: 11, cluster: create}
)";
    return text;
}

const std::string& cluster_site() {
    static const std::string text = [] {
        std::string site = lab_site();
        site.replace(site.find("BPVM001"), 7, "OTHER01");
        return site;
    }();
    return text;
}

std::string encrypted_site() {
    std::string site = lab_site();
    site.insert(site.find("hostname: node1"), "profile: encrypted, ");
    return site;
}

void add_encrypted_profile(Rig& rig) {
    auto text = linux_file_system()->read(top / "profiles/vm-r750.yaml").value();
    text.replace(text.find("name: vm-r750"), 13, "name: encrypted");
    text.insert(text.find("exactly: 1}") + 10, ", encryption: passphrase");
    rig.platform.files.add_file("/usr/share/bedplate/profiles/encrypted.yaml", text);
}

std::string good_ticket() {
    return to_text(Ticket{.id = "0123456789abcdef",
                          .cluster = "prod",
                          .fsid = "8b072025-ee98-43e7-8485-b897b6f695e2",
                          .seeds = {{.address = "10.0.100.11", .port = 22, .host_key = "ssh-ed25519 AAAA"}},
                          .key = Secret("not a key: a test")})
        .reveal();
}

Result<Inventory> RecordedInstallation::look() {
    if (look_error) {
        return std::unexpected(*look_error);
    }
    use_inventory(machine_);
    return machine_;
}

Result<void> RecordedInstallation::apply(const Consent& given, const TypedSecrets& typed) {
    consent = given;
    secrets = typed;
    for (const auto& event : events) {
        events_.on_event(event);
    }
    std::unique_lock lock(mutex_);
    released_.wait(lock, [this] { return free_ || !hold; });
    return outcome;
}

void RecordedInstallation::live_in() {
    auto& disk = machine_.disks.front();
    disk.partition_table = "gpt";
    disk.partitions = {{.number = 1, .start = mib(1), .size = gib(12), .fstype = "LVM2_member"}};
    disk.holders = {{.kind = Holder::Kind::lvm,
                     .name = "vg_customers",
                     .detail = {{"device", disk.path + "1"}},
                     .partition = 1,
                     .uuid = "wSZC2k-0000-0000-0000-0000-0000-000001",
                     .active = false}};
}

void RecordedInstallation::release() {
    const std::scoped_lock lock(mutex_);
    free_ = true;
    released_.notify_all();
}

Result<std::vector<DocumentText>> RecordedInstallation::read_stick(const std::string&) {
    return stick;
}

Result<std::string> RecordedInstallation::save(const std::string& name, const std::string& text) {
    saved = text;
    return "/run/bedplate/" + name;
}

Result<void> RecordedInstallation::leave() {
    left = true;
    return {};
}

Rig::Rig(const std::string& machine, const std::string& site) {
    platform.files.add_tree(top / "profiles", "/usr/share/bedplate/profiles");
    platform.files.add_file("/proc/cmdline", "bedplate.mode=screen");
    SessionOptions options;
    if (!site.empty()) {
        platform.files.add_file("/medium/site.yaml", site);
        options.site = "/medium/site.yaml";
    }
    service = std::make_unique<Service>(
        [this](Service::Client client, const Json& message) { to_screens_.emplace_back(client, message); },
        [] {});
    installation =
        std::make_unique<RecordedInstallation>(platform.platform, *service, options, recorded(machine));
    app = std::make_unique<App>(App::Options{.terminal = "tty1",
                                             .catalogues = std::filesystem::path(BEDPLATE_CATALOGUES),
                                             .many_glyphs = true},
                                [this](const Json& request) { to_engine_.emplace_back(1, request); });
}

Rig::~Rig() {
    installation->release();
    service.reset();  // its worker uses the installation
}

void Rig::start() {
    service->start(*installation);
    pass(std::chrono::milliseconds{0});
    app->on_connected();
    settle();
}

void Rig::attach_other(const std::string& terminal) {
    other = std::make_unique<App>(App::Options{.terminal = terminal,
                                               .catalogues = std::filesystem::path(BEDPLATE_CATALOGUES),
                                               .many_glyphs = true},
                                  [this](const Json& request) { to_engine_.emplace_back(2, request); });
    other->tick(now_);
    other->on_connected();
    deliver_pending();
}

void Rig::deliver_pending() {
    while (!to_engine_.empty() || !to_screens_.empty()) {
        if (!to_engine_.empty()) {
            const auto [client, request] = to_engine_.front();
            to_engine_.pop_front();
            service->handle(client, request);
        } else {
            const auto [client, message] = to_screens_.front();
            to_screens_.pop_front();
            (client == 1 ? app : other)->on_message(message);
        }
    }
}

void Rig::settle() {
    settle_until([this] { return service->idle(); });
}

void Rig::settle_until(const std::function<bool()>& done) {
    deliver_pending();
    for (int i = 0; i < 20'000; ++i) {
        const bool was_done = done();
        service->drain();
        deliver_pending();
        if (was_done && done()) {
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    throw std::runtime_error("the engine does not come to rest");
}

void Rig::keys(std::string_view names) {
    for (const auto& name : split(names, ' ')) {
        if (!name.empty()) {
            ++presses_;
            app->handle(parse_key(name).value());
            settle();
        }
    }
}

void Rig::type(std::string_view text) {
    for (const char32_t c : to_characters(text)) {
        app->handle(Key::of(c));
    }
    settle();
}

void Rig::pass(std::chrono::milliseconds time) {
    now_ += time;
    app->tick(now_);
    deliver_pending();
}

Canvas Rig::canvas(int width, int height, Glyphs glyphs) const {
    Canvas canvas(width, height, glyphs);
    app->draw(canvas);
    return canvas;
}

std::string Rig::text() const {
    return characters(canvas(80, 24, Glyphs::ascii));
}

}  // namespace bedplate::tui
