// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace bedplate {

enum class Severity { error, warning, note };

[[nodiscard]] std::string_view to_string(Severity severity);

/// A place in a document; line and column count from 1, 0 means unknown.
struct SourceMark {
    std::string file;
    std::size_t line = 0;
    std::size_t column = 0;

    /// "site.yaml:12:5", "site.yaml" where the line is unknown.
    [[nodiscard]] std::string to_text() const;
};

/// One thing that validation has to say about a document.
struct Finding {
    Severity severity = Severity::error;
    std::string code;  ///< stable: "yaml.unknown-key"
    std::string path;  ///< place in the document's tree: "networks.management.vlan"
    SourceMark where;
    std::string message;
    std::string hint;
};

/// All findings of a validation; a document is good when there is no error among them.
class Report {
public:
    void add(Finding finding) { findings_.push_back(std::move(finding)); }
    void append(const Report& other);
    [[nodiscard]] bool has_errors() const;
    [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
    /// One line a finding: "site.yaml:3:1: error: unknown key 'clustr' (did you mean 'cluster'?)
    /// [yaml.unknown-key]".
    [[nodiscard]] std::string to_text() const;
    [[nodiscard]] Json to_json() const;
    /// The report as an Error of kind `findings`; the errors stand first.
    [[nodiscard]] Error to_error() const;

private:
    std::vector<Finding> findings_;
};

}  // namespace bedplate
