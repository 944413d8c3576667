// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/serve.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <csignal>
#include <map>

#include "platform/descriptor.hpp"

namespace bedplate::cli {

namespace {

constexpr std::size_t longest_request = 1024U * 1024;
/// A screen that takes nothing (a serial line with flow control stopped) is let go; it may come again.
constexpr std::size_t most_waiting = 32U * 1024 * 1024;
constexpr std::size_t most_clients = 16;

struct Connection {
    Descriptor socket;
    std::string in, out;
    bool broken = false;
};

class Server {
public:
    explicit Server(Descriptor listener)
        : signals_(block_signals()),
          listener_(std::move(listener)),
          wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          service_([this](Service::Client client, const Json& message) { deliver(client, message); },
                   [this] { wake(); }) {}

    Service& service() { return service_; }

    Result<void> run() {
        for (;;) {
            std::vector<pollfd> waiting{
                {listener_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}};
            std::vector<Service::Client> order;
            for (const auto& [client, connection] : connections_) {
                waiting.push_back({connection.socket.get(),
                                   static_cast<short>(POLLIN | (connection.out.empty() ? 0 : POLLOUT)), 0});
                order.push_back(client);
            }
            if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) {
                return fail_errno("engine.socket", "wait on", "the engine's socket", errno);
            }
            if (waiting[2].revents != 0) {
                return {};
            }
            if (waiting[1].revents != 0) {
                std::uint64_t count = 0;
                (void)::read(wake_.get(), &count, sizeof count);  // only that it happened matters
                service_.drain();
            }
            for (std::size_t i = 0; i < order.size(); ++i) {
                serve_client(order[i], waiting[i + 3].revents);
                // Before the next one is heard: a screen that comes after one that left finds nobody in
                // control.
                drop_broken();
            }
            if (waiting[0].revents != 0) {
                accept();
            }
        }
    }

private:
    static Descriptor block_signals() {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
        return Descriptor(::signalfd(-1, &set, SFD_CLOEXEC));
    }

    void wake() {
        const std::uint64_t one = 1;
        (void)::write(wake_.get(), &one, sizeof one);  // full means that it is awake already
    }

    void accept() {
        Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (socket.is_open() && connections_.size() < most_clients) {
            connections_[++last_client_].socket = std::move(socket);
        }
    }

    void deliver(Service::Client client, const Json& message) {
        const auto found = connections_.find(client);
        if (found == connections_.end() || found->second.broken) {
            return;
        }
        auto& connection = found->second;
        connection.out += message.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
        flush(connection);
        connection.broken = connection.broken || connection.out.size() > most_waiting;
    }

    static void flush(Connection& connection) {
        while (!connection.out.empty()) {
            const auto sent =
                ::send(connection.socket.get(), connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                connection.broken = errno != EAGAIN && errno != EINTR;
                return;
            }
            connection.out.erase(0, static_cast<std::size_t>(sent));
        }
    }

    /// All that has come, up to the end of the line if it is there. A request that is too long ends it, too.
    static void receive(Connection& connection) {
        std::array<char, 65536> buffer;
        while (!connection.broken) {
            const auto got = ::recv(connection.socket.get(), buffer.data(), buffer.size(), 0);
            if (got <= 0) {
                connection.broken = got == 0 || (errno != EAGAIN && errno != EINTR);
                return;
            }
            connection.in.append(buffer.data(), static_cast<std::size_t>(got));
            connection.broken = connection.in.size() > longest_request;
        }
    }

    void serve_client(Service::Client client, short events) {
        const auto found = connections_.find(client);
        if (found == connections_.end()) {
            return;  // let go in this very round
        }
        auto& connection = found->second;
        if ((events & POLLOUT) != 0) {
            flush(connection);
        }
        if ((events & (POLLIN | POLLHUP | POLLERR)) == 0) {
            return;
        }
        receive(connection);
        std::size_t begin = 0;
        for (auto end = connection.in.find('\n'); end != std::string::npos;
             end = connection.in.find('\n', begin)) {
            const auto message =
                parse_json(std::string_view(connection.in).substr(begin, end - begin), "request");
            service_.handle(client, message.value_or(Json(nullptr)));
            begin = end + 1;
        }
        connection.in.erase(0, begin);
    }

    void drop_broken() {
        for (auto it = connections_.begin(); it != connections_.end();) {
            const auto client = it->first;
            const bool broken = it->second.broken;
            ++it;
            if (broken) {
                connections_.erase(client);
                service_.disconnect(client);
            }
        }
    }

    Descriptor signals_;  ///< first member: threads that start later have the signals blocked as well
    Descriptor listener_;
    Descriptor wake_;
    std::map<Service::Client, Connection> connections_;
    Service::Client last_client_ = 0;
    Service service_;  ///< last member: its worker uses the others
};

Result<Descriptor> listen_on(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto text = path.string();
    if (text.size() >= sizeof address.sun_path) {
        return fail("engine.socket", "the path of the socket is too long", text);
    }
    text.copy(address.sun_path, text.size());
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::unlink(text.c_str());  // ours, since we hold the lock
    const auto old_mask = ::umask(0177);
    const bool bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const int error = errno;
    ::umask(old_mask);
    if (!bound) {
        return fail_errno("engine.socket", "listen on", text, error);
    }
    if (::listen(socket.get(), 8) != 0) {
        return fail_errno("engine.socket", "listen on", text, errno);
    }
    return socket;
}

Result<Descriptor> take_lock(const std::filesystem::path& path) {
    Descriptor lock(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    if (!lock.is_open()) {
        return fail_errno("engine.socket", "open", path.string(), errno);
    }
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        return refuse("engine.running", "another engine is running", path.string(), "use it: bedplate-tui");
    }
    return lock;
}

}  // namespace

Result<void> serve(const std::filesystem::path& socket,
                   const std::function<Installation&(Service&)>& connect) {
    std::error_code ignored;  // the lock says it better if that does not work
    std::filesystem::create_directories(socket.parent_path(), ignored);
    BEDPLATE_ASSIGN(const auto lock, take_lock(socket.string() + ".lock"));
    BEDPLATE_ASSIGN(auto listener, listen_on(socket));
    Server server(std::move(listener));
    server.service().start(connect(server.service()));
    return server.run();
}

}  // namespace bedplate::cli
