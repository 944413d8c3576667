// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/quantities.hpp"
#include "base/result.hpp"

namespace bedplate {

struct HttpRequest {
    std::string method = "GET";
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
    std::optional<std::pair<Bytes, Bytes>> range = {};  ///< first byte and length
    Bytes max_body = mib(16);                           ///< a longer answer is an error
    std::chrono::milliseconds connect_timeout{std::chrono::seconds{10}};
    std::chrono::milliseconds timeout{std::chrono::seconds{30}};
};

struct HttpResponse {
    int status = 0;
    std::string content_type;
    std::string body;
};

class Http {
public:
    Http() = default;
    Http(const Http&) = delete;
    Http& operator=(const Http&) = delete;
    virtual ~Http() = default;

    /// One request; redirects are not followed (a 3xx is returned as it is). Errors: http.connect,
    /// http.timeout, http.tls, http.too-large. A status of 400 and above is a value, not an error.
    [[nodiscard]] virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
};

}  // namespace bedplate
