// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace bedplate::image {

/// One installed Debian package, as apt's index describes it.
struct Package {
    std::string name, version, architecture;
    std::string source;      ///< source package name
    std::string maintainer;  ///< "Name <address>"
    std::string sha256;      ///< of its .deb
    auto operator<=>(const Package&) const = default;
};

/// Read `apt-cache show` stanzas (Debian Policy 5.1); sorted, each package once. Errors: packages.syntax.
[[nodiscard]] Result<std::vector<Package>> parse_packages(std::string_view text, const std::string& origin);

/// The union of two sorted lists.
[[nodiscard]] std::vector<Package> merge(const std::vector<Package>& a, const std::vector<Package>& b);

/// packages.lock: one line "name=version=architecture=sha256" each.
[[nodiscard]] std::string to_lock_text(const std::vector<Package>& packages);

/// Compare with a lock file. Errors (refused): packages.lock, naming each package that differs, is new or is
/// gone.
[[nodiscard]] Result<void> check_lock(const std::vector<Package>& packages, std::string_view lock,
                                      const std::string& origin);

/// What an SPDX document says about the image as a whole.
struct SbomSubject {
    std::string name, version, build_id, suite;
    std::uint64_t created = 0;  ///< seconds since 1970
};

/// SPDX 2.3 in its JSON form.
[[nodiscard]] Json to_spdx(const SbomSubject& subject, const std::vector<Package>& packages);

}  // namespace bedplate::image
