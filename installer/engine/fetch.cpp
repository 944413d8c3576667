// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/fetch.hpp"

#include <algorithm>
#include <cctype>

#include "base/text.hpp"
#include "platform/time_scale.hpp"

namespace bedplate {

namespace {

constexpr std::chrono::milliseconds first_pause{500};
constexpr std::chrono::milliseconds longest_pause{std::chrono::seconds{15}};

bool is_passing(const Result<HttpResponse>& answer) {
    if (answer) {
        // 500 and 501 are the server's last word: a BMC that cannot fetch an image says so.
        return answer->status > 501 || answer->status == 429;
    }
    // A certificate does not get better by asking again.
    return answer.error().code == "http.connect" || answer.error().code == "http.timeout";
}

std::string status_hint(int status) {
    if (status / 100 == 3) {
        return "redirects are not followed: give the final address";
    }
    if (status == 401 || status == 403) {
        return "the server wants another bearer token (bedplate.token=, or bedplate image personalize "
               "--token-file)";
    }
    return {};
}

std::unexpected<Error> status_error(int status, const std::string& url) {
    return fail("http.status", std::format("the server answered {}", status), url, status_hint(status));
}

}  // namespace

bool is_url(std::string_view text) {
    return text.starts_with("http://") || text.starts_with("https://");
}

std::optional<std::string> parse_fingerprint(std::string_view text) {
    std::string digits;
    for (const char c : text) {
        if (c == ':') {
            continue;
        }
        if (std::isxdigit(static_cast<unsigned char>(c)) == 0) {
            return std::nullopt;
        }
        digits += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return digits.size() == 64 ? std::optional(digits) : std::nullopt;
}

Result<HttpResponse> fetch(Platform& platform, const ServerTrust& trust, const FetchRequest& request) {
    HttpRequest http{.method = request.method,
                     .url = request.url,
                     .headers = {},
                     .body = request.body,
                     .range = request.range,
                     .max_body = request.max_body,
                     .timeout = request.timeout};
    if (!request.body.empty()) {
        http.headers.emplace_back("Content-Type", "application/json");
    }
    if (!request.authorization.empty()) {
        http.headers.emplace_back("Authorization", request.authorization.reveal());
    } else if (!trust.token.empty()) {
        if (!request.url.starts_with("https://")) {
            return fail("fetch.insecure-token", "a bearer token would be sent without TLS", request.url,
                        "give an https:// address and the fingerprint of its certificate "
                        "(bedplate.fingerprint=), or no token");
        }
        http.headers.emplace_back("Authorization", "Bearer " + trust.token.reveal());
    }
    const auto deadline = platform.clock.steady() + scaled(request.patience);
    for (auto pause = first_pause;; pause = std::min(pause * 2, longest_pause)) {
        auto answer = platform.http.send(http);
        if (!is_passing(answer)) {
            return answer;
        }
        if (platform.clock.steady() + pause >= deadline) {
            return answer ? status_error(answer->status, request.url) : std::move(answer);
        }
        platform.clock.sleep(pause);
    }
}

Result<std::string> document_of(const HttpResponse& response, const std::string& url,
                                std::string_view not_text) {
    if (response.status != 200) {
        return status_error(response.status, url);
    }
    if (response.content_type.starts_with("text/html") || trim(response.body).starts_with("<")) {
        return fail(std::string(not_text), "the server sent a web page where a document is expected", url,
                    "check the address; a login page or an error page of a proxy looks like this");
    }
    return response.body;
}

Result<std::string> fetch_document(Platform& platform, const ServerTrust& trust, const FetchRequest& request,
                                   std::string_view not_text) {
    BEDPLATE_ASSIGN(const auto response, fetch(platform, trust, request));
    return document_of(response, request.url, not_text);
}

}  // namespace bedplate
