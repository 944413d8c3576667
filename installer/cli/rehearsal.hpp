// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "engine/installation.hpp"

namespace bedplate::cli {

/// The screens on a recorded machine: everything but writing.
class Rehearsal : public SessionInstallation {
public:
    Rehearsal(Platform& platform, EventSink& events, SessionOptions options, std::filesystem::path inventory)
        : SessionInstallation(platform, events, std::move(options)),
          files_(platform.files),
          inventory_(std::move(inventory)) {}

    [[nodiscard]] Result<Inventory> look() override;
    [[nodiscard]] Result<std::string> medium() override { return std::string("none: this is a rehearsal"); }
    [[nodiscard]] Result<void> apply(const Consent& consent, const TypedSecrets& secrets) override;
    /// Never this machine's ports.
    [[nodiscard]] Result<std::vector<NodeCheck>> check_network() override { return link_checks(); }
    /// Never this machine's sticks: the recorded names mean something else here.
    [[nodiscard]] Result<std::vector<DocumentText>> read_stick(const std::string& glob) override;
    /// Into the working directory.
    [[nodiscard]] Result<std::string> save(const std::string& name, const std::string& text) override;
    [[nodiscard]] Result<void> leave() override;

private:
    FileSystem& files_;
    std::filesystem::path inventory_;
};

}  // namespace bedplate::cli
