// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bedplate::firstboot {

/// Figures as Prometheus reads them (text exposition format 0.0.4). All of ours are gauges.
class Exposition {
public:
    using Labels = std::vector<std::pair<std::string_view, std::string>>;

    /// What the samples that follow are called and mean. A family without samples leaves nothing.
    void family(std::string_view name, std::string_view help);
    void sample(const Labels& labels, double value);
    void sample(const Labels& labels, std::int64_t value);
    void sample(const Labels& labels, std::uint64_t value);
    void sample(const Labels& labels, bool value);

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    void add(const Labels& labels, const std::string& value);

    std::string name_, head_, text_;
};

}  // namespace bedplate::firstboot
