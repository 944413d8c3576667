// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/digest.hpp"

#include <openssl/evp.h>

#include <new>
#include <stdexcept>

namespace bedplate {

struct Sha256::Context {
    struct Free {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD_CTX, Free> md{EVP_MD_CTX_new()};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
    // Without SHA-256 in libcrypto nothing in this project can be trusted; there is nothing to fall back to.
    if (!context_->md || EVP_DigestInit_ex(context_->md.get(), EVP_sha256(), nullptr) != 1) {
        throw std::bad_alloc();
    }
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> data) {
    if (EVP_DigestUpdate(context_->md.get(), data.data(), data.size()) != 1) {
        throw std::logic_error("a SHA-256 was used after finish()");
    }
}

void Sha256::update(std::string_view text) {
    update(std::as_bytes(std::span(text)));
}

std::string Sha256::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    if (EVP_DigestFinal_ex(context_->md.get(), digest.data(), &length) != 1) {
        throw std::logic_error("a SHA-256 was finished twice");
    }
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    hex.reserve(2UL * length);
    for (const auto byte : std::span(digest).first(length)) {
        hex += digits[byte >> 4U];
        hex += digits[byte & 0xFU];
    }
    return hex;
}

std::string sha256_hex(std::string_view text) {
    return sha256_hex(std::as_bytes(std::span(text)));
}

std::string sha256_hex(std::span<const std::byte> data) {
    Sha256 sha;
    sha.update(data);
    return sha.finish();
}

}  // namespace bedplate
