// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/quantities.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "platform/platform.hpp"

namespace bedplate {

/// How the servers of the installation network are told who asks. Which certificate is believed is a matter
/// of the transport (pinned_http).
struct ServerTrust {
    Secret token;  ///< sent as a bearer token; empty: none
};

struct FetchRequest {
    std::string method = "GET";
    std::string url;
    std::string body = {};  ///< JSON
    std::optional<std::pair<Bytes, Bytes>> range = {};
    Bytes max_body = kib(256);
    std::chrono::milliseconds timeout{std::chrono::seconds{30}};
    /// How long a server that cannot be reached, or answers 502 and above or 429, is asked again with growing
    /// pauses.
    std::chrono::milliseconds patience{std::chrono::minutes{2}};
    Secret authorization = {};  ///< value of the header, instead of the token
};

/// One answer, with patience; any status up to 501 except 429 is an answer. A token is only ever sent over
/// TLS. Errors: fetch.insecure-token (a token and no TLS), http.*, http.status (the last 5xx).
[[nodiscard]] Result<HttpResponse> fetch(Platform& platform, const ServerTrust& trust,
                                         const FetchRequest& request);

/// The body of a document that must be there (status 200). Errors: those of fetch; http.status (redirects are
/// not followed; 401 and 403 name the token), and `not_text` where a server sends a web page.
[[nodiscard]] Result<std::string> fetch_document(Platform& platform, const ServerTrust& trust,
                                                 const FetchRequest& request, std::string_view not_text);

/// The same for an answer that is there already.
[[nodiscard]] Result<std::string> document_of(const HttpResponse& response, const std::string& url,
                                              std::string_view not_text);

[[nodiscard]] bool is_url(std::string_view text);

/// 64 hex digits, with or without ':' between the pairs, in lower case without them; nullopt otherwise.
[[nodiscard]] std::optional<std::string> parse_fingerprint(std::string_view text);

}  // namespace bedplate
