// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/fetch.hpp"
#include "execute/execute.hpp"
#include "platform/platform.hpp"

namespace bedplate {

/// The payload file on a web server, by ranges. Errors: payload.read (http.* in its context),
/// payload.no-ranges.
class HttpPayload : public PayloadSource {
public:
    HttpPayload(Platform& platform, ServerTrust trust, std::string url)
        : platform_(platform), trust_(std::move(trust)), url_(std::move(url)) {}
    [[nodiscard]] Result<std::vector<std::byte>> read(Bytes offset, Bytes size) override;
    [[nodiscard]] std::string name() const override { return url_; }

private:
    Platform& platform_;
    ServerTrust trust_;
    std::string url_;
};

/// One place that the payload can come from; `open` may be called again after it was lost.
struct PayloadPlace {
    std::string name;
    std::function<Result<std::unique_ptr<PayloadSource>>()> open;
};

/// A payload that outlives its medium: a read that fails is tried again, then at the other places, and then
/// waited for. `note` gets a line when a place is lost, every half minute of waiting, when one that comes
/// back is refused (another build), and when it goes on.
class PatientPayload : public PayloadSource {
public:
    using Note = std::function<void(const std::string&)>;
    struct Patience {
        /// Somebody has to walk to the machine, or attach the image to the BMC again.
        std::chrono::milliseconds waiting{std::chrono::minutes{30}};
        std::chrono::milliseconds between{std::chrono::seconds{2}};
        unsigned tries = 3;  ///< at one place before the next
    };

    /// At least one place, the best first. Errors: those of the last that was tried, if none can be opened.
    [[nodiscard]] static Result<std::unique_ptr<PatientPayload>> open(std::vector<PayloadPlace> places,
                                                                      Clock& clock, Note note,
                                                                      Patience patience);
    [[nodiscard]] Result<std::vector<std::byte>> read(Bytes offset, Bytes size) override;
    [[nodiscard]] std::string name() const override;

private:
    struct Current {
        std::shared_ptr<PayloadSource> source;
        std::size_t place = 0;
        std::uint64_t number = 0;  ///< counts changes of the source
    };
    PatientPayload(std::vector<PayloadPlace> places, Clock& clock, Note note, Patience patience)
        : places_(std::move(places)), clock_(clock), note_(std::move(note)), patience_(patience) {}
    [[nodiscard]] Current current() const;
    [[nodiscard]] Result<void> recover(std::uint64_t number, const Error& error, Bytes offset, Bytes size);
    [[nodiscard]] bool works(std::size_t place, Bytes offset, Bytes size, std::string& why);

    std::vector<PayloadPlace> places_;
    Clock& clock_;
    Note note_;
    Patience patience_;
    mutable std::mutex mutex_;  ///< of current_
    std::mutex recovering_;
    Current current_;
};

}  // namespace bedplate
