// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/bonding.hpp"

#include "base/text.hpp"

namespace bedplate {
namespace {

constexpr std::string_view nobody = "00:00:00:00:00:00";

std::uint32_t number(std::string_view value) {
    return static_cast<std::uint32_t>(parse_unsigned(value).value_or(0));
}

/// Goes over the lines and remembers which part of the file it is in.
class Parser {
public:
    void line(std::string_view raw) {
        const std::string_view text = trim(raw);
        if (text.starts_with("details actor")) {
            part_ = Part::actor;
            return;
        }
        if (text.starts_with("details partner")) {
            part_ = Part::partner;
            return;
        }
        const auto colon = text.find(": ");
        if (colon == std::string_view::npos) {
            return;
        }
        const std::string_view key = text.substr(0, colon);
        const std::string_view value = trim(text.substr(colon + 2));
        if (key == "Slave Interface") {
            state_.ports.push_back({.name = std::string(value), .partner = {}});
            part_ = Part::port;
        } else if (state_.ports.empty()) {
            of_bond(key, value);
        } else {
            of_port(state_.ports.back(), key, value);
        }
    }

    BondState take() { return std::move(state_); }

private:
    enum class Part { bond, port, actor, partner };

    void of_bond(std::string_view key, std::string_view value) {
        if (key == "Bonding Mode") {
            state_.mode = value;
        } else if (key == "Aggregator ID") {
            state_.aggregator = number(value);
        } else if (key == "Currently Active Slave" && value != "None") {
            state_.active = value;
        }
    }

    void of_port(BondPort& port, std::string_view key, std::string_view value) {
        if (key == "MII Status" && part_ == Part::port) {
            port.up = value == "up";
        } else if (key == "Aggregator ID") {
            port.aggregator = number(value);
        } else if (key == "port state") {
            (part_ == Part::actor ? port.actor_state : port.partner_state) = number(value);
        } else if (key == "system mac address" && part_ == Part::partner && value != nobody) {
            port.partner = value;
        }
    }

    BondState state_;
    Part part_ = Part::bond;
};

}  // namespace

bool BondPort::in_service() const {
    // Bit 2 aggregation, 3 synchronization, 4 collecting, 5 distributing; 6 defaulted: nobody was heard.
    constexpr std::uint32_t wanted = 0x3C;
    constexpr std::uint32_t defaulted = 0x40;
    return up && !partner.empty() && (actor_state & wanted) == wanted && (actor_state & defaulted) == 0;
}

Result<BondState> parse_bonding(std::string_view text) {
    if (!text.contains("Bonding Mode: ")) {
        return fail("bonding.syntax", "no 'Bonding Mode' in it", "/proc/net/bonding");
    }
    Parser parser;
    for (const std::string& line : split(text, '\n')) {
        parser.line(line);
    }
    return parser.take();
}

}  // namespace bedplate
