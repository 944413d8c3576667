// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "platform/descriptor.hpp"
#include "platform/http.hpp"

namespace bedplate::vm {

/// A server on a loopback port for services that a test makes up: one connection after another, one request
/// each. A handler's error closes the connection without an answer.
class HttpServer {
public:
    using Handler = std::function<Result<HttpResponse>(const HttpRequest&)>;
    explicit HttpServer(Handler handler);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    [[nodiscard]] std::string url() const;

private:
    void serve() const;

    Handler handler_;
    Descriptor socket_;
    std::uint16_t port_ = 0;
    std::jthread thread_;
};

}  // namespace bedplate::vm
