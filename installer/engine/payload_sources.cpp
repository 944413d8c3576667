// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/payload_sources.hpp"

#include <cstring>
#include <format>

#include "platform/time_scale.hpp"

namespace bedplate {

namespace {

constexpr std::chrono::seconds note_interval{30};

std::string duration_text(std::chrono::steady_clock::duration duration) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
    return std::format("{}:{:02} min", seconds / 60, seconds % 60);
}

Result<std::vector<std::byte>> read_all(PayloadSource& source, Bytes offset, Bytes size) {
    BEDPLATE_ASSIGN(auto bytes, source.read(offset, size));
    if (bytes.size() != size.value) {
        return fail("payload.truncated",
                    std::format("{} of {} bytes at offset {} came", bytes.size(), size.value, offset.value),
                    source.name());
    }
    return bytes;
}

std::unexpected<Error> no_ranges(const std::string& url) {
    return fail("payload.no-ranges", "the server does not answer requests for a part of a file", url,
                "serve the tree with a server that does (nginx, as in nginx.conf beside it)");
}

}  // namespace

Result<std::vector<std::byte>> HttpPayload::read(Bytes offset, Bytes size) {
    // The slowest line that is still waited for brings 50 kB a second.
    const auto timeout = std::chrono::seconds{30 + size.value / 50'000};
    const auto answer = fetch(platform_, trust_,
                              {.url = url_,
                               .range = std::pair{offset, size},
                               .max_body = size,
                               .timeout = timeout,
                               .patience = std::chrono::seconds{20}});
    if (!answer && answer.error().code == "http.too-large") {
        return no_ranges(url_);
    }
    if (!answer) {
        Error error = answer.error();
        error.code = "payload.read";
        return std::unexpected(std::move(error));
    }
    if (answer->status == 200) {
        return no_ranges(url_);
    }
    if (answer->status != 206) {
        return fail("payload.read", std::format("the server answered {}", answer->status), url_,
                    "check that the whole tree of `bedplate image pxe` is served at this address");
    }
    std::vector<std::byte> bytes(answer->body.size());
    std::memcpy(bytes.data(), answer->body.data(), bytes.size());
    return bytes;
}

Result<std::unique_ptr<PatientPayload>> PatientPayload::open(std::vector<PayloadPlace> places, Clock& clock,
                                                             Note note, Patience patience) {
    std::unique_ptr<PatientPayload> payload(
        new PatientPayload(std::move(places), clock, std::move(note), patience));
    Result<void> last = fail("payload.none", "there is no place to take the payload from");
    for (std::size_t i = 0; i < payload->places_.size(); ++i) {
        auto source = payload->places_[i].open();
        if (source) {
            payload->current_ = {.source = std::move(*source), .place = i, .number = 1};
            return payload;
        }
        last = std::unexpected(std::move(source).error());
    }
    return std::unexpected(std::move(last).error());
}

PatientPayload::Current PatientPayload::current() const {
    const std::scoped_lock lock(mutex_);
    return current_;
}

std::string PatientPayload::name() const {
    return places_[current().place].name;
}

Result<std::vector<std::byte>> PatientPayload::read(Bytes offset, Bytes size) {
    for (;;) {
        const Current now = current();
        auto bytes = read_all(*now.source, offset, size);
        auto pause = std::chrono::milliseconds{250};
        for (unsigned i = 1; !bytes && i < patience_.tries; ++i, pause *= 4) {
            clock_.sleep(pause);
            bytes = read_all(*now.source, offset, size);
        }
        if (bytes) {
            return bytes;
        }
        BEDPLATE_TRY(recover(now.number, bytes.error(), offset, size));
    }
}

/// Opened anew, the place gives the very bytes that were asked for.
bool PatientPayload::works(std::size_t place, Bytes offset, Bytes size, std::string& why) {
    auto source = places_[place].open();
    if (!source) {
        why = source.error().message;
        return false;
    }
    if (const auto bytes = read_all(**source, offset, size); !bytes) {
        why = bytes.error().message;
        return false;
    }
    const std::scoped_lock lock(mutex_);
    current_ = {.source = std::move(*source), .place = place, .number = current_.number + 1};
    return true;
}

// Several readers fail at the same time; the first one looks for a way on, the others take what it has found.
Result<void> PatientPayload::recover(std::uint64_t number, const Error& error, Bytes offset, Bytes size) {
    const std::scoped_lock lock(recovering_);
    const Current lost = current();
    if (lost.number != number) {
        return {};
    }
    const auto began = clock_.steady();
    const auto deadline = began + scaled(patience_.waiting);
    note_(std::format("{} cannot be read ({}); waiting for it", places_[lost.place].name, error.message));
    auto told = began;
    std::string last_reason;
    for (;;) {
        for (std::size_t i = 0; i < places_.size(); ++i) {
            const std::size_t place = (lost.place + i) % places_.size();
            std::string why;
            if (works(place, offset, size, why)) {
                note_(std::format("{} is {}; going on after {}", places_[place].name,
                                  place == lost.place ? "back" : "used instead",
                                  duration_text(clock_.steady() - began)));
                return {};
            }
            const auto reason = places_[place].name + ": " + why;
            if (clock_.steady() - told >= note_interval || (reason != last_reason && i == 0)) {
                note_(std::format("still waiting for the payload; {}", reason));
                told = clock_.steady();
                last_reason = i == 0 ? reason : last_reason;
            }
        }
        if (clock_.steady() >= deadline) {
            Error gone = error;
            gone.context.push_back(
                std::format("waiting {} for it to come back", duration_text(clock_.steady() - began)));
            gone.hint =
                "put the medium back, or give bedplate.payload=URL as a second source, and start again";
            return std::unexpected(std::move(gone));
        }
        clock_.sleep(patience_.between);
    }
}

}  // namespace bedplate
