// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/fetch.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/fake_platform.hpp"

using namespace bedplate;
using fakes::FakePlatform;

namespace {

FakePlatform& answering(FakePlatform& fake, std::vector<int> statuses) {
    auto left = std::make_shared<std::vector<int>>(std::move(statuses));
    fake.http.on("*", [left](const HttpRequest&) {
        const int status = left->front();
        if (left->size() > 1) {
            left->erase(left->begin());
        }
        return HttpResponse{.status = status, .content_type = "text/plain", .body = "x"};
    });
    return fake;
}

}  // namespace

TEST_CASE("a busy server is asked again with growing pauses until it answers") {
    FakePlatform fake;
    answering(fake, {503, 502, 429, 200});
    const auto before = fake.clock.steady();
    const auto answer = fetch(fake.platform, {}, {.url = "http://s/x"});
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(fake.http.requests().size() == 4);
    CHECK(fake.clock.steady() - before == std::chrono::milliseconds{500 + 1000 + 2000});
}

TEST_CASE("patience ends with the server's last answer") {
    FakePlatform fake;
    answering(fake, {503});
    const auto answer = fetch(fake.platform, {}, {.url = "http://s/x", .patience = std::chrono::seconds{10}});
    REQUIRE(!answer);
    CHECK(answer.error().code == "http.status");
    CHECK(answer.error().message.contains("503"));
}

TEST_CASE("what asking again cannot mend is not asked again") {
    for (const int status : {200, 204, 301, 401, 404}) {
        FakePlatform fake;
        answering(fake, {status});
        REQUIRE(fetch(fake.platform, {}, {.url = "http://s/x"}));
        CHECK(fake.http.requests().size() == 1);
    }
    FakePlatform fake;
    fake.http.on("*",
                 [](const HttpRequest&) -> Result<HttpResponse> { return fail("http.tls", "other key"); });
    CHECK(!fetch(fake.platform, {}, {.url = "https://s/x"}));
    CHECK(fake.http.requests().size() == 1);
}

TEST_CASE("a token goes over TLS only") {
    FakePlatform fake;
    answering(fake, {200});
    const ServerTrust trust{.token = Secret("t0ken")};
    const auto open = fetch(fake.platform, trust, {.url = "http://s/x"});
    REQUIRE(!open);
    CHECK(open.error().code == "fetch.insecure-token");
    CHECK(fake.http.requests().empty());
    REQUIRE(fetch(fake.platform, trust, {.url = "https://s/x"}));
    const auto& request = fake.http.requests().front();
    CHECK(std::ranges::count(request.headers,
                             std::pair<std::string, std::string>("Authorization", "Bearer t0ken")) == 1);
}

TEST_CASE("a web page, a redirect and a wrong token are errors that say so") {
    FakePlatform fake;
    fake.http.on("*/page", [](const HttpRequest&) {
        return HttpResponse{.status = 200, .content_type = "text/html; charset=utf-8", .body = "hello"};
    });
    fake.http.on("*/disguised", [](const HttpRequest&) {
        return HttpResponse{.status = 200, .content_type = "text/plain", .body = "\n<html>"};
    });
    fake.http.on("*/moved", [](const HttpRequest&) { return HttpResponse{.status = 302}; });
    fake.http.on("*/secret", [](const HttpRequest&) { return HttpResponse{.status = 401}; });
    const auto code = [&](const std::string& path) {
        return fetch_document(fake.platform, {}, {.url = "http://s/" + path}, "site.not-yaml").error();
    };
    CHECK(code("page").code == "site.not-yaml");
    CHECK(code("disguised").code == "site.not-yaml");
    CHECK(code("moved").hint.contains("redirects"));
    CHECK(code("secret").hint.contains("token"));
}

TEST_CASE("a fingerprint is taken with and without colons") {
    const std::string digits(64, 'b');
    std::string colons;
    for (int i = 0; i < 32; ++i) {
        colons += i == 0 ? "BB" : ":BB";
    }
    CHECK(parse_fingerprint(digits) == digits);
    CHECK(parse_fingerprint(colons) == digits);
    CHECK(!parse_fingerprint("bb"));
    CHECK(!parse_fingerprint(std::string(64, 'g')));
}
