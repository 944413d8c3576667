// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/manifest.hpp"
#include "base/result.hpp"
#include "image/steps.hpp"
#include "platform/command_runner.hpp"

namespace bedplate::image {

struct BuildOptions {
    std::filesystem::path config = "image/image.yaml";
    std::filesystem::path out = "out";
    std::filesystem::path build = "build";
    std::filesystem::path debs = "out";           ///< directory with our packages
    std::filesystem::path profiles = "profiles";  ///< directory with hardware profiles
    std::filesystem::path signing_key;            ///< empty: a development key is made
    std::filesystem::path lock;                   ///< empty: take what the mirror has
    std::filesystem::path apt_sources;            ///< sources.list text; empty: build/apt-sources
    std::filesystem::path cache;                  ///< the user's cache directory; empty: none
    std::string source_date_epoch;                ///< text of SOURCE_DATE_EPOCH; empty: as configured
    bool net = false;                             ///< without the payload, which is then fetched over HTTP
    std::filesystem::path secure_boot_key;        ///< mode B: a unified kernel image signed with this key...
    std::filesystem::path secure_boot_certificate;  ///< ...and certificate (PEM); empty: Debian's chain
    bool refresh = false;                           ///< bootstrap again with what the mirror has now
    unsigned jobs = 2;
};

struct BuildResult {
    bool changed = true;  ///< false: everything was there already
    std::filesystem::path iso;
    Bytes iso_size;
    std::string build_id;
    std::size_t packages = 0;
    std::filesystem::path key;
    bool development_key = false;
    double seconds = 0;
};

/// Build everything below `out`. Needs root for the first run (mmdebstrap), and while it does not come from
/// the cache. Errors: image.root, image.sources, image.profile, packages.lock, and those of the steps.
[[nodiscard]] Result<BuildResult> build_image(CommandRunner& runner, const BuildOptions& options,
                                              const StepObserver& observer);

/// Where artefacts and downloads are kept for the next build: BEDPLATE_CACHE, else XDG_CACHE_HOME/bedplate,
/// else HOME/.cache/bedplate; empty when BEDPLATE_CACHE is "off".
[[nodiscard]] std::filesystem::path cache_directory();

}  // namespace bedplate::image
