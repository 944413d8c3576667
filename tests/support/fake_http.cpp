// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_http.hpp"

#include <algorithm>
#include <format>

#include "base/text.hpp"

namespace bedplate::fakes {

namespace {

HttpResponse part_of(const std::string& body, const HttpRequest& request) {
    if (!request.range) {
        return {.status = 200, .content_type = "application/octet-stream", .body = body};
    }
    const auto [first, length] = *request.range;
    if (first.value >= body.size()) {
        return {.status = 416, .content_type = {}, .body = {}};
    }
    return {.status = 206,
            .content_type = "application/octet-stream",
            .body = body.substr(first.value, length.value)};
}

}  // namespace

FakeHttp& FakeHttp::on(std::string url, Handler handler) {
    rules_.emplace_back(std::move(url), std::move(handler));
    return *this;
}

FakeHttp& FakeHttp::serve(std::string url, std::string body) {
    return on(std::move(url), [body = std::move(body)](const HttpRequest& request) -> Result<HttpResponse> {
        return part_of(body, request);
    });
}

Result<HttpResponse> FakeHttp::send(const HttpRequest& request) {
    requests_.push_back(request);
    if (fail_at_ == requests_.size()) {
        return fail("http.timeout", "made to fail by the test", request.url);
    }
    const auto rule = std::find_if(rules_.rbegin(), rules_.rend(), [&](const auto& candidate) {
        return glob_match(candidate.first, request.url);
    });
    if (rule == rules_.rend()) {
        return fail("http.connect", std::format("no rule of the test matches {}", request.url), request.url);
    }
    const Handler handler = rule->second;
    auto response = handler(request);
    if (response && response->body.size() > request.max_body.value) {
        return fail("http.too-large", "the answer is too large", request.url);
    }
    return response;
}

}  // namespace bedplate::fakes
