// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/run_record.hpp"

#include <array>
#include <format>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace bedplate {
namespace {

constexpr std::string_view magic = "bedplate run record 1";
constexpr std::size_t line_count = 7, digest_digits = 16, least_block = 512;

// Host and cluster names are at most 64 characters long by their own rules; an action's id has no limit.
std::string one_line(std::string_view text, std::size_t most) {
    std::string line(text.substr(0, most));
    for (char& c : line) {
        c = c < ' ' ? ' ' : c;
    }
    return line;
}

std::string check_sum(std::string_view body) {
    return sha256_hex(body).substr(0, digest_digits);
}

}  // namespace

std::string RunRecord::to_text() const {
    return std::format("stopped at action {} of {}: {}", number, total, action);
}

Bytes run_record_offset(Bytes logical_block_size) {
    return mib(1) - logical_block_size;
}

std::string encode_run_record(const RunRecord& record, Bytes logical_block_size) {
    constexpr std::size_t most_name = 64, most_action = 160;
    const std::string body =
        std::format("{}\n{}\n{}\n{}\n{}\n{}\n", magic, one_line(record.cluster, most_name),
                    one_line(record.hostname, most_name), one_line(record.plan_digest, digest_digits),
                    one_line(record.action, most_action), std::format("{} {}", record.number, record.total));
    std::string block = body + check_sum(body) + "\n";
    block.resize(logical_block_size.value, '\0');
    return block;
}

std::optional<RunRecord> decode_run_record(std::string_view block) {
    if (block.size() < least_block || !block.starts_with(magic)) {
        return std::nullopt;
    }
    const std::vector<std::string> lines = split(block.substr(0, block.find('\0')), '\n');
    if (lines.size() != line_count + 1 || lines[0] != magic) {
        return std::nullopt;
    }
    const std::size_t body_size = block.find('\0') - lines[line_count - 1].size() - 1;
    if (lines[line_count - 1] != check_sum(block.substr(0, body_size))) {
        return std::nullopt;
    }
    const std::vector<std::string> numbers = split(lines[5], ' ');
    const auto number = numbers.size() == 2 ? parse_unsigned(numbers[0]) : std::nullopt;
    const auto total = numbers.size() == 2 ? parse_unsigned(numbers[1]) : std::nullopt;
    if (!number || !total || *total > UINT32_MAX || *number > *total) {
        return std::nullopt;
    }
    return RunRecord{.cluster = lines[1],
                     .hostname = lines[2],
                     .plan_digest = lines[3],
                     .action = lines[4],
                     .number = static_cast<std::uint32_t>(*number),
                     .total = static_cast<std::uint32_t>(*total)};
}

}  // namespace bedplate
