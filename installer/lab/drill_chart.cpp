// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <format>

#include "base/text.hpp"
#include "lab/drill_report.hpp"
#include "lab/xml.hpp"

namespace bedplate::lab {

namespace {

using std::chrono::seconds;
using Kind = DrillEvent::Kind;

constexpr std::size_t label_width = 10;

/// Time on a line of characters: from somewhat before the fault to somewhat after the last that matters.
class Scale {
public:
    Scale(const DrillRound& round, std::size_t columns) : columns_(columns) {
        to_ = std::max({round.prediction.serve, round.measured.serve.value_or(Span(0)), round.measured.gap,
                        Span(seconds(5))});
        to_ += to_ / 5;
        from_ = -to_ / 10;
    }
    /// Nullopt for a moment that the line does not have.
    [[nodiscard]] std::optional<std::size_t> column(Span at) const {
        if (at < from_ || at >= to_) {
            return std::nullopt;
        }
        return static_cast<std::size_t>((at - from_).count()) * columns_ /
               static_cast<std::size_t>((to_ - from_).count());
    }
    [[nodiscard]] Span to() const { return to_; }

private:
    std::size_t columns_;
    Span from_{}, to_{};
};

void mark(std::string& line, const Scale& scale, const std::optional<Span>& at, char letter) {
    if (const auto column = at ? scale.column(*at) : std::nullopt) {
        line[*column] = letter;
    }
}

std::string labelled(std::string_view label, const std::string& line) {
    auto text = std::format("{:<{}}{}", label, label_width, line);
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
}

std::string maybe_text(const std::optional<Span>& span) {
    return span ? seconds_text(*span) : "-";
}

std::string figures(const DrillRound& round) {
    const auto& is = round.measured;
    const auto& was = round.prediction;
    const std::string serve = is.serve == Span(0) ? "no gap" : maybe_text(is.serve);
    return std::format(
        "detect {} ({}), fence {} ({}), serve {} ({}, limit {}); RTO {}, RPO {} of {} writes, "
        "buffered {}, active twice {}\n",
        maybe_text(is.detect), maybe_text(was.detect), maybe_text(is.fence), maybe_text(was.fence), serve,
        seconds_text(was.serve), seconds_text(was.limit), seconds_text(is.gap), is.lost, is.acknowledged,
        is.lost_buffered, is.double_active);
}

/// The largest of what the rounds say; nullopt where one does not say anything.
template <typename Get>
std::optional<Span> worst(const DrillReport& report, const Get& get) {
    std::optional<Span> found;
    for (const auto& round : report.rounds) {
        const std::optional<Span> one = get(round);
        if (!one) {
            return std::nullopt;
        }
        found = std::max(found.value_or(*one), *one);
    }
    return found;
}

template <typename Get>
std::uint64_t sum(const DrillReport& report, const Get& get) {
    std::uint64_t all = 0;
    for (const auto& round : report.rounds) {
        all += get(round.measured);
    }
    return all;
}

std::string pair_text(const std::optional<Span>& predicted, const std::optional<Span>& measured) {
    return std::format("{} / {}", maybe_text(predicted), maybe_text(measured));
}

class Picture {
public:
    explicit Picture(const DrillReport& report) {
        Span longest = seconds(5);
        for (const auto& round : report.rounds) {
            longest = std::max({longest, round.prediction.serve, round.measured.serve.value_or(Span(0))});
        }
        full_ = longest + longest / 10;
        root_ = add(document_, "svg",
                    {{"xmlns", "http://www.w3.org/2000/svg"},
                     {"width", std::to_string(width)},
                     {"height", std::to_string(top + row * (static_cast<int>(report.rounds.size()) + 2))},
                     {"font-family", "sans-serif"},
                     {"font-size", "12"}});
        text(8, 16,
             std::format("{}: seconds since the fault ({} nodes, {}, time scale {:g})",
                         to_string(report.kind), report.nodes, report.emulator, report.scale));
    }

    /// Three stretches one after the other: until it is detected, until it is fenced, until it serves.
    void bar(int index, const std::string& label, const std::optional<Span>& detect,
             const std::optional<Span>& fence, Span serve) {
        const int y = top + row * index;
        text(8, y + 13, label);
        Span from{};
        const std::array<std::optional<Span>, 3> ends{detect, fence, serve};
        for (std::size_t part = 0; part < ends.size(); ++part) {
            if (const auto to = ends[part]; to && *to > from) {
                add(root_, "rect",
                    {{"x", std::to_string(x(from))},
                     {"y", std::to_string(y)},
                     {"width", std::to_string(std::max(1, x(*to) - x(from)))},
                     {"height", std::to_string(row - 8)},
                     {"fill", parts[part].colour}});
                from = *to;
            }
        }
        text(x(std::max(from, serve)) + 4, y + 13, seconds_text(serve));
    }

