// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <future>

#include "lab/control.hpp"

namespace bedplate::lab {

/// Watches the nodes of a lab from power-on until all are ready, and does what a person would: switches on
/// what its installation switched off, and carries a ticket from the first node to the others.
class Following {
public:
    Following(Platform& platform, Libvirt& libvirt, const Lab& lab);

    /// Errors: lab.failed, lab.late.
    [[nodiscard]] Result<void> until_ready(std::chrono::minutes patience, const View& view);
    /// How each node is now, asked at once.
    [[nodiscard]] Result<std::vector<NodeState>> look();

private:
    struct Watched {
        const LabNode* node;
        ConsoleFollower console;
        std::future<Result<CommandResult>> answer;  ///< to "are you ready?"
        std::chrono::steady_clock::time_point answered;
        bool has_ticket = false;
        bool at_osds = false;  ///< or beyond
    };
    [[nodiscard]] Result<CommandResult> on_node(const LabNode& node, const std::string& command_line,
                                                const std::string& input = {}) const;
    [[nodiscard]] Result<void> power(Watched& watched);
    void ask(Watched& watched);
    [[nodiscard]] bool may_join(const Watched& watched) const;
    [[nodiscard]] Result<void> give_ticket(Watched& watched);
    [[nodiscard]] std::vector<Progress> progress() const;

    Platform& platform_;
    Libvirt& libvirt_;
    const Lab& lab_;
    std::vector<Watched> watched_;
    std::string ticket_;
};

}  // namespace bedplate::lab
