// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/payload_sources.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>

#include "tests/support/fake_platform.hpp"

using namespace bedplate;
using fakes::FakePlatform;

namespace {

/// A place whose state a test changes while it is read.
struct Place {
    std::string content = "0123456789";
    bool there = true;    ///< reads work
    std::string refused;  ///< opening is refused for this reason
    unsigned opened = 0;
    unsigned back_after = 0;  ///< openings until it is there again; 0: never by itself
};

class PlaceSource : public PayloadSource {
public:
    PlaceSource(Place& place, std::string name) : place_(place), name_(std::move(name)) {}
    Result<std::vector<std::byte>> read(Bytes offset, Bytes size) override {
        if (!place_.there) {
            return fail("payload.read", "Input/output error", name_);
        }
        const auto* at = reinterpret_cast<const std::byte*>(place_.content.data()) + offset.value;
        return std::vector<std::byte>(at, at + size.value);
    }
    std::string name() const override { return name_; }

private:
    Place& place_;
    std::string name_;
};

PayloadPlace open_place(Place& place, const std::string& name) {
    return {.name = name, .open = [&place, name]() -> Result<std::unique_ptr<PayloadSource>> {
                ++place.opened;
                if (place.back_after != 0 && place.opened > place.back_after) {
                    place.there = true;
                    place.refused.clear();
                }
                if (!place.refused.empty()) {
                    return refuse("medium.other-build", place.refused);
                }
                return std::make_unique<PlaceSource>(place, name);
            }};
}

std::string text_of(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct Fixture {
    FakePlatform fake;
    Place medium, server;
    std::vector<std::string> notes;
    std::unique_ptr<PatientPayload> payload;

    void open(bool with_server) {
        std::vector<PayloadPlace> places{open_place(medium, "the medium")};
        if (with_server) {
            places.push_back(open_place(server, "http://s"));
        }
        payload = PatientPayload::open(std::move(places), fake.clock,
                                       [this](const std::string& text) { notes.push_back(text); }, {})
                      .value();
    }
    bool noted(std::string_view text) const {
        return std::ranges::any_of(notes, [&](const auto& note) { return note.contains(text); });
    }
};

}  // namespace

TEST_CASE("a medium that vanishes is waited for, said so, and read on from where it was") {
    Fixture f;
    f.open(false);
    CHECK(text_of(f.payload->read(Bytes{0}, Bytes{4}).value()) == "0123");
    f.medium.there = false;
    f.medium.back_after = 40;
    CHECK(text_of(f.payload->read(Bytes{4}, Bytes{4}).value()) == "4567");
    CHECK(f.noted("the medium cannot be read (Input/output error); waiting for it"));
    CHECK(f.noted("still waiting for the payload"));
    CHECK(f.noted("the medium is back; going on after 1:"));
}

TEST_CASE("another build in the drive is refused and the right one still waited for") {
    Fixture f;
    f.open(false);
    f.medium.there = false;
    f.medium.refused = "the medium in the drive is build B";
    f.medium.back_after = 20;
    CHECK(f.payload->read(Bytes{0}, Bytes{4}));
    CHECK(f.noted("the medium in the drive is build B"));
}

TEST_CASE("a second source takes over from a lost medium") {
    Fixture f;
    f.open(true);
    f.medium.there = false;
    CHECK(text_of(f.payload->read(Bytes{2}, Bytes{3}).value()) == "234");
    CHECK(f.payload->name() == "http://s");
    CHECK(f.noted("http://s is used instead"));
    // And back again, when that one is lost.
    f.server.there = false;
    f.medium.there = true;
    CHECK(f.payload->read(Bytes{2}, Bytes{3}));
    CHECK(f.payload->name() == "the medium");
}

TEST_CASE("waiting has an end, with the first error and what to do") {
    Fixture f;
    f.open(false);
    f.medium.there = false;
    const auto bytes = f.payload->read(Bytes{0}, Bytes{1});
    REQUIRE(!bytes);
    CHECK(bytes.error().code == "payload.read");
    CHECK(bytes.error().hint.contains("bedplate.payload="));
}

TEST_CASE("a payload on a server is read by ranges") {
    FakePlatform fake;
    fake.http.serve("http://s/p", "0123456789");
    HttpPayload payload(fake.platform, {}, "http://s/p");
    CHECK(text_of(payload.read(Bytes{3}, Bytes{4}).value()) == "3456");
    CHECK(fake.http.requests().front().range == std::pair(Bytes{3}, Bytes{4}));
}

TEST_CASE("a server that ignores ranges is told from one that lacks the file") {
    FakePlatform fake;
    fake.http.on("*/whole", [](const HttpRequest&) { return HttpResponse{.status = 200, .body = "012"}; });
    fake.http.on("*/gone", [](const HttpRequest&) { return HttpResponse{.status = 404}; });
    HttpPayload whole(fake.platform, {}, "http://s/whole");
    CHECK(whole.read(Bytes{0}, Bytes{3}).error().code == "payload.no-ranges");
    HttpPayload gone(fake.platform, {}, "http://s/gone");
    CHECK(gone.read(Bytes{0}, Bytes{3}).error().message.contains("404"));
}
