// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "platform/platform.hpp"
#include "probe/recording.hpp"

namespace bedplate {

/// A platform that hands everything on to another one and writes down what came back. May be used from
/// several threads. Changes are refused: a probe makes none.
class Recorder {
public:
    explicit Recorder(Platform& platform);
    ~Recorder();
    [[nodiscard]] Platform& platform();
    /// Everything so far.
    [[nodiscard]] Recording take();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// A platform that answers from a recording. What was not asked when it was made is not there.
class Replayer {
public:
    /// Clock and Http are those of `platform`; a probe uses neither.
    Replayer(Recording recording, Platform& platform);
    ~Replayer();
    [[nodiscard]] Platform& platform();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace bedplate
