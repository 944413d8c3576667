// SPDX-License-Identifier: GPL-3.0-or-later
#include "platform/http.hpp"

#include <curl/curl.h>
#include <openssl/ssl.h>

#include <array>
#include <format>
#include <mutex>

#include "base/digest.hpp"
#include "platform/linux/linux.hpp"
#include "platform/linux/pinned_http.hpp"
#include "platform/time_scale.hpp"

namespace bedplate {

namespace {

struct FreeCurl {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

struct Sink {
    std::string body;
    std::uint64_t max = 0;
    bool overflow = false;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
    auto& sink = *static_cast<Sink*>(user);
    const std::size_t length = size * count;
    if (length > sink.max - sink.body.size()) {
        sink.overflow = true;
        return 0;  // a short count makes libcurl give up
    }
    sink.body.append(data, length);
    return length;
}

HeaderList header_list(const HttpRequest& request) {
    HeaderList list;
    const auto add = [&](const std::string& line) {
        list.reset(curl_slist_append(list.release(), line.c_str()));
    };
    for (const auto& [name, value] : request.headers) {
        add(std::format("{}: {}", name, value));
    }
    // Otherwise libcurl waits for a "100 Continue" that small servers (BMCs among them) never send.
    add("Expect:");
    return list;
}

std::unexpected<Error> curl_failure(CURLcode code, const std::string& detail, const std::string& url) {
    const std::string why = detail.empty() ? curl_easy_strerror(code) : detail;
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT:
            return fail("http.timeout", std::format("the server did not answer in time: {}", why), url);
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
            return fail("http.tls", std::format("no trustworthy TLS connection: {}", why), url,
                        "check the server's certificate, the trusted CAs and this machine's clock");
        default:
            return fail("http.connect", std::format("the request failed: {}", why), url,
                        "check the address, the network and that the server runs");
    }
}

/// OpenSSL's chain and name checks are replaced by one question: is it the certificate that was named?
int check_pinned_certificate(X509_STORE_CTX* context, void* user) {
    const auto& wanted = *static_cast<const std::string*>(user);
    unsigned char* der = nullptr;
    X509* const certificate = X509_STORE_CTX_get0_cert(context);
    const int length = certificate == nullptr ? -1 : i2d_X509(certificate, &der);
    if (length <= 0) {
        return 0;
    }
    const std::string_view bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
    const bool same = sha256_hex(bytes) == wanted;
    OPENSSL_free(der);
    X509_STORE_CTX_set_error(context, same ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    return same ? 1 : 0;
}

CURLcode pin_certificate(CURL* /*curl*/, void* context, void* user) {
    SSL_CTX_set_cert_verify_callback(static_cast<SSL_CTX*>(context), &check_pinned_certificate, user);
    return CURLE_OK;
}

class CurlHttp : public Http {
public:
    CurlHttp(std::optional<HttpTls> tls, std::string pinned)
        : tls_(std::move(tls)), pinned_(std::move(pinned)) {
        static std::once_flag once;
        std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
        curl_.reset(curl_easy_init());
    }

    Result<HttpResponse> send(const HttpRequest& request) override {
        const std::scoped_lock lock(mutex_);
        if (!curl_) {
            return fail("http.connect", "libcurl could not be started", request.url);
        }
        if (request.range && request.range->second.value == 0) {
            return fail("http.connect", "a range of no bytes cannot be asked for", request.url);
        }
        curl_easy_reset(curl_.get());  // keeps the connection
        setup_ = CURLE_OK;
        std::array<char, CURL_ERROR_SIZE> detail{};
        Sink sink{.body = {}, .max = request.max_body.value, .overflow = false};
        const HeaderList headers = header_list(request);
        option(CURLOPT_ERRORBUFFER, detail.data());
        option(CURLOPT_HTTPHEADER, headers.get());
        option(CURLOPT_WRITEFUNCTION, &take_body);
        option(CURLOPT_WRITEDATA, &sink);
        set_transport(request);
        set_method(request);
        const CURLcode code = setup_ == CURLE_OK ? curl_easy_perform(curl_.get()) : setup_;
        if (sink.overflow) {
            return fail("http.too-large", std::format("the answer has more than {} bytes", sink.max),
                        request.url);
        }
        if (code != CURLE_OK) {
            return curl_failure(code, detail.data(), request.url);
        }
        return response(std::move(sink.body));
    }

private:
    template <typename Value>
    void option(CURLoption name, Value value) {
        const CURLcode code = curl_easy_setopt(curl_.get(), name, value);
        if (setup_ == CURLE_OK) {
            setup_ = code;
        }
    }

    void set_transport(const HttpRequest& request) {
        option(CURLOPT_URL, request.url.c_str());
        option(CURLOPT_PROTOCOLS_STR, "http,https");
        option(CURLOPT_FOLLOWLOCATION, 0L);
        option(CURLOPT_SSL_VERIFYPEER, 1L);
        if (pinned_.empty()) {
            option(CURLOPT_SSL_VERIFYHOST, 2L);
        } else {
            option(CURLOPT_SSL_VERIFYHOST, 0L);
            option(CURLOPT_SSL_CTX_FUNCTION, &pin_certificate);
            option(CURLOPT_SSL_CTX_DATA, &pinned_);
        }
        option(CURLOPT_NOSIGNAL, 1L);  // its timeouts would otherwise use SIGALRM, which threads share
        option(CURLOPT_USERAGENT, "bedplate/" BEDPLATE_VERSION);
        option(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(scaled(request.connect_timeout).count()));
        option(CURLOPT_TIMEOUT_MS, static_cast<long>(scaled(request.timeout).count()));
        if (tls_) {
            option(CURLOPT_CAINFO, tls_->ca_file.c_str());
            option(CURLOPT_SSLCERT, tls_->certificate_file.c_str());
            option(CURLOPT_SSLKEY, tls_->key_file.c_str());
        }
    }

    void set_method(const HttpRequest& request) {
        if (request.method == "HEAD") {
            option(CURLOPT_NOBODY, 1L);
        } else if (!request.body.empty() || request.method == "POST") {
            option(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
            option(CURLOPT_POSTFIELDS, request.body.data());
        }
        if ((request.method != "GET" || !request.body.empty()) && request.method != "HEAD") {
            option(CURLOPT_CUSTOMREQUEST, request.method.c_str());
        }
        if (request.range) {
            const auto [first, length] = *request.range;
            // libcurl copies the text.
            const auto text = std::format("{}-{}", first.value, first.value + length.value - 1);
            option(CURLOPT_RANGE, text.c_str());
        }
    }

    HttpResponse response(std::string body) {
        long status = 0;
        const char* type = nullptr;
        curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(curl_.get(), CURLINFO_CONTENT_TYPE, &type);
        return {.status = static_cast<int>(status),
                .content_type = type == nullptr ? "" : type,
                .body = std::move(body)};
    }

    std::optional<HttpTls> tls_;
    std::string pinned_;
    std::mutex mutex_;
    std::unique_ptr<CURL, FreeCurl> curl_;
    CURLcode setup_ = CURLE_OK;
};

}  // namespace

std::unique_ptr<Http> curl_http(std::optional<HttpTls> tls) {
    return std::make_unique<CurlHttp>(std::move(tls), "");
}

std::unique_ptr<Http> pinned_http(std::string certificate) {
    return std::make_unique<CurlHttp>(std::nullopt, std::move(certificate));
}

}  // namespace bedplate
