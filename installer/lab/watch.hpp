// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "lab/rack.hpp"
#include "lab/timeline.hpp"

namespace bedplate::lab {

/// Events of several observers, in the order of their time; what a second one says after the first is left
/// out.
[[nodiscard]] std::vector<DrillEvent> without_echoes(std::vector<DrillEvent> events);

/// Asks the cluster every other second how it is, on each node, and keeps what changed. It costs the nodes
/// little: one connection each, Pacemaker's and Ceph's own small clients.
class Watch {
public:
    using Time = std::chrono::steady_clock::time_point;

    /// Starts at once; `machine` is the resource whose place is followed. With `links`, the nodes' kernels
    /// are followed too, for ports of bonds that are lost.
    Watch(const Rack& rack, std::string machine, bool links);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    /// Ends the loops on the nodes; a node that does not answer is waited for until ssh gives it up.
    ~Watch();

    void note(DrillEvent::Kind kind, std::string text);
    /// What was noted and seen since `begin`, from which times are counted. The word of the node `without`,
    /// which a drill breaks, does not count.
    [[nodiscard]] std::vector<DrillEvent> events(Time begin, const std::string& without) const;
    /// What each node said last of the cluster, if that was after `since`.
    [[nodiscard]] std::vector<ClusterView> clusters(Time since) const;
    [[nodiscard]] std::optional<CephView> ceph(Time since) const;

private:
    struct Observed {
        std::string by;
        Time at;
        DrillEvent event;
    };
    template <typename View>
    struct Last {
        Time at;
        View view;
    };
    void follow(const LabNode& node, const std::string& line,
                const std::function<void(std::string_view)>& on_line) const;
    void see_cluster(const std::string& by, std::string_view line);
    void see_ceph(const std::string& by, std::string_view line);
    void keep(const std::string& by, Time at, std::vector<DrillEvent> events);

    const Rack& rack_;
    std::string machine_, flag_;
    mutable std::mutex mutex_;
    std::vector<Observed> observed_;
    std::map<std::string, Last<ClusterView>> clusters_;
    std::optional<Last<CephView>> ceph_;
    std::vector<std::jthread> threads_;
};

}  // namespace bedplate::lab
