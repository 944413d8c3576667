// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace bedplate::image {

/// Files of the site area that are secret as a whole: secrets, token, ticket.
[[nodiscard]] bool is_secret_file(std::string_view path);

/// The text of a file of the site area as it may be shown: of the secrets file its keys, of token and ticket
/// nothing, of all others everything but the values of keys that hold passwords, hashes and tokens.
[[nodiscard]] std::string masked(std::string_view path, std::string_view text);

/// Kernel arguments with the value of bedplate.token= masked.
[[nodiscard]] std::string masked_arguments(std::string_view arguments);

}  // namespace bedplate::image
