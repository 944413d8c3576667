// SPDX-License-Identifier: GPL-3.0-or-later
// The real client against a small server on a loopback port, which answers what the test says.
#include "platform/http.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdlib>
#include <format>
#include <functional>
#include <thread>

#include "platform/linux/linux.hpp"
#include "tests/support/fake_http.hpp"

using namespace bedplate;
using namespace std::chrono_literals;

namespace {

/// Takes one connection after another, reads a request up to its end and sends the answer as it is.
class Server {
public:
    using Answer = std::function<std::string(const std::string& request)>;

    explicit Server(Answer answer) : answer_(std::move(answer)), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        ::setenv("no_proxy", "*", 1);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), length) == 0);
        REQUIRE(::listen(socket_, 8) == 0);
        REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::jthread([this] { serve(); });
    }
    ~Server() {
        ::shutdown(socket_, SHUT_RDWR);  // wakes accept()
        thread_.join();
        ::close(socket_);
    }

    std::string url(std::string_view path = "/") const {
        return std::format("http://127.0.0.1:{}{}", port_, path);
    }

private:
    void serve() const {
        for (;;) {
            const int client = ::accept(socket_, nullptr, nullptr);
            if (client < 0) {
                return;
            }
            std::string request;
            char buffer[4096];
            while (!complete(request)) {
                const auto n = ::recv(client, buffer, sizeof buffer, 0);
                if (n <= 0) {
                    break;
                }
                request.append(buffer, static_cast<std::size_t>(n));
            }
            const std::string answer = answer_(request);
            for (std::size_t sent = 0; sent < answer.size();) {
                const auto n = ::send(client, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
                if (n <= 0) {
                    break;
                }
                sent += static_cast<std::size_t>(n);
            }
            ::close(client);
        }
    }

    /// A body ends with "<end>" in these tests; a TLS record (first byte 22) will never look like a request.
    static bool complete(const std::string& request) {
        if (request.starts_with('\x16')) {
            return true;
        }
        const bool head = request.contains("\r\n\r\n");
        return head && (!request.contains("Content-Length") || request.ends_with("<end>"));
    }

    Answer answer_;
    int socket_;
    std::uint16_t port_ = 0;
    std::jthread thread_;
};

std::string ok(std::string_view body, std::string_view status = "200 OK", std::string_view more = "") {
    return std::format(
        "HTTP/1.1 {}\r\nContent-Length: {}\r\nContent-Type: text/plain\r\nConnection: close\r\n{}\r\n{}",
        status, body.size(), more, body);
}

}  // namespace

TEST_CASE("a document is fetched with its type") {
    const Server server([](const auto&) { return ok("schema: x\n"); });
    const auto response = curl_http()->send({.url = server.url("/site.yaml")});
    REQUIRE(response.has_value());
    CHECK(response->status == 200);
    CHECK(response->content_type == "text/plain");
    CHECK(response->body == "schema: x\n");
}

TEST_CASE("a range asks for exactly its bytes") {
    std::string seen;
    const Server server([&](const std::string& request) {
        seen = request;
        return ok("cde", "206 Partial Content");
    });
    const auto http = curl_http();
    const auto response = http->send({.url = server.url(), .range = std::pair{Bytes{2}, Bytes{3}}});
    REQUIRE(response.has_value());
    CHECK(response->status == 206);
    CHECK(response->body == "cde");
    CHECK(seen.contains("Range: bytes=2-4\r\n"));
    CHECK_FALSE(http->send({.url = server.url(), .range = std::pair{Bytes{2}, Bytes{0}}}).has_value());
    // A range of one request must not stay for the next one on the same handle.
    REQUIRE(http->send({.url = server.url()}).has_value());
    CHECK_FALSE(seen.contains("Range"));
}

TEST_CASE("method, headers and body go out as given") {
    std::string seen;
    const Server server([&](const std::string& request) {
        seen = request;
        return ok("", "204 No Content");
    });
    const auto response = curl_http()->send(
        {.method = "PATCH", .url = server.url("/redfish"), .headers = {{"X-Token", "t"}}, .body = "{}<end>"});
    REQUIRE(response.has_value());
    CHECK(response->status == 204);
    CHECK(seen.starts_with("PATCH /redfish HTTP/1.1\r\n"));
    CHECK(seen.contains("X-Token: t\r\n"));
    CHECK_FALSE(seen.contains("Expect:"));
    CHECK(seen.ends_with("\r\n\r\n{}<end>"));
}

TEST_CASE("redirects and errors of the server are values") {
    const Server server([](const std::string& request) {
        return request.contains("/old") ? ok("", "302 Found", "Location: /new\r\n")
                                        : ok("no", "404 Not Found");
    });
    const auto http = curl_http();
    CHECK(http->send({.url = server.url("/old")})->status == 302);
    CHECK(http->send({.url = server.url("/none")})->status == 404);
    CHECK(http->send({.url = server.url("/none")})->body == "no");
}

TEST_CASE("an answer that is too large is cut off") {
    const Server server([](const auto&) { return ok(std::string(100'000, 'x')); });
    const auto http = curl_http();
    CHECK(http->send({.url = server.url(), .max_body = Bytes{99'999}}).error().code == "http.too-large");
    CHECK(http->send({.url = server.url(), .max_body = Bytes{100'000}})->body.size() == 100'000);
}

TEST_CASE("a server that says nothing is a timeout") {
    const Server server([](const auto&) {
        std::this_thread::sleep_for(600ms);
        return ok("late");
    });
    const auto result = curl_http()->send({.url = server.url(), .timeout = 200ms});
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == "http.timeout");
    CHECK(result.error().where == server.url());
}

TEST_CASE("half an answer, no server and other protocols are connection errors") {
    const auto http = curl_http();
    std::string gone;
    {
        const Server server([](const auto&) { return "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"; });
        CHECK(http->send({.url = server.url()}).error().code == "http.connect");
        gone = server.url();
    }
    CHECK(http->send({.url = gone}).error().code == "http.connect");
    CHECK(http->send({.url = "file:///etc/passwd"}).error().code == "http.connect");
    CHECK(http->send({.url = "not a url"}).error().code == "http.connect");
}

TEST_CASE("a server without TLS does not pass for one with it") {
    const Server server([](const auto&) { return ok("plain"); });
    std::string url = server.url();
    url.insert(4, "s");
    CHECK(curl_http()->send({.url = url, .timeout = 5s}).error().code == "http.tls");
}

TEST_CASE("the fake server answers by rules and cuts ranges") {
    fakes::FakeHttp http;
    http.serve("http://server/*", "0123456789")
        .on("http://server/broken", [](const auto&) -> Result<HttpResponse> {
            return HttpResponse{.status = 500, .content_type = {}, .body = {}};
        });
    CHECK(http.send({.url = "http://server/x"})->body == "0123456789");
    CHECK(http.send({.url = "http://server/x", .range = std::pair{Bytes{2}, Bytes{3}}})->body == "234");
    CHECK(http.send({.url = "http://server/x", .range = std::pair{Bytes{10}, Bytes{1}}})->status == 416);
    CHECK(http.send({.url = "http://server/broken"})->status == 500);
    CHECK(http.send({.url = "http://other/"}).error().code == "http.connect");
    CHECK(http.send({.url = "http://server/x", .max_body = Bytes{5}}).error().code == "http.too-large");
    http.fail_at(1);
    CHECK(http.send({.url = "http://server/x"}).error().code == "http.timeout");
    CHECK(http.requests().size() == 7);
}
