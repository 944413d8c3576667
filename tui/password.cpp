// SPDX-License-Identifier: GPL-3.0-or-later
#include "tui/password.hpp"

#include <crypt.h>

#include <memory>

namespace bedplate::tui {

Secret hash_password(const Secret& password) {
    // No random bytes given: libcrypt asks the kernel for them (crypt_gensalt(3)).
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    if (::crypt_gensalt_rn("$y$", 0, nullptr, 0, setting, sizeof setting) == nullptr) {
        return {};
    }
    const auto work = std::make_unique<crypt_data>();
    const char* hash = ::crypt_r(password.reveal().c_str(), setting, work.get());
    return hash == nullptr || hash[0] == '*' ? Secret() : Secret(hash);
}

}  // namespace bedplate::tui
