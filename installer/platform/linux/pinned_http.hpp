// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>

#include "platform/http.hpp"

namespace bedplate {

/// As curl_http(), but over TLS one certificate is believed and no other, whoever signed it and whatever name
/// it is for: the one with this SHA-256 (64 lower-case hex digits). Empty: the usual CAs and names.
[[nodiscard]] std::unique_ptr<Http> pinned_http(std::string certificate);

}  // namespace bedplate
