// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "execute/run.hpp"

namespace bedplate {

/// After a failure: leave the machine so that a second try finds nothing in its way, and the log on a disk
/// that can still be written. Failures in here are noted and do not hide the first one.
class CleanUp {
public:
    /// `hung`: a disk that does not answer, so nothing that would wait for it is tried; null where none does.
    CleanUp(Run& run, const Disk* hung) : run_(run), hung_(hung) {}

    void after(const Error& error);

private:
    void note(std::string_view what, const Result<void>& result);
    void unmount();
    void deactivate();
    void deactivate(const action::CreateVolumeGroup& kind);
    void take_away(std::string_view what, const std::string& node, std::vector<std::string> argv);

    Run& run_;
    const Disk* hung_;
};

}  // namespace bedplate
