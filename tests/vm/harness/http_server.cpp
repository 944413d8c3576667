// SPDX-License-Identifier: GPL-3.0-or-later
#include "http_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <format>
#include <optional>

#include "base/text.hpp"

namespace bedplate::vm {

namespace {

/// Head and body of one request; nullopt where the connection ends before it is complete.
std::optional<HttpRequest> read_request(int client) {
    std::string text;
    std::array<char, 4096> buffer{};
    std::size_t head_end = std::string::npos;
    std::size_t length = 0;
    while (head_end == std::string::npos || text.size() < head_end + 4 + length) {
        const auto got = ::recv(client, buffer.data(), buffer.size(), 0);
        if (got <= 0) {
            return std::nullopt;
        }
        text.append(buffer.data(), static_cast<std::size_t>(got));
        if (head_end != std::string::npos) {
            continue;
        }
        head_end = text.find("\r\n\r\n");
        if (head_end == std::string::npos) {
            continue;
        }
        for (const auto& line : split(std::string_view(text).substr(0, head_end), '\n')) {
            constexpr std::string_view name = "Content-Length:";
            if (line.starts_with(name)) {
                length = static_cast<std::size_t>(parse_unsigned(trim(line.substr(name.size()))).value_or(0));
            }
        }
    }
    HttpRequest request{.body = text.substr(head_end + 4)};
    const auto lines = split(std::string_view(text).substr(0, head_end), '\n');
    const auto words = split(lines.front(), ' ');
    request.method = words.at(0);
    request.url = "http://127.0.0.1" + words.at(1);
    for (std::size_t i = 1; i < lines.size(); ++i) {
        if (const auto colon = lines[i].find(':'); colon != std::string::npos) {
            request.headers.emplace_back(lines[i].substr(0, colon), trim(lines[i].substr(colon + 1)));
        }
    }
    return request;
}

void send_all(int client, std::string_view text) {
    while (!text.empty()) {
        const auto sent = ::send(client, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
}

}  // namespace

HttpServer::HttpServer(Handler handler)
    : handler_(std::move(handler)), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), length) == 0 &&
        ::listen(socket_.get(), 8) == 0 &&
        ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0) {
        port_ = ntohs(address.sin_port);
    }
    thread_ = std::jthread([this] { serve(); });
}

HttpServer::~HttpServer() {
    ::shutdown(socket_.get(), SHUT_RDWR);  // wakes accept()
    thread_.join();
}

std::string HttpServer::url() const {
    return std::format("http://127.0.0.1:{}", port_);
}

void HttpServer::serve() const {
    for (;;) {
        const Descriptor client(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!client.is_open()) {
            return;
        }
        const auto request = read_request(client.get());
        if (!request) {
            continue;
        }
        if (const auto answer = handler_(*request)) {
            send_all(client.get(),
                     std::format("HTTP/1.1 {} x\r\nContent-Type: {}\r\nContent-Length: {}\r\n"
                                 "Connection: close\r\n\r\n{}",
                                 answer->status, answer->content_type, answer->body.size(), answer->body));
        }
    }
}

}  // namespace bedplate::vm
