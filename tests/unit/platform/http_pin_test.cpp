// SPDX-License-Identifier: GPL-3.0-or-later
// A pinned certificate against a real TLS server (openssl s_server) with a certificate that no CA knows.
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <thread>

#include "base/text.hpp"
#include "platform/http.hpp"
#include "platform/linux/linux.hpp"
#include "platform/linux/pinned_http.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;

namespace {

struct TlsServer {
    fakes::TempDir directory;
    std::unique_ptr<CommandRunner> runner = linux_command_runner();
    std::string url = "https://127.0.0.1:44733/";
    std::string fingerprint;
    std::jthread thread;

    TlsServer() {
        ::setenv("no_proxy", "*", 1);
        const auto key = (directory / "key.pem").string();
        const auto certificate = (directory / "certificate.pem").string();
        REQUIRE(run_checked(*runner, {.argv = {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                               "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=elsewhere",
                                               "-days", "2", "-keyout", key, "-out", certificate}}));
        const auto shown = run_checked(
            *runner, {.argv = {"openssl", "x509", "-in", certificate, "-noout", "-fingerprint", "-sha256"}});
        REQUIRE(shown);
        const std::string digits = shown->substr(shown->find('=') + 1);
        for (const char c : trim(digits)) {
            if (c != ':') {
                fingerprint += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            }
        }
        thread = std::jthread([this, key, certificate] {
            // -naccept: it ends by itself after the connections of this test.
            static_cast<void>(runner->run({.argv = {"openssl", "s_server", "-accept", "44733", "-key", key,
                                                    "-cert", certificate, "-www", "-naccept", "3"},
                                           .timeout = std::chrono::seconds{20}}));
        });
        std::this_thread::sleep_for(std::chrono::milliseconds{500});
    }
};

}  // namespace

TEST_CASE(
    "a pinned certificate is believed whatever its name, any other is not, and without a pin no CA vouches") {
    TlsServer server;
    const auto pinned = pinned_http(server.fingerprint)->send({.url = server.url});
    INFO((pinned ? "" : pinned.error().to_text()));
    REQUIRE(pinned);
    CHECK(pinned->status == 200);
    const auto other = pinned_http(std::string(64, '0'))->send({.url = server.url});
    REQUIRE(!other);
    CHECK(other.error().code == "http.tls");
    const auto nobody = curl_http()->send({.url = server.url});
    REQUIRE(!nobody);
    CHECK(nobody.error().code == "http.tls");
}
