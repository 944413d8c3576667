// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/watch.hpp"

#include <algorithm>

namespace bedplate::lab {

namespace {

using std::chrono::seconds;

/// Two observers tell of the same within this.
constexpr Span echo = seconds(30);

/// Names of one watch only: a connection that is still being made when it ends finds this file there.
std::string new_flag() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::format("/run/bedplate-drill-{}.end", std::chrono::duration_cast<Span>(now).count());
}

/// A command over and over, its whole output as one line each time. After some minutes it ends by itself, and
/// is started again by whoever still wants to know.
std::string loop(const std::string& command, int pause_s, const std::string& flag) {
    return std::format(
        "i=0; while [ ! -e {0} ] && [ $i -lt 60 ]; do {1} 2>/dev/null | tr -d '\\n'; echo; "
        "i=$((i+1)); sleep {2}; done",
        flag, command, pause_s);
}

std::string link_loop(const std::string& flag) {
    return std::format(
        "journalctl --dmesg --follow --lines=0 --output=cat & reader=$!; i=0; "
        "while [ ! -e {} ] && [ $i -lt 180 ]; do i=$((i+1)); sleep 1; done; kill $reader",
        flag);
}

}  // namespace

std::vector<DrillEvent> without_echoes(std::vector<DrillEvent> events) {
    std::ranges::stable_sort(events, {}, &DrillEvent::at);
    std::vector<DrillEvent> kept;
    for (auto& event : events) {
        const bool told = std::ranges::any_of(kept, [&](const DrillEvent& one) {
            return one.kind == event.kind && one.text == event.text && event.at - one.at < echo;
        });
        if (!told) {
            kept.push_back(std::move(event));
        }
    }
    return kept;
}

Watch::Watch(const Rack& rack, std::string machine, bool links)
    : rack_(rack), machine_(std::move(machine)), flag_(new_flag()) {
    const auto& nodes = rack.lab().nodes;
    const auto begin = [this](auto body) {
        threads_.emplace_back([this, body](const std::stop_token& stop) {
            // Connects again and again, as a node comes back.
            for (std::size_t turn = 0; !stop.stop_requested(); ++turn) {
                body(turn);
                rack_.platform().clock.sleep(seconds(1));
            }
        });
    };
    for (const auto& node : nodes) {
        begin([this, &node](std::size_t) {
            follow(node, loop("crm_mon --one-shot --fence-history=3 --output-as=xml", 2, flag_),
                   [&](std::string_view line) { see_cluster(node.hostname, line); });
        });
        if (links) {
            begin([this, &node](std::size_t) {
                follow(node, link_loop(flag_), [&](std::string_view line) {
                    if (line.contains("link status definitely down")) {
                        note(DrillEvent::Kind::link_lost, std::string(line));
                    }
                });
            });
        }
    }
    // One node is enough for Ceph; the next one goes on where a connection ends.
    begin([this, &nodes](std::size_t turn) {
        const auto& node = nodes[turn % nodes.size()];
        follow(node, loop(monitor_question("status"), 4, flag_),
               [&](std::string_view line) { see_ceph(node.hostname, line); });
    });
}

Watch::~Watch() {
    for (auto& thread : threads_) {
        thread.request_stop();
    }
    std::vector<std::jthread> enders;
    for (const auto& node : rack_.lab().nodes) {
        enders.emplace_back([this, &node] {
            // The loops on one that does not answer end with their connections.
            [[maybe_unused]] const auto ended = rack_.on(node.hostname, "touch " + flag_, seconds(20));
        });
    }
    enders.clear();
    threads_.clear();
}

void Watch::follow(const LabNode& node, const std::string& line,
                   const std::function<void(std::string_view)>& on_line) const {
    // How it ends is no matter: a node that is gone says nothing.
    [[maybe_unused]] const auto ended =
        run_on_node(rack_.platform().commands, rack_.lab(), node,
                    {.line = line, .timeout = std::chrono::hours(1), .on_line = on_line, .impatient = true});
}

void Watch::note(DrillEvent::Kind kind, std::string text) {
    keep("", std::chrono::steady_clock::now(), {{Span(0), kind, std::move(text)}});
}

void Watch::keep(const std::string& by, Time at, std::vector<DrillEvent> events) {
    const std::scoped_lock lock(mutex_);
    for (auto& event : events) {
        observed_.push_back({by, at, std::move(event)});
    }
}

void Watch::see_cluster(const std::string& by, std::string_view line) {
    const auto at = std::chrono::steady_clock::now();
    const auto now = parse_crm_mon(std::string(line));
    if (!now) {
        return;
    }
    std::optional<ClusterView> before;
    {
        const std::scoped_lock lock(mutex_);
        if (const auto found = clusters_.find(by); found != clusters_.end()) {
            before = found->second.view;
        }
        clusters_.insert_or_assign(by, Last<ClusterView>{at, *now});
    }
    if (before) {
        keep(by, at, changes(*before, *now, Span(0), machine_));
    }
}

void Watch::see_ceph(const std::string& by, std::string_view line) {
    const auto at = std::chrono::steady_clock::now();
    const auto json = parse_json(line, "status");
    const auto now = json ? parse_ceph_status(*json) : std::unexpected(json.error());
    if (!now) {
        return;
    }
    std::optional<CephView> before;
    {
        const std::scoped_lock lock(mutex_);
        if (ceph_) {
            before = ceph_->view;
        }
        ceph_ = Last<CephView>{at, *now};
    }
    if (before) {
        keep(by, at, changes(*before, *now, Span(0)));
    }
}

std::vector<DrillEvent> Watch::events(Time begin, const std::string& without) const {
    std::vector<DrillEvent> events;
    const std::scoped_lock lock(mutex_);
    for (const auto& [by, at, event] : observed_) {
        if (at >= begin && (by.empty() || by != without)) {
            events.push_back({std::chrono::duration_cast<Span>(at - begin), event.kind, event.text});
        }
    }
    return without_echoes(std::move(events));
}

std::vector<ClusterView> Watch::clusters(Time since) const {
    std::vector<ClusterView> views;
    const std::scoped_lock lock(mutex_);
    for (const auto& [by, last] : clusters_) {
        if (last.at >= since) {
            views.push_back(last.view);
        }
    }
    return views;
}

std::optional<CephView> Watch::ceph(Time since) const {
    const std::scoped_lock lock(mutex_);
    return ceph_ && ceph_->at >= since ? std::optional(ceph_->view) : std::nullopt;
}

}  // namespace bedplate::lab
