// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/ipmi.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/identifiers.hpp"
#include "base/text.hpp"

namespace bedplate {

namespace {

/// ipmitool's marks of a sensor with limits: non-critical, critical, non-recoverable, and where it knows the
/// side ("ucr", "lnc"), with that before.
std::optional<Sensor::State> state_of(std::string_view mark) {
    if (mark == "ok") {
        return Sensor::State::fine;
    }
    if (mark.ends_with("nc")) {
        return Sensor::State::warning;
    }
    return mark.ends_with("cr") || mark.ends_with("nr") ? std::optional(Sensor::State::critical)
                                                        : std::nullopt;
}

/// IPMI 2.0, table 42-3: what a sensor of a power supply, fan, disk or memory says when that failed.
bool tells_failure(std::string_view text) {
    constexpr std::array failures{"Failure detected",  "AC lost",         "Drive Fault",
                                  "Uncorrectable ECC", "Redundancy Lost", "Thermal Trip"};
    return std::ranges::any_of(failures, [&](const char* failure) { return text.contains(failure); });
}

std::optional<double> number_of(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

Result<BmcFacts> parse_ipmitool_lan(std::string_view text) {
    BmcFacts bmc;
    for (const std::string& line : split(text, '\n')) {
        const auto colon = line.find(':');
        if (colon == std::string::npos) {
            continue;
        }
        // Continuation lines have an empty name, so the exact name is what counts ("IP Address Source" is
        // another field).
        const std::string_view name = trim(std::string_view(line).substr(0, colon));
        const std::string_view value = trim(std::string_view(line).substr(colon + 1));
        if (name == "IP Address") {
            if (const auto address = Ipv4::parse(value); address && *address != Ipv4{}) {
                bmc.ip = address->to_text();
            }
            bmc.present = true;
        } else if (name == "MAC Address") {
            if (const auto address = MacAddress::parse(value)) {
                bmc.mac = address->to_text();
            }
            bmc.present = true;
        }
    }
    if (!bmc.present) {
        return fail("ipmi.syntax", "neither 'IP Address' nor 'MAC Address' in the output",
                    "ipmitool lan print");
    }
    return bmc;
}

std::vector<Sensor> parse_ipmitool_sensors(std::string_view text) {
    constexpr std::size_t fields = 4;
    std::vector<Sensor> sensors;
    for (const std::string& line : split(text, '\n')) {
        const auto part = split(line, ',');
        if (part.size() < fields || part[0].empty()) {
            continue;
        }
        Sensor sensor{.name = std::string(trim(part[0])), .reading = number_of(trim(part[1])), .unit = {}};
        if (sensor.reading) {
            sensor.unit = part[2];
            const auto state = state_of(trim(part[3]));
            if (!state) {
                continue;
            }
            sensor.state = *state;
        } else if (part[1].ends_with('h') && trim(part[2]) == "ok") {  // "51h,ok,10.1,Presence detected"
            sensor.state = tells_failure(line) ? Sensor::State::critical : Sensor::State::fine;
        } else {
            continue;
        }
        sensors.push_back(std::move(sensor));
    }
    return sensors;
}

}  // namespace bedplate
