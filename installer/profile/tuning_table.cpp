// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of a profile's `tuning`. Order and grouping are those of docs/profile-reference.md.
#include <algorithm>

#include "profile/rules.hpp"
#include "profile/tables.hpp"

namespace bedplate::fields {

namespace {

Rule<std::string> scheduler() {
    return one_word_of({"none", "mq-deadline", "kyber", "bfq"});
}

Rule<bool> largest_or_driver() {
    return one_of<bool>({{"max", true}, {"driver", false}});
}

Rule<std::vector<std::string>> values() {
    return list_of(one_word_of(tuning_names()));
}

Table<TuningProfile> schedulers() {
    return Table<TuningProfile>()
        .optional("nvme", &TuningProfile::scheduler_nvme, scheduler())
        .optional("ssd", &TuningProfile::scheduler_ssd, scheduler())
        .optional("hdd", &TuningProfile::scheduler_hdd, scheduler())
        .optional("virtual", &TuningProfile::scheduler_virtual, scheduler());
}

void check_lists(Reader& reader, const YamlNode& node, TuningProfile& tuning) {
    for (const std::string& name : tuning.required) {
        if (std::ranges::contains(tuning.leave, name)) {
            reader.error(*node.find("required"), "profile.tuning",
                         std::format("'{}' can not be required and left alone", name),
                         "take it out of one of the lists");
        }
    }
}

}  // namespace

Table<TuningProfile> tuning_table() {
    constexpr std::uint32_t largest_swappiness = 200;
    return Table<TuningProfile>()
        .optional("governor", &TuningProfile::governor,
                  one_word_of({"performance", "schedutil", "ondemand", "powersave"}))
        .optional("numa_balancing", &TuningProfile::numa_balancing, boolean())
        .optional_group("schedulers", schedulers())
        .optional("read_ahead", &TuningProfile::read_ahead, size(kib(4)))
        .optional("swappiness", &TuningProfile::swappiness, integer<std::uint32_t>(0, largest_swappiness))
        .optional("min_free", &TuningProfile::min_free, size(mib(4)))
        .optional("dirty", &TuningProfile::dirty, size(mib(16)))
        .optional("tcp_congestion", &TuningProfile::tcp_congestion,
                  one_word_of({"cubic", "bbr", "dctcp", "reno"}))
        .optional("socket_buffer", &TuningProfile::socket_buffer, size(kib(256)))
        .optional("ring_buffers", &TuningProfile::largest_rings, largest_or_driver())
        .optional("channels", &TuningProfile::all_channels, largest_or_driver())
        .optional("ksm", &TuningProfile::ksm, boolean())
        .optional("compressed_swap", &TuningProfile::compressed_swap,
                  one_of<CompressedSwap>({{"none", CompressedSwap::none},
                                          {"zswap", CompressedSwap::zswap},
                                          {"zram", CompressedSwap::zram}}))
        .optional("multipath", &TuningProfile::multipath, boolean())
        .optional("leave", &TuningProfile::leave, values())
        .optional("required", &TuningProfile::required, values())
        .check(check_lists);
}

}  // namespace bedplate::fields
