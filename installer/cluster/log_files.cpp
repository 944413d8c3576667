// SPDX-License-Identifier: GPL-3.0-or-later
// What becomes of the files that a control node keeps, and of the queues of all nodes.
#include "cluster/log_files.hpp"

#include <algorithm>
#include <format>
#include <tuple>

#include "base/text.hpp"

namespace bedplate {
namespace {

constexpr std::string_view plain = ".jsonl", compressed = ".jsonl.zst";

/// "1764374652.1234567890" -> whole seconds.
std::optional<std::chrono::sys_seconds> parse_time(std::string_view text) {
    const auto seconds = parse_unsigned(text.substr(0, text.find('.')));
    return seconds ? std::optional(std::chrono::sys_seconds(std::chrono::seconds(*seconds))) : std::nullopt;
}

std::optional<std::chrono::sys_days> parse_day(std::string_view text) {
    const auto parts = split(text, '-');
    if (parts.size() != 3 || text.size() != 10) {
        return std::nullopt;
    }
    const auto year = parse_unsigned(parts[0]), month = parse_unsigned(parts[1]),
               day = parse_unsigned(parts[2]);
    if (!year || !month || !day) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    return date.ok() ? std::optional(std::chrono::sys_days(date)) : std::nullopt;
}

std::optional<KeptLog> kept_log(const FoundFile& file) {
    const auto parts = split(file.path, '/');
    if (parts.size() != 2) {
        return std::nullopt;
    }
    std::string_view name = parts[1];
    const auto ending = name.ends_with(compressed) ? compressed : plain;
    if (!name.ends_with(ending)) {
        return std::nullopt;
    }
    name.remove_suffix(ending.size());
    const auto day = parse_day(name);
    return day ? std::optional(KeptLog{.path = file.path,
                                       .node = parts[0],
                                       .day = *day,
                                       .size = file.size,
                                       .written = file.written})
               : std::nullopt;
}

/// Whether a file of the spool belongs to that queue: "to-node1.00000003", "to-node1.qi".
bool is_of_queue(std::string_view file, std::string_view queue) {
    return file.starts_with(queue) && file.substr(queue.size()).starts_with('.');
}

std::vector<std::string> queues_of(std::span<const Member> members, const LogPolicy& policy) {
    std::vector<std::string> queues;
    for (const auto& member : members) {
        if (member.control) {
            queues.push_back(log_queue(member.hostname));
        }
    }
    if (policy.elasticsearch) {
        queues.emplace_back(elasticsearch_queue);
    }
    return queues;
}

/// The receiver's name, as metrics say it.
std::string receiver_of(const std::string& queue) {
    const std::string prefix = log_queue("");
    return queue.starts_with(prefix) ? queue.substr(prefix.size()) : queue;
}

std::string heard_of(std::span<const KeptLog> kept, std::span<const Member> members) {
    std::string text =
        "# HELP bedplate_log_received_timestamp_seconds When the last line of a node came; 0: never.\n"
        "# TYPE bedplate_log_received_timestamp_seconds gauge\n";
    for (const auto& member : members) {
        std::int64_t last = 0;
        for (const auto& log : kept) {
            // A compressed file is of a day that is over.
            if (log.node == member.hostname && log.path.ends_with(plain)) {
                last = std::max<std::int64_t>(last, log.written.time_since_epoch().count());
            }
        }
        text +=
            std::format("bedplate_log_received_timestamp_seconds{{from=\"{}\"}} {}\n", member.hostname, last);
    }
    return text;
}

}  // namespace

std::vector<FoundFile> parse_found(std::string_view out) {
    std::vector<FoundFile> files;
    for (const auto& line : split(out, '\n')) {
        const auto first = line.find(' ');
        const auto second = first == std::string::npos ? first : line.find(' ', first + 1);
        if (second == std::string::npos) {
            continue;
        }
        const auto written = parse_time(std::string_view(line).substr(0, first));
        const auto size = parse_unsigned(std::string_view(line).substr(first + 1, second - first - 1));
        if (written && size) {
            files.push_back({.written = *written, .size = Bytes{*size}, .path = line.substr(second + 1)});
        }
    }
    return files;
}

std::vector<KeptLog> kept_logs(std::span<const FoundFile> files) {
    std::vector<KeptLog> kept;
    for (const auto& file : files) {
        if (auto log = kept_log(file)) {
            kept.push_back(std::move(*log));
        }
    }
    std::ranges::sort(kept, {}, [](const KeptLog& log) { return std::tie(log.day, log.path); });
    return kept;
}

LogChores log_chores(std::span<const KeptLog> kept, std::chrono::sys_seconds now, const LogPolicy& policy) {
    constexpr std::chrono::minutes settled{15};  // rsyslog closes a file ten minutes after its last line
    const auto today = std::chrono::floor<std::chrono::days>(now);
    std::uint64_t total = 0;
    for (const auto& log : kept) {
        total += log.size.value;
    }
    const auto oldest = today - std::chrono::days(policy.retention_days);
    LogChores chores;
    for (const auto& log : kept) {
        if (log.day >= today) {
            continue;
        }
        if (log.day < oldest || total > policy.max_size.value) {
            chores.remove.push_back(log.path);
            total -= log.size.value;
        } else if (log.path.ends_with(plain) && now - log.written > settled) {
            chores.compress.push_back(log.path);
        }
    }
    return chores;
}

std::vector<std::string> orphaned_queues(std::span<const FoundFile> spool, std::span<const Member> members,
                                         const LogPolicy& policy) {
    const auto queues = queues_of(members, policy);
    const auto is_queue = [](std::string_view file) {
        return file.starts_with(log_queue("")) || is_of_queue(file, elasticsearch_queue);
    };
    std::vector<std::string> orphaned;
    for (const auto& file : spool) {
        const bool wanted = std::ranges::any_of(
            queues, [&](const std::string& queue) { return is_of_queue(file.path, queue); });
        if (is_queue(file.path) && !wanted) {
            orphaned.push_back(file.path);
        }
    }
    return orphaned;
}

std::map<std::string, Bytes> waiting_by_receiver(std::span<const FoundFile> spool,
                                                 std::span<const Member> members, const LogPolicy& policy) {
    std::map<std::string, Bytes> waiting;
    for (const auto& queue : queues_of(members, policy)) {
        Bytes& bytes = waiting[receiver_of(queue)];
        for (const auto& file : spool) {
            bytes.value += is_of_queue(file.path, queue) ? file.size.value : 0;
        }
    }
    return waiting;
}

std::string log_metrics(std::span<const FoundFile> spool, std::span<const KeptLog> kept, const Member& self,
                        std::span<const Member> members, const LogPolicy& policy) {
    std::string waiting =
        "# HELP bedplate_log_queue_bytes Lines on disk that a receiver of the log has not taken yet.\n"
        "# TYPE bedplate_log_queue_bytes gauge\n";
    std::string limits =
        "# HELP bedplate_log_queue_limit_bytes From here on new lines are not kept for the receiver.\n"
        "# TYPE bedplate_log_queue_limit_bytes gauge\n";
    for (const auto& [to, bytes] : waiting_by_receiver(spool, members, policy)) {
        waiting += std::format("bedplate_log_queue_bytes{{to=\"{}\"}} {}\n", to, bytes.value);
        limits += std::format("bedplate_log_queue_limit_bytes{{to=\"{}\"}} {}\n", to, policy.queue.value);
    }
    return waiting + limits + (self.control ? heard_of(kept, members) : "");
}

}  // namespace bedplate
