// SPDX-License-Identifier: GPL-3.0-or-later
// What a proof says, as an error and as JSON.
#include <algorithm>

#include "base/text.hpp"
#include "netproof/netproof.hpp"

namespace bedplate {
namespace {

using Outcome = NetworkCheck::Outcome;

std::string_view to_string(Outcome outcome) {
    switch (outcome) {
        case Outcome::held:
            return "held";
        case Outcome::doubtful:
            return "doubtful";
        case Outcome::failed:
            return "failed";
    }
    return "";
}

}  // namespace

bool NetworkProof::holds() const {
    return std::ranges::none_of(checks,
                                [](const NetworkCheck& check) { return check.outcome == Outcome::failed; });
}

Error NetworkProof::to_error() const {
    std::vector<std::string> lines;
    std::string code;
    for (const NetworkCheck& check : checks) {
        if (check.outcome == Outcome::failed) {
            code = code.empty() ? check.code : code;
            lines.push_back("  " + check.detail);
        }
    }
    return {.kind = ErrorKind::refused,
            .code = code,
            .message = "the network that this node shall have does not work:\n" + join(lines, "\n"),
            .where = "network",
            .hint =
                "mend cables, switch ports or the site document; no disk was written to. "
                "--skip-network-proof goes on without this proof",
            .context = {}};
}

Json to_json(const NetworkProof& proof) {
    Json json{{"schema", NetworkProof::schema}, {"holds", proof.holds()}, {"checks", Json::array()}};
    for (const NetworkCheck& check : proof.checks) {
        json["checks"].push_back(
            Json{{"outcome", to_string(check.outcome)}, {"code", check.code}, {"detail", check.detail}});
    }
    return json;
}

}  // namespace bedplate