    void legend(int index) {
        const int y = top + row * index + 13;
        int at = left;
        for (const auto& [name, colour] : parts) {
            add(root_, "rect",
                {{"x", std::to_string(at)},
                 {"y", std::to_string(y - 10)},
                 {"width", "10"},
                 {"height", "10"},
                 {"fill", colour}});
            text(at + 14, y, name);
            at += 120;
        }
    }

    [[nodiscard]] std::string result() const { return to_text(document_); }

private:
    struct Part {
        const char *name, *colour;
    };
    static constexpr std::array parts{Part{"until detected", "#c9ced6"}, Part{"until fenced", "#e0a458"},
                                      Part{"until it serves", "#4f7cac"}};
    static constexpr int width = 720, left = 110, right = 70, top = 28, row = 26;

    [[nodiscard]] int x(Span at) const {
        return left + static_cast<int>(at.count() * (width - left - right) / full_.count());
    }
    void text(int at, int y, const std::string& words) {
        add(root_, "text", {{"x", std::to_string(at)}, {"y", std::to_string(y)}, {"fill", "#20242a"}}, words);
    }

    pugi::xml_document document_;
    pugi::xml_node root_;
    Span full_{};
};

}  // namespace

std::string chart(const DrillReport& report, const DrillRound& round, std::size_t width) {
    const std::size_t columns = std::max<std::size_t>(width, 60) - label_width;
    const Scale scale(round, columns);
    std::string beats(columns, ' '), events(columns, ' '), predicted(columns, ' ');
    for (const auto& beat : round.beats) {
        mark(beats, scale, beat, '#');
    }
    for (const auto& event : round.events) {
        mark(events, scale, event.at, '\'');
    }
    for (auto* line : {&events, &predicted}) {
        mark(*line, scale, Span(0), '!');
    }
    mark(predicted, scale, round.prediction.detect, 'd');
    mark(predicted, scale, round.prediction.fence, 'f');
    mark(predicted, scale, round.prediction.serve, 's');
    mark(events, scale, round.measured.detect, 'D');
    mark(events, scale, round.measured.fence, 'F');
    if (round.measured.serve != Span(0)) {
        mark(events, scale, round.measured.serve, 'S');
    }
    std::string text =
        std::format("{}, round {} (seed {}): {}\n", to_string(report.kind), round.number, report.seed,
                    round.choice.osd ? std::format("osd.{} on {}", *round.choice.osd, round.choice.node)
                                     : round.choice.node);
    text += labelled("serving", beats) + labelled("measured", events) + labelled("predicted", predicted);
    text += labelled(
        "", std::format("! the fault; detect, fence, serve; the line ends at {}", seconds_text(scale.to())));
    text += figures(round);
    for (const auto& reason : round.failures()) {
        text += "FAILED: " + reason + "\n";
    }
    return text;
}

std::string chart_svg(const DrillReport& report) {
    Picture picture(report);
    int index = 0;
    if (!report.rounds.empty()) {
        const auto& predicted = report.rounds.front().prediction;
        picture.bar(index++, "predicted", predicted.detect, predicted.fence, predicted.serve);
    }
    for (const auto& round : report.rounds) {
        const auto serve = round.measured.serve.value_or(Span(0));
        // Where nothing was interrupted, being detected comes after.
        const bool gap = serve > Span(0);
        picture.bar(index++, std::format("round {}", round.number),
                    gap ? round.measured.detect : std::nullopt, gap ? round.measured.fence : std::nullopt,
                    serve);
    }
    picture.legend(index);
    return picture.result();
}

std::string markdown_table(const std::vector<DrillReport>& reports) {
    std::string text =
        "| drill | rounds | detect | fence | serve | RTO, worst (limit) | RPO | buffered | active twice |\n"
        "|---|---|---|---|---|---|---|---|---|\n";
    for (const auto& report : reports) {
        if (report.rounds.empty()) {
            continue;
        }
        const auto& predicted = report.rounds.front().prediction;
        text += std::format(
            "| {} | {} | {} | {} | {} | {} ({}) | {} of {} | {} | {} |\n", to_string(report.kind),
            report.rounds.size(),
            pair_text(predicted.detect, worst(report, [](const auto& one) { return one.measured.detect; })),
            pair_text(predicted.fence, worst(report, [](const auto& one) { return one.measured.fence; })),
            pair_text(predicted.serve, worst(report, [](const auto& one) { return one.measured.serve; })),
            maybe_text(worst(report, [](const auto& one) { return std::optional(one.measured.gap); })),
            seconds_text(predicted.limit), sum(report, [](const Measured& one) { return one.lost; }),
            sum(report, [](const Measured& one) { return one.acknowledged; }),
            sum(report, [](const Measured& one) { return one.lost_buffered; }),
            sum(report, [](const Measured& one) { return one.double_active; }));
    }
    return text;
}

}  // namespace bedplate::lab
