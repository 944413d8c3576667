// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/json.hpp"
#include "engine/installation.hpp"
#include "execute/events.hpp"

namespace bedplate {

/// The engine behind the screens: holds the answers, the machine and the running installation, so that a
/// screen may come, go, crash and come again. Speaks JSON messages (docs/screens/protocol.md) and knows
/// nothing of sockets or terminals.
///
/// Requests, events and answers are handled on one thread, the owner's: handle(), drain(), disconnect().
/// Work that takes long runs on a worker thread; when it has something to say, `wake` is called from there
/// and the owner shall call drain() soon.
class Service : public EventSink {
public:
    using Client = std::uint64_t;
    /// Delivers a message to one client; called on the owner's thread only.
    using Deliver = std::function<void(Client, const Json&)>;

    Service(Deliver deliver, std::function<void()> wake);
    ~Service() override;

    /// Begin: look at the machine, read the documents. `installation` outlives this object.
    void start(Installation& installation);

    /// A message from a client. Malformed ones are answered with an error, never with silence.
    void handle(Client client, const Json& request);
    /// The client is gone; what it did stays.
    void disconnect(Client client);
    /// Deliver what the worker left.
    void drain();

    /// From the worker: an event of the installation.
    void on_event(const Event& event) override;

    /// The worker has nothing to do.
    [[nodiscard]] bool idle() const;

private:
    enum class Phase { looking, ready, installing, done, failed };
    struct Request {
        Client client;
        Json id;
        Json body;
    };
    using Done = std::function<void()>;

    void look();
    /// What look() found; each may be missing by itself.
    struct Found {
        Result<Inventory> inventory;
        Result<std::vector<DocumentText>> profiles;
        Result<DocumentText> site;
        Result<SecretsAtHand> secrets;
        Result<std::string> medium;
    };
    void take_look(Found found);
    void commit(const Request& request);
    void finish(const Result<void>& applied);
    /// Run `job` on the worker; what it returns is run on the owner's thread by drain().
    void work(std::function<Done()> job);
    void post(Done done);
    void reply(const Request& request, Json fields);
    void refuse_request(const Request& request, const Error& error);
    void hello(const Request& request);
    void dispatch(const Request& request);
    void check_network(const Request& request);
    void save(const Request& request);
    void read_stick(const Request& request);
    void leave(const Request& request);
    void broadcast(const Json& message);
    void send_state();
    [[nodiscard]] Json state(Client client) const;
    [[nodiscard]] Json machine() const;

    Deliver deliver_;
    std::function<void()> wake_;
    Installation* installation_ = nullptr;

    // The owner's thread only.
    Phase phase_ = Phase::looking;
    std::map<Client, std::string> clients_;  ///< and the terminal each one shows on
    std::optional<Client> controller_;
    std::optional<Json> inventory_;
    std::vector<DocumentText> profiles_;
    std::optional<DocumentText> site_;
    SecretsAtHand secrets_at_hand_;
    std::map<std::string, Error> errors_;  ///< by what could not be had: inventory, profiles, site, ...
    std::string medium_, step_, draft_;
    std::deque<Json> log_;  ///< the last events
    std::optional<Json> last_progress_;
    std::optional<Error> failure_;

    mutable std::mutex mutex_;
    std::deque<Done> done_;  ///< for drain()
    bool busy_ = false;
    std::jthread worker_;  ///< last member: it must end before the others go
};

}  // namespace bedplate
