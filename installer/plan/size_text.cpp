// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <format>
#include <numeric>

#include "base/text.hpp"
#include "plan/size.hpp"
#include "plan/size_amounts.hpp"

namespace bedplate {
namespace {

constexpr std::size_t widest_bar = 20, name_width = 12;

std::string plural(std::uint64_t count, std::string_view what) {
    return std::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string shown_factor(std::uint64_t thousandths) {
    return std::format("{}", static_cast<double>(thousandths) / 1000);
}

std::string node_name(const SizedNode& node) {
    return elide(node.name, name_width);
}

std::string size_head(const ClusterSize& size) {
    return std::format("SIZE of cluster {}: {}, {} needed for the load, {} may be lost at a time\n",
                       size.cluster, plural(size.nodes.size(), "node"), size.needed, size.survives);
}

/// "  memory       320 GiB x 1 / (202 GiB x 1) = 1.58 -> 2 nodes"
std::string formula(const SizeDimension& dimension) {
    const std::string result =
        !dimension.needed ? "no number of nodes"
        : dimension.peak == 0
            ? "0 nodes"
            : std::format("{:.2f} -> {}",
                          static_cast<double>(dimension.peak * dimension.burst_factor) /
                              static_cast<double>(dimension.per_node * dimension.parallelism),
                          plural(*dimension.needed, "node"));
    return std::format("  {:<12} {} x {} / ({} x {}) = {}\n", elide(dimension.name, name_width),
                       amount_text(dimension, dimension.peak), shown_factor(dimension.burst_factor),
                       amount_text(dimension, dimension.per_node), shown_factor(dimension.parallelism),
                       result);
}

std::string load_lines(const ClusterSize& size) {
    std::string text = "\nLOAD: peak x burst factor / (per node x parallelism), by the smallest node\n\n";
    for (const SizeDimension& dimension : size.dimensions) {
        text += formula(dimension);
    }
    return text;
}

std::string node_lines(const ClusterSize& size) {
    std::string text = std::format("\nNODES\n\n  {:<12} {:>7} {:>8} {:>5} {:>8}   {:<18} {}\n", "", "threads",
                                   "memory", "OSDs", "raw", "for machines", "from");
    for (const SizedNode& node : size.nodes) {
        const NodeCapacity room = node_capacity(node.machine, node.policy);
        text += std::format("  {:<12} {:>7} {:>8} {:>5} {:>8}   {:<18} {}\n", node_name(node),
                            node.machine.threads, to_binary_text(node.machine.memory), node.machine.osds,
                            to_binary_text(node.storage),
                            std::format("{} thr., {}", room.threads, mib_text(room.hv_memory)),
                            elide(node.origin, name_width));
    }
    return text +
           "\n  For machines: without the memory of OSDs and of control nodes' services, and\n"
           "  without what is held back; times the overcommitment.\n";
}

/// "[########....]": as wide as the node is large beside the largest one, filled by its share.
std::string share_bar(std::uint64_t carried, std::uint64_t largest, std::uint64_t percent) {
    const std::size_t width =
        largest == 0 ? 1 : std::max<std::size_t>(static_cast<std::size_t>(carried * widest_bar / largest), 1);
    const std::size_t filled =
        std::min(width, static_cast<std::size_t>((width * std::min<std::uint64_t>(percent, 100) + 50) / 100));
    return "[" + std::string(filled, '#') + std::string(width - filled, '.') + "]";
}

/// Machines are spread by what each node has, so that all are filled alike.
std::uint64_t percent_of(std::uint64_t wanted, std::uint64_t all) {
    return all == 0 ? 0 : (wanted * 100 + all / 2) / all;
}

std::string share_lines(const ClusterSize& size, const SizeDimension& dimension) {
    const std::size_t lost = largest_of(dimension.carried);
    const std::uint64_t all = std::reduce(dimension.carried.begin(), dimension.carried.end()),
                        largest = dimension.carried[lost], before = percent_of(dimension.wanted, all),
                        after = percent_of(dimension.wanted, all - largest);
    std::string text = std::format("\n  {:<12} {:<32} {}\n", elide(dimension.name, name_width),
                                   std::format("with {}", plural(size.nodes.size(), "node")),
                                   size.nodes.size() == 1 ? "" : "without " + node_name(size.nodes[lost]));
    for (std::size_t i = 0; i < size.nodes.size(); ++i) {
        const std::uint64_t carried = dimension.carried[i];
        const std::string rest =
            i == lost ? "lost" : std::format("{:<22} {:>4} %", share_bar(carried, largest, after), after);
        text += std::format("  {:<12} {:<22} {:>4} %    {}\n", node_name(size.nodes[i]),
                            share_bar(carried, largest, before), before, rest);
    }
    return text;
}

std::string shares(const ClusterSize& size) {
    std::string text = "\nSHARE OF EACH NODE\n";
    for (const SizeDimension& dimension : size.dimensions) {
        if (dimension.wanted > 0 && !dimension.carried.empty()) {
            text += share_lines(size, dimension);
        }
    }
    return text;
}

std::string space_lines(const ClusterSize& size) {
    const SizeSpace& space = size.space;
    if (space.raw == 0 && space.wanted == 0) {
        return "";
    }
    const auto line = [&](std::string_view what, std::uint64_t usable, std::size_t copies) {
        const std::uint64_t percent = percent_of(space.wanted, usable);
        return std::format("  {:<20} {:>9} in {}  {:<22} {:>4} %\n", what, mib_text(usable),
                           copies == 1 ? "1 copy" : std::format("{} copies", copies),
                           share_bar(usable, std::max(space.usable, std::uint64_t{1}), percent), percent);
    };
    std::string text = std::format("\nSPACE IN CEPH: {} % of {} raw, divided by the copies\n\n",
                                   near_full_percent, mib_text(space.raw));
    text += std::format("  {:<20} {:>9}\n", "wanted", mib_text(space.wanted));
    text += line("usable", space.usable, space.copies);
    if (!size.nodes.empty()) {
        text +=
            line("without " + node_name(size.nodes[space.largest]), space.usable_after, space.copies_after);
    }
    if (space.months) {
        text += std::format("  {:<20} {:>9} a month: enough for {}\n", "growth", mib_text(space.growth),
                            plural(*space.months, "month"));
    }
    return text;
}

std::string losses(const ClusterSize& size) {
    std::vector<std::string> parts;
    for (const SizeDimension& dimension : size.dimensions) {
        if (dimension.wanted > 0) {
            parts.push_back(std::format("{} {}", dimension.name, dimension.survives));
        }
    }
    if (size.space.raw > 0 || size.space.wanted > 0) {
        parts.push_back(std::format("space {}", size.space.survives));
        parts.push_back(std::format("copies {}", size.space.spare_copies));
    }
    parts.push_back(std::format("quorum {}", size.quorum));
    return std::format("\nNODES THAT MAY BE LOST AT A TIME: {}\n\n  {}\n", size.survives, join(parts, ", "));
}

Json dimension_json(const SizeDimension& dimension) {
    Json json{{"name", dimension.name},
              {"unit", dimension.unit},
              {"peak", dimension.peak},
              {"burst_factor", static_cast<double>(dimension.burst_factor) / 1000},
              {"per_node", dimension.per_node},
              {"parallelism", static_cast<double>(dimension.parallelism) / 1000},
              {"wanted", dimension.wanted},
              {"carried", dimension.carried},
              {"survives", dimension.survives}};
    json["nodes_needed"] = dimension.needed ? Json(*dimension.needed) : Json(nullptr);
    return json;
}

Json space_json(const SizeSpace& space) {
    return Json{{"copies", space.copies},
                {"copies_after_loss", space.copies_after},
                {"raw_mib", space.raw},
                {"usable_mib", space.usable},
                {"usable_after_loss_mib", space.usable_after},
                {"wanted_mib", space.wanted},
                {"growth_per_month_mib", space.growth},
                {"months_left", space.months ? Json(*space.months) : Json(nullptr)},
                {"survives", space.survives}};
}

}  // namespace

std::string to_text(const ClusterSize& size) {
    const std::string findings = size.findings.to_text();
    return size_head(size) + load_lines(size) + node_lines(size) + shares(size) + space_lines(size) +
           losses(size) + (findings.empty() ? "" : "\nFINDINGS\n\n" + findings);
}

Json to_json(const ClusterSize& size) {
    Json nodes = Json::array(), dimensions = Json::array();
    for (const SizedNode& node : size.nodes) {
        const NodeCapacity room = node_capacity(node.machine, node.policy);
        nodes.push_back(Json{{"name", node.name},
                             {"from", node.origin},
                             {"threads", node.machine.threads},
                             {"memory_bytes", node.machine.memory.value},
                             {"osds", node.machine.osds},
                             {"storage_bytes", node.storage.value},
                             {"threads_for_machines", room.threads},
                             {"memory_for_machines_mib", room.hv_memory}});
    }
    for (const SizeDimension& dimension : size.dimensions) {
        dimensions.push_back(dimension_json(dimension));
    }
    return Json{{"schema", ClusterSize::schema},
                {"cluster", size.cluster},
                {"nodes", nodes},
                {"nodes_needed", size.needed},
                {"nodes_survived", size.survives},
                {"dimensions", dimensions},
                {"space", space_json(size.space)},
                {"quorum_survives", size.quorum},
                {"findings", size.findings.to_json()}};
}

}  // namespace bedplate
