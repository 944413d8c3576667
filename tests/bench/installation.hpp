// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "base/quantities.hpp"
#include "base/result.hpp"

namespace bedplate::bench {

/// One installation in a virtual machine, in seconds of the host's clock.
struct InstallationTimes {
    double total = 0;        ///< power-on to power-off
    double cpu = 0;          ///< of the QEMU process
    double until_start = 0;  ///< power-on to the installer's first line
    double payload = 0;      ///< unpacking the tree
    double sync = 0;         ///< flushing it; 0 where it is not told apart
};

/// What both installers run in: a virtual PowerEdge R750 with 2 cores, OVMF, one 16 GiB disk and the ISO in
/// its drive.
struct InstallationBench {
    std::filesystem::path work;  ///< logs and the disk image
    Bytes memory;
};

/// The image of this checkout, unattended. Errors: those of the harness.
[[nodiscard]] Result<InstallationTimes> install_with_bedplate(const InstallationBench& bench,
                                                              const std::filesystem::path& personalized_iso);

/// The floor of floor/make-floor on the same machine.
[[nodiscard]] Result<InstallationTimes> install_with_floor(const InstallationBench& bench,
                                                           const std::filesystem::path& floor_iso);

/// Build the floor from the payload of `iso`; returns its ISO. Errors: those of xorriso and make-floor.
[[nodiscard]] Result<std::filesystem::path> make_floor(const std::filesystem::path& iso,
                                                       const std::filesystem::path& work);

/// The site document of the benchmark's machine.
[[nodiscard]] std::string bench_site();

}  // namespace bedplate::bench
