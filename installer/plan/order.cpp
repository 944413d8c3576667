// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/order.hpp"

#include <format>
#include <map>
#include <set>
#include <tuple>

namespace bedplate {
namespace {

using Rank = std::tuple<Stage, std::string>;

struct Graph {
    std::map<std::string, Action> actions;
    std::map<std::string, std::size_t> waiting_for;            ///< how many of `after` have not run
    std::map<std::string, std::vector<std::string>> unblocks;  ///< the other way round
};

std::unexpected<Error> defect(std::string message) {
    return fail("plan.order", std::move(message), {}, "this is a defect of the planner");
}

Result<Graph> build(std::vector<Action> actions) {
    Graph graph;
    for (Action& action : actions) {
        const std::string id = action.id;
        if (!graph.actions.emplace(id, std::move(action)).second) {
            return defect(std::format("two actions are called {}", id));
        }
    }
    for (const auto& [id, action] : graph.actions) {
        graph.waiting_for[id] = action.after.size();
        for (const std::string& earlier : action.after) {
            const auto found = graph.actions.find(earlier);
            if (found == graph.actions.end()) {
                return defect(std::format("{} waits for {}, which there is not", id, earlier));
            }
            if (found->second.stage > action.stage) {
                return defect(std::format("{} waits for {} of a later stage", id, earlier));
            }
            graph.unblocks[earlier].push_back(id);
        }
    }
    return graph;
}

}  // namespace

Result<std::vector<Action>> in_order(std::vector<Action> actions) {
    const std::size_t count = actions.size();
    BEDPLATE_ASSIGN(Graph graph, build(std::move(actions)));
    std::set<Rank> ready;
    for (const auto& [id, open] : graph.waiting_for) {
        if (open == 0) {
            ready.emplace(graph.actions.at(id).stage, id);
        }
    }
    std::vector<Action> ordered;
    while (!ready.empty()) {
        const std::string id = std::get<std::string>(ready.extract(ready.begin()).value());
        for (const std::string& later : graph.unblocks[id]) {
            if (--graph.waiting_for.at(later) == 0) {
                ready.emplace(graph.actions.at(later).stage, later);
            }
        }
        ordered.push_back(std::move(graph.actions.at(id)));
    }
    if (ordered.size() != count) {
        return defect("the actions wait for one another in a circle");
    }
    return ordered;
}

}  // namespace bedplate
