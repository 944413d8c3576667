// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of `tuning`, and the one list of values beside the page that explains them.
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "base/text.hpp"
#include "documents.hpp"

using namespace bedplate;
using namespace bedplate::test;

namespace {

const std::string tuned_profile = R"(schema: bedplate/profile/v1
name: x
match: {memory: {min: 1GiB}}
disks: {system: {select: {model: "DELLBOSS*"}}}
network: {bonds: [{name: b0, mode: active-backup, select: {driver: tg3}}], roles: {management: b0}}
tuning:
  governor: schedutil
  numa_balancing: false
  schedulers: {nvme: kyber, ssd: none, hdd: bfq, virtual: mq-deadline}
  read_ahead: 4MiB
  swappiness: 0
  min_free: 512MiB
  dirty: 256MiB
  tcp_congestion: bbr
  socket_buffer: 64MiB
  ring_buffers: driver
  channels: max
  ksm: true
  compressed_swap: zram
  multipath: true
  leave: [net.channels, fs.noatime]
  required: [iommu, vm.swappiness]
)";

std::vector<std::string> codes_of_profile(const std::string& text) {
    Report report;
    (void)load_profile(text, "p.yaml", report);
    return codes(report);
}

using TuningCodes = std::vector<std::string>;

/// The rows of the table of docs/tuning.md whose first cell is a name, as cells.
std::vector<std::vector<std::string>> documented_values() {
    std::vector<std::vector<std::string>> rows;
    const std::string page = read_file(source_path("docs/tuning.md"));
    const auto begin = page.find("## Every value"), end = page.find("## How they get there");
    for (const std::string& line : split(page.substr(begin, end - begin), '\n')) {
        if (!line.starts_with("| `")) {
            continue;
        }
        std::vector<std::string> cells;
        for (const std::string& cell : split(line.substr(1, line.rfind('|') - 1), '|')) {
            cells.emplace_back(trim(cell));
        }
        rows.push_back(cells);
    }
    return rows;
}

}  // namespace

TEST_CASE("what a profile says of the kernel reaches its members") {
    Report report;
    const auto profile = load_profile(tuned_profile, "p.yaml", report);
    INFO(report.to_text());
    REQUIRE(profile);
    const TuningProfile& tuning = profile->tuning;
    CHECK(tuning.governor == "schedutil");
    CHECK(tuning.numa_balancing == false);
    CHECK(tuning.scheduler_nvme == "kyber");
    CHECK(tuning.scheduler_ssd == "none");
    CHECK(tuning.scheduler_hdd == "bfq");
    CHECK(tuning.scheduler_virtual == "mq-deadline");
    CHECK(tuning.read_ahead == mib(4));
    CHECK(tuning.swappiness == 0);
    CHECK(tuning.min_free == mib(512));
    CHECK(tuning.dirty == mib(256));
    CHECK(tuning.tcp_congestion == "bbr");
    CHECK(tuning.socket_buffer == mib(64));
    CHECK(!tuning.largest_rings);
    CHECK(tuning.all_channels);
    CHECK(tuning.ksm == true);
    CHECK(tuning.compressed_swap == CompressedSwap::zram);
    CHECK(tuning.multipath);
    CHECK(tuning.leave == std::vector<std::string>{"net.channels", "fs.noatime"});
    CHECK(tuning.required == std::vector<std::string>{"iommu", "vm.swappiness"});
}

TEST_CASE("a value that does not exist, a word that is not known, and a contradiction are errors") {
    CHECK(codes_of_profile(with(tuned_profile, "[iommu,", "[iomu,")) == TuningCodes{"yaml.value"});
    CHECK(codes_of_profile(with(tuned_profile, "bbr", "bbr3")) == TuningCodes{"yaml.value"});
    CHECK(codes_of_profile(with(tuned_profile, "nvme: kyber", "nvme: deadline")) ==
          TuningCodes{"yaml.value"});
    CHECK(codes_of_profile(with(tuned_profile, "swappiness: 0", "swappiness: 201")) ==
          TuningCodes{"yaml.value"});
    CHECK(codes_of_profile(with(tuned_profile, "[iommu,", "[fs.noatime,")) == TuningCodes{"profile.tuning"});
}

TEST_CASE("every value has a name of its own, a place where it is seen, and a reason") {
    std::set<std::string_view> names;
    for (const TuningItem& item : tuning_items()) {
        INFO(item.name);
        CHECK(names.insert(item.name).second);
        CHECK(item.reason.size() > 20);
        CHECK(item.file.empty() == (item.reading == TuningReading::own));
        CHECK((item.file.empty() || item.file.starts_with("/")));
        CHECK(find_tuning_item(item.name) == &item);
        if (item.means == TuningMeans::sysctl) {
            std::string path(item.name);
            std::ranges::replace(path, '.', '/');
            CHECK(item.file == "/proc/sys/" + path);
        }
    }
    CHECK(find_tuning_item("vm.nonsense") == nullptr);
}

TEST_CASE("docs/tuning.md has every value with its means and its reason, and no other") {
    const auto rows = documented_values();
    const auto items = tuning_items();
    REQUIRE(rows.size() == items.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        INFO(items[i].name);
        REQUIRE(rows[i].size() == 4);
        CHECK(rows[i][0] == std::format("`{}`", items[i].name));
        CHECK(!rows[i][1].empty());
        CHECK(rows[i][2] == to_string(items[i].means));
        CHECK(rows[i][3] == items[i].reason);
    }
}
