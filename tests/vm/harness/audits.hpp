// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "guest_ssh.hpp"

namespace bedplate::vm {

/// What must hold after every VM test, whatever it was about. Each audit returns the complaints it has, one a
/// line; none means that all is well.
using Complaints = std::vector<std::string>;

/// Remembers what disks hold, to be asked later whether they still do.
class ProtectedDisks {
public:
    /// Errors: image.read.
    [[nodiscard]] Result<void> add(const std::filesystem::path& image);
    [[nodiscard]] Complaints check() const;

private:
    std::map<std::filesystem::path, std::string> digests_;
};

/// A secret that a test plants, and looks for where it must not be.
struct Canary {
    std::string text;
    /// Places on a disk where it belongs: right after this text ("root:" in the shadow file). Empty: nowhere.
    std::string allowed_after = {};
};

/// The forms in which a text may leak: as it is, reversed, in base64 (all three alignments), hex and UTF-16.
[[nodiscard]] std::vector<std::string> leaked_forms(std::string_view secret);

/// Search every regular file below `directory` with one of these extensions (logs and screens).
[[nodiscard]] Complaints secrets_in_files(const std::filesystem::path& directory,
                                          const std::set<std::string>& extensions, const Canary& canary);

/// Search a raw disk image: files, slack and free space alike.
[[nodiscard]] Complaints secrets_on_disk(const std::filesystem::path& image, const Canary& canary);

/// Listening sockets beyond loopback against the list in docs/ports.md; no failed units; the journal of the
/// installation is one JSON object a line and names its plan and consent; no core files.
[[nodiscard]] Complaints running_node(const GuestSsh& ssh);

/// The ports of docs/ports.md as "22/tcp". Errors: audit.ports.
[[nodiscard]] Result<std::set<std::string>> documented_ports(const std::filesystem::path& document);

/// All complaints as one text, for a test's message.
[[nodiscard]] std::string to_text(const Complaints& complaints);

}  // namespace bedplate::vm
