// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/report.hpp"

#include <algorithm>

namespace bedplate {

std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::error:
            return "error";
        case Severity::warning:
            return "warning";
        case Severity::note:
            return "note";
    }
    return "error";
}

std::string SourceMark::to_text() const {
    if (line == 0) {
        return file;
    }
    return std::format("{}:{}:{}", file, line, column);
}

void Report::append(const Report& other) {
    findings_.insert(findings_.end(), other.findings_.begin(), other.findings_.end());
}

bool Report::has_errors() const {
    return std::ranges::any_of(findings_, [](const Finding& f) { return f.severity == Severity::error; });
}

std::string Report::to_text() const {
    std::string text;
    for (const auto& f : findings_) {
        const std::string place = f.where.to_text();
        text += std::format("{}{}{}: {} [{}]\n", place, place.empty() ? "" : ": ", to_string(f.severity),
                            f.message, f.code);
        if (!f.hint.empty()) {
            text += std::format("    {}\n", f.hint);
        }
    }
    return text;
}

Json Report::to_json() const {
    Json list = Json::array();
    for (const auto& f : findings_) {
        list.push_back({{"severity", to_string(f.severity)},
                        {"code", f.code},
                        {"path", f.path},
                        {"file", f.where.file},
                        {"line", f.where.line},
                        {"column", f.where.column},
                        {"message", f.message},
                        {"hint", f.hint}});
    }
    return list;
}

Error Report::to_error() const {
    // Errors first: it is for them that nothing goes on.
    Report sorted = *this;
    std::ranges::stable_partition(sorted.findings_,
                                  [](const Finding& f) { return f.severity == Severity::error; });
    return Error{.kind = ErrorKind::findings,
                 .code = findings_.empty() ? "document.findings" : sorted.findings_.front().code,
                 .message = sorted.to_text(),
                 .where = {},
                 .hint = {},
                 .context = {}};
}

}  // namespace bedplate
