// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/quantities.hpp"
#include "base/report.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace bedplate::image {

/// What personalisation puts into an image.
struct SiteFiles {
    std::string site;                                           ///< text of the site document
    std::string site_origin;                                    ///< file name for findings
    std::vector<std::pair<std::string, std::string>> profiles;  ///< file name, text
    Secret secrets;                                             ///< text of the secrets file; may be empty
    Secret token;         ///< bearer token for the site's server; may be empty
    Secret ticket;        ///< text of a join ticket; may be empty
    std::string console;  ///< "ttyS1": the line that installer and node speak on; empty: ttyS0
    std::vector<std::string> kernel_arguments;
};

/// Every finding about the documents and arguments; nothing may be written while there is an error among
/// them.
[[nodiscard]] Report validate(const SiteFiles& files);

/// The site area: a cpio archive with an index, padded to `size` with zero bytes; empty input gives zeros
/// only. Errors (refused): site-area.too-large.
[[nodiscard]] Result<std::string> make_site_area(const SiteFiles& files, Bytes size);

/// boot/grub/site.cfg: a few assignments, padded to its reserved size with newlines. Arguments must have
/// passed `validate`. Errors (refused): site-area.too-large.
[[nodiscard]] Result<std::string> make_site_config(const SiteFiles& files);

/// The kernel arguments in a site.cfg; empty where there are none.
[[nodiscard]] std::string site_config_arguments(std::string_view text);

/// The console that a site.cfg names; empty where it names none.
[[nodiscard]] std::string site_config_console(std::string_view text);

/// Letters, digits and ".,:;=/_+@%-[]" only: what neither GRUB's nor the kernel's parser gives a meaning of
/// its own.
[[nodiscard]] bool is_plain_kernel_argument(std::string_view argument);

/// Write the files into the reserved places of an image (a file, or the disk it was written to), in place.
/// With `site` and all else empty, the image becomes unpersonalised again. Errors (findings): those of
/// validate; (refused): iso.format, image.version (made by another version), site-area.too-large,
/// site-area.foreign.
[[nodiscard]] Result<void> personalize(const std::filesystem::path& image, const SiteFiles& files);

}  // namespace bedplate::image
