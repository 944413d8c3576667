// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <format>

#include "base/identifiers.hpp"
#include "base/text.hpp"
#include "profile/profile.hpp"

namespace bedplate {

namespace {

/// The first clause that failed; later ones are not looked at.
class Mismatch {
public:
    void glob(std::string_view what, const std::optional<std::string>& wanted, const std::string& found) {
        if (!wanted || found_) {
            return;
        }
        if (found.empty()) {
            found_ = std::format("{} is unknown, wanted '{}'", what, *wanted);
        } else if (!glob_match(*wanted, found)) {
            found_ = std::format("{} is '{}', wanted '{}'", what, found, *wanted);
        }
    }

    /// `text` turns a value into what a person reads.
    template <typename V, typename Text>
    void range(std::string_view what, const std::optional<V>& least, const std::optional<V>& most,
               const std::optional<V>& found, Text text) {
        if ((!least && !most) || found_) {
            return;
        }
        if (!found) {
            found_ = std::format("{} is unknown, wanted {} {}", what, least ? "at least" : "at most",
                                 text(least ? *least : *most));
        } else if (least && *found < *least) {
            found_ = std::format("{} is {}, wanted at least {}", what, text(*found), text(*least));
        } else if (most && *found > *most) {
            found_ = std::format("{} is {}, wanted at most {}", what, text(*found), text(*most));
        }
    }

    void when(bool failed, const std::string& clause) {
        if (failed && !found_) {
            found_ = clause;
        }
    }

    [[nodiscard]] std::optional<std::string> take() { return std::move(found_); }

private:
    std::optional<std::string> found_;
};

/// The label, and the exact number with it, since a disk may miss a limit by one sector.
std::string size_text(Bytes size) {
    return std::format("{} ({} bytes)", to_label_text(size), size.value);
}

std::string speed_text(std::uint64_t mbps) {
    return mbps % 1000 == 0 ? std::format("{}G", mbps / 1000) : std::format("{}M", mbps);
}

std::string flash_text(bool rotational) {
    return rotational ? "rotational" : "not rotational";
}

/// Collects "model X, size at least Y".
class Clauses {
public:
    void add(std::string_view what, const std::optional<std::string>& value) {
        if (value) {
            add(std::format("{} {}", what, *value));
        }
    }
    void add(std::string clause) { clauses_.push_back(std::move(clause)); }
    [[nodiscard]] std::string text() const { return clauses_.empty() ? "any" : join(clauses_, ", "); }

private:
    std::vector<std::string> clauses_;
};

}  // namespace

const std::vector<std::string>& network_roles() {
    static const std::vector<std::string> roles{"management", "service", "storage_public", "storage_cluster",
                                                "migration",  "ring0",   "ring1"};
    return roles;
}

std::optional<std::string> never_a_candidate(const Nic& nic) {
    if (nic.bmc_virtual) {
        return "it is the BMC's own USB network card";
    }
    return std::nullopt;
}

std::optional<std::string> DiskSelector::first_mismatch(const Disk& disk) const {
    Mismatch mismatch;
    mismatch.when(transport && disk.transport != *transport,
                  std::format("transport is {}, wanted {}", to_string(disk.transport),
                              to_string(transport.value_or(Transport::unknown))));
    mismatch.glob("model", model, disk.model);
    mismatch.glob("vendor", vendor, disk.vendor);
    mismatch.range("size", min_size, max_size, std::optional(disk.size), size_text);
    if (rotational) {
        mismatch.when(!disk.rotational, "whether it is rotational is unknown");
        mismatch.when(disk.rotational != rotational,
                      std::format("it is {}", flash_text(disk.rotational.value_or(!*rotational))));
    }
    mismatch.glob("by_path", by_path, disk.by_path);
    mismatch.glob("wwn", wwn, disk.wwn);
    mismatch.glob("serial", serial, disk.serial);
    return mismatch.take();
}

std::optional<std::string> DiskSelector::why_not(const Disk& disk) const {
    if (auto never = never_a_candidate(disk)) {
        return never;
    }
    if (auto mismatch = first_mismatch(disk)) {
        return mismatch;
    }
    // An SD module or USB stick is only meant when the selector speaks of it, not of some disk of that size.
    const bool by_model = model && model->find_first_not_of("*?") != std::string::npos;
    const bool named = transport == Transport::usb || by_model || serial || wwn || by_path;
    if (disk.transport == Transport::usb && !named) {
        return "it is a USB stick or SD module, which the selector does not name";
    }
    return std::nullopt;
}

std::string DiskSelector::to_text() const {
    Clauses clauses;
    if (transport) {
        clauses.add(std::format("transport {}", to_string(*transport)));
    }
    clauses.add("model", model);
    clauses.add("vendor", vendor);
    if (min_size) {
        clauses.add(std::format("size at least {}", to_label_text(*min_size)));
    }
    if (max_size) {
        clauses.add(std::format("size at most {}", to_label_text(*max_size)));
    }
    if (rotational) {
        clauses.add(flash_text(*rotational));
    }
    clauses.add("by_path", by_path);
    clauses.add("wwn", wwn);
    clauses.add("serial", serial);
    return clauses.text();
}

std::optional<std::string> NicSelector::first_mismatch(const Nic& nic) const {
    Mismatch mismatch;
    mismatch.range("speed", min_speed_mbps, max_speed_mbps,
                   nic.max_speed_mbps ? nic.max_speed_mbps : nic.speed_mbps, speed_text);
    mismatch.glob("driver", driver, nic.driver);
    mismatch.glob("pci", pci, nic.pci);
    if (mac) {
        const auto own = MacAddress::parse(nic.permanent_mac.empty() ? nic.mac : nic.permanent_mac);
        const auto wanted = MacAddress::parse(*mac);
        mismatch.when(!own || !wanted || *own != *wanted,
                      std::format("mac is {}, wanted {}", own ? own->to_text() : "unknown", *mac));
    }
    if (link) {
        mismatch.when(!nic.link, "whether it has link is unknown");
        mismatch.when(nic.link != link, *link ? "it has no link" : "it has link");
    }
    return mismatch.take();
}

std::string NicSelector::to_text() const {
    Clauses clauses;
    if (min_speed_mbps) {
        clauses.add(std::format("speed at least {}", speed_text(*min_speed_mbps)));
    }
    if (max_speed_mbps) {
        clauses.add(std::format("speed at most {}", speed_text(*max_speed_mbps)));
    }
    clauses.add("driver", driver);
    clauses.add("pci", pci);
    clauses.add("mac", mac);
    if (link) {
        clauses.add(*link ? "with link" : "without link");
    }
    return clauses.text();
}

std::optional<std::string> Count::mismatch(std::size_t n) const {
    const auto found = [n](std::string_view what, std::uint32_t wanted) {
        return std::format("found {}, wanted {} {}", n, what, wanted);
    };
    if (exactly && n != *exactly) {
        return found("exactly", *exactly);
    }
    if (at_least && n < *at_least) {
        return found("at least", *at_least);
    }
    if (at_most && n > *at_most) {
        return found("at most", *at_most);
    }
    return std::nullopt;
}

}  // namespace bedplate
