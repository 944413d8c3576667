// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "platform/http.hpp"

namespace bedplate::fakes {

/// Answers requests by rules and records them. Of several rules that match, the one added last is used; a
/// request that none matches fails with http.connect.
class FakeHttp : public Http {
public:
    using Handler = std::function<Result<HttpResponse>(const HttpRequest&)>;

    /// `url` is a glob ('*', '?') over the whole URL.
    FakeHttp& on(std::string url, Handler handler);
    /// A document at `url`; ranges are answered with 206 and the part, or 416 beyond the end.
    FakeHttp& serve(std::string url, std::string body);
    /// The n-th request from now (1 = the next) fails with http.timeout; later ones work again.
    void fail_at(std::size_t n) { fail_at_ = requests_.size() + n; }

    Result<HttpResponse> send(const HttpRequest& request) override;

    [[nodiscard]] const std::vector<HttpRequest>& requests() const { return requests_; }

private:
    std::vector<std::pair<std::string, Handler>> rules_;
    std::vector<HttpRequest> requests_;
    std::size_t fail_at_ = 0;
};

}  // namespace bedplate::fakes
