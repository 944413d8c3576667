// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <expected>
#include <format>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bedplate {

/// What an error means to the caller; each value is one exit status of the `bedplate` command.
enum class ErrorKind {
    failed,    ///< exit 1: something was tried and did not work
    usage,     ///< exit 2: the command line makes no sense
    findings,  ///< exit 3: a document has errors; they are in the message, one a line
    refused,   ///< exit 4: ambiguous, foreign data, no consent: nothing was touched
};

/// Exit status of the `bedplate` command for an error of this kind (1..4).
[[nodiscard]] int exit_status(ErrorKind kind);

[[nodiscard]] std::string_view to_string(ErrorKind kind);

/// One runtime failure: what, where, why and what to do.
///
/// `code` is stable and machine-readable ("disk.too-small"); tests and scripts look at it, never at the
/// prose. Nothing secret may be put into any field.
struct Error {
    ErrorKind kind = ErrorKind::failed;
    std::string code;
    std::string message;
    std::string where;                 ///< file:line:column, disk serial, URL, command; may be empty
    std::string hint;                  ///< what the operator can do; may be empty
    std::vector<std::string> context;  ///< outermost last: "while formatting the root volume"

    /// The error as a person reads it: one line, then where, context and hint on lines of their own.
    [[nodiscard]] std::string to_text() const;
};

template <typename T>
using Result = std::expected<T, Error>;

/// A failed operation (exit 1).
[[nodiscard]] std::unexpected<Error> fail(std::string code, std::string message, std::string where = {},
                                          std::string hint = {});

/// A refusal (exit 4): nothing was touched and nothing will be.
[[nodiscard]] std::unexpected<Error> refuse(std::string code, std::string message, std::string where = {},
                                            std::string hint = {});

/// `error` with one more line of context, to be returned from the caller's own Result.
[[nodiscard]] std::unexpected<Error> with_context(Error error, std::string context);

}  // namespace bedplate

/// Return the error of a Result<void>-like expression to the caller.
#define BEDPLATE_TRY(expression)                                        \
    do {                                                                \
        if (auto bedplate_result = (expression); !bedplate_result) {    \
            return std::unexpected(std::move(bedplate_result).error()); \
        }                                                               \
    } while (false)

#define BEDPLATE_CONCAT_(a, b) a##b
#define BEDPLATE_CONCAT(a, b) BEDPLATE_CONCAT_(a, b)
#define BEDPLATE_ASSIGN_(temporary, declaration, expression)  \
    auto temporary = (expression);                            \
    if (!temporary) {                                         \
        return std::unexpected(std::move(temporary).error()); \
    }                                                         \
    declaration = std::move(temporary).value()

/// `BEDPLATE_ASSIGN(auto x, f());`: unwrap a Result<T> into a declaration, or return its error to the caller.
#define BEDPLATE_ASSIGN(declaration, expression) \
    BEDPLATE_ASSIGN_(BEDPLATE_CONCAT(bedplate_assigned_, __LINE__), declaration, expression)
