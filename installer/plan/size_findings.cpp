// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <format>
#include <numeric>

#include "plan/size.hpp"
#include "plan/size_amounts.hpp"

namespace bedplate {
namespace {

/// Fewer months than that, and disks that are ordered now may come too late.
constexpr std::uint64_t months_ahead = 3;

void size_finding(Report& report, Severity severity, std::string code, std::string path, std::string message,
                  std::string hint = {}) {
    report.add({.severity = severity,
                .code = std::move(code),
                .path = std::move(path),
                .where = {},
                .message = std::move(message),
                .hint = std::move(hint)});
}

void check_dimension(const ClusterSize& size, const SizeDimension& dimension, Report& report) {
    const std::uint64_t all = std::reduce(dimension.carried.begin(), dimension.carried.end());
    const std::string wanted = amount_text(dimension, dimension.wanted);
    if (all < dimension.wanted) {
        const std::string needed =
            dimension.needed ? std::format("{} nodes like the smallest of them would do, one more to spare",
                                           *dimension.needed)
                             : "a node has nothing left for machines: it needs more memory or fewer OSDs";
        size_finding(
            report, Severity::error, "size.too-few", "load",
            std::format("{}: {} are wanted, {} node{} carry {}", dimension.name, wanted, size.nodes.size(),
                        size.nodes.size() == 1 ? "" : "s", amount_text(dimension, all)),
            needed);
        return;
    }
    if (dimension.wanted == 0 || dimension.survives > 0) {
        return;
    }
    const std::size_t largest = largest_of(dimension.carried);
    const std::uint64_t rest = all - dimension.carried[largest];
    size_finding(
        report, Severity::warning, "size.no-spare", "load",
        std::format("below N+1: without {} the others carry {} of {} ({})", size.nodes[largest].name,
                    amount_text(dimension, rest), wanted, dimension.name),
        std::format("add a node, or take away load of {}", amount_text(dimension, dimension.wanted - rest)));
}

void check_machines(const ClusterSize& size, const Load& load, Report& report) {
    Bytes memory;
    std::uint64_t threads = 0;
    for (const SizedNode& node : size.nodes) {
        memory = std::max(memory, mib(node_capacity(node.machine, node.policy).hv_memory));
        threads = std::max(threads, node.machine.threads);
    }
    for (std::size_t i = 0; i < load.machines.size(); ++i) {
        const MachineLoad& kind = load.machines[i];
        const std::string name = kind.kind.empty() ? std::format("number {}", i + 1) : kind.kind;
        const std::string path = std::format("load.machines[{}]", i);
        if (kind.memory > memory) {
            size_finding(
                report, Severity::error, "size.machine", path,
                std::format("a machine of the kind {} has {}, and no node has more than {} for machines",
                            name, to_binary_text(kind.memory), to_binary_text(memory)));
        }
        if (kind.cpus > threads) {
            size_finding(
                report, Severity::error, "size.machine", path,
                std::format("a machine of the kind {} has {} processors, and no node has more than {}", name,
                            kind.cpus, threads));
        }
    }
}

void check_copies(const SizeSpace& space, Report& report) {
    if (space.spare_copies == 0 || space.copies_after < 2) {
        size_finding(report, Severity::warning, "size.copies", "nodes",
                     space.spare_copies == 0
                         ? "all copies of a piece of data are on one host, and its loss ends the service"
                         : "after the loss of a host there is one copy of each piece of data only",
                     "three hosts with OSDs keep two copies, and the service, when one is lost");
    } else if (space.copies_after < space.copies) {
        size_finding(
            report, Severity::note, "size.copies", "nodes",
            std::format("after the loss of a host, {} copies of {} are left until it is back: there is no "
                        "other host for the last one",
                        space.copies_after, space.copies));
    }
}

void check_space(const ClusterSize& size, Report& report) {
    const SizeSpace& space = size.space;
    if (space.raw == 0 && space.wanted == 0) {
        return;
    }
    if (space.usable < space.wanted) {
        size_finding(report, Severity::error, "size.space", "load.storage",
                     std::format("space: {} are wanted, and {} can be used", mib_text(space.wanted),
                                 mib_text(space.usable)));
    } else if (space.usable_after < space.wanted) {
        size_finding(
            report, Severity::warning, "size.space-spare", "load.storage",
            std::format("below N+1: without {} there is room for {} of {}", size.nodes[space.largest].name,
                        mib_text(space.usable_after), mib_text(space.wanted)),
            "add OSDs or a node");
    } else if (space.months && *space.months < months_ahead) {
        size_finding(
            report, Severity::warning, "size.growth", "load.storage",
            std::format("in {} month{}, what is left after the loss of {} is too small", *space.months,
                        *space.months == 1 ? "" : "s", size.nodes[space.largest].name),
            "add OSDs before that");
    }
    if (space.raw > 0) {
        check_copies(space, report);
    }
}

}  // namespace

Report size_findings(const ClusterSize& size, const Load& load) {
    Report report;
    if (load.machines.empty() && load.rates.empty() && !load.storage) {
        size_finding(report, Severity::note, "size.nothing", "load",
                     "the load says nothing: no machines, rates or space");
    }
    for (const SizeDimension& dimension : size.dimensions) {
        check_dimension(size, dimension, report);
    }
    check_machines(size, load, report);
    check_space(size, report);
    if (size.quorum == 0) {
        size_finding(report, Severity::warning, "size.no-quorum", "nodes",
                     std::format("with {} node{}, the loss of one ends the majority of the monitors and the "
                                 "registry",
                                 size.nodes.size(), size.nodes.size() == 1 ? "" : "s"),
                     "three nodes keep a majority when one is lost");
    }
    return report;
}

}  // namespace bedplate
