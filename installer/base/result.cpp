// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/result.hpp"

namespace bedplate {

int exit_status(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::failed:
            return 1;
        case ErrorKind::usage:
            return 2;
        case ErrorKind::findings:
            return 3;
        case ErrorKind::refused:
            return 4;
    }
    return 1;
}

std::string_view to_string(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::failed:
            return "failed";
        case ErrorKind::usage:
            return "usage";
        case ErrorKind::findings:
            return "findings";
        case ErrorKind::refused:
            return "refused";
    }
    return "failed";
}

std::string Error::to_text() const {
    std::string text = message;
    if (!where.empty()) {
        text += "\n  at: " + where;
    }
    for (const auto& line : context) {
        text += "\n  while " + line;
    }
    if (!hint.empty()) {
        text += "\n  what to do: " + hint;
    }
    return text;
}

std::unexpected<Error> fail(std::string code, std::string message, std::string where, std::string hint) {
    return std::unexpected(Error{.kind = ErrorKind::failed,
                                 .code = std::move(code),
                                 .message = std::move(message),
                                 .where = std::move(where),
                                 .hint = std::move(hint),
                                 .context = {}});
}

std::unexpected<Error> refuse(std::string code, std::string message, std::string where, std::string hint) {
    auto error = fail(std::move(code), std::move(message), std::move(where), std::move(hint));
    error.error().kind = ErrorKind::refused;
    return error;
}

std::unexpected<Error> with_context(Error error, std::string context) {
    error.context.push_back(std::move(context));
    return std::unexpected(std::move(error));
}

}  // namespace bedplate
