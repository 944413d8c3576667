// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/service.hpp"
#include "tests/support/fake_platform.hpp"
#include "tui/app.hpp"

namespace bedplate::tui {

/// An installation of a recorded machine: all is real but the machine, its disks and the medium.
class RecordedInstallation : public SessionInstallation {
public:
    RecordedInstallation(Platform& platform, EventSink& sink, SessionOptions options, Inventory machine)
        : SessionInstallation(platform, sink, std::move(options)),
          machine_(std::move(machine)),
          events_(sink) {}

    Result<Inventory> look() override;
    Result<std::string> medium() override { return medium_answer; }
    Result<void> apply(const Consent& consent, const TypedSecrets& secrets) override;
    Result<std::vector<NodeCheck>> check_network() override { return link_checks(); }
    Result<std::vector<DocumentText>> read_stick(const std::string& glob) override;
    Result<std::string> save(const std::string& name, const std::string& text) override;
    Result<void> leave() override;

    /// A volume group of somebody lies on the machine's first disk.
    void live_in();

    // What happens, for tests to set; and what did, for them to look at.
    Result<std::string> medium_answer = std::string("version 0.1.0, build 5d1c0ffee");
    std::optional<Error> look_error;
    std::vector<DocumentText> stick;
    std::vector<Event> events;       ///< of apply()
    Result<void> outcome = {};       ///< of apply()
    std::optional<Consent> consent;  ///< that apply() got
    TypedSecrets secrets;            ///< that apply() got
    std::string saved;
    bool left = false;
    /// apply() stays in the middle until release() is called.
    bool hold = false;
    void release();

private:
    Inventory machine_;
    EventSink& events_;
    std::mutex mutex_;
    std::condition_variable released_;
    bool free_ = false;
};

/// The screens, the engine's service and a recorded machine, in one process and without a terminal.
class Rig {
public:
    /// `site` is the document on the medium; empty: none.
    explicit Rig(const std::string& machine, const std::string& site = {});
    ~Rig();
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    /// Begin; what is set on `installation` before that counts.
    void start();
    /// Keys by name, blanks between: "Down Enter Ctrl-R a".
    void keys(std::string_view names);
    /// Text as if typed.
    void type(std::string_view text);
    /// Until the engine has nothing to do.
    void settle();
    /// Deliver what the engine has said until `done` holds.
    void settle_until(const std::function<bool()>& done);
    void pass(std::chrono::milliseconds time);
    [[nodiscard]] Canvas canvas(int width, int height, Glyphs glyphs) const;
    [[nodiscard]] std::string text() const;
    /// Presses counted by keys() so far.
    [[nodiscard]] std::size_t presses() const { return presses_; }

    fakes::FakePlatform platform;
    std::unique_ptr<Service> service;
    std::unique_ptr<RecordedInstallation> installation;
    std::unique_ptr<App> app;
    /// A second screen on the same engine.
    std::unique_ptr<App> other;

    void attach_other(const std::string& terminal);

private:
    void deliver_pending();
    std::size_t presses_ = 0;
    std::chrono::milliseconds now_{1000};
    std::deque<std::pair<Service::Client, Json>> to_screens_, to_engine_;
};

/// Puts a profile "encrypted" beside the others, whose system a passphrase opens.
void add_encrypted_profile(Rig& rig);

/// The sites of the tests.
[[nodiscard]] const std::string& lab_site();      ///< names the recorded VM as its first node
[[nodiscard]] const std::string& cluster_site();  ///< one other node, which creates the cluster
[[nodiscard]] std::string encrypted_site();       ///< the recorded VM, with the profile "encrypted"
[[nodiscard]] std::string good_ticket();

}  // namespace bedplate::tui
