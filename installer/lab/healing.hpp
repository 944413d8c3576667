// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "lab/rack.hpp"

namespace bedplate::lab {

/// One thing that undoes a fault. Each can be done again, and where it is done already.
struct Remedy {
    enum class Kind {
        resume,     ///< a suspended node goes on
        plug,       ///< the cable of `detail`, a MAC address
        reconnect,  ///< the switch forgets every partition
        power_on,   ///< a node that is off is started
        on_node,    ///< the command line `detail`, on a node that may have to come up first
    };
    Kind kind{};
    std::string node = {};  ///< empty for reconnect
    std::string detail = {};
    bool operator==(const Remedy&) const = default;
};

/// What a person could type instead.
[[nodiscard]] std::string to_text(const Remedy& remedy, const Lab& lab);
[[nodiscard]] Json to_json(const std::vector<Remedy>& remedies);
/// Errors: drill.healing.
[[nodiscard]] Result<std::vector<Remedy>> remedies_from_json(const Json& json, const std::string& origin);

/// What has to be undone, on disk before it is done: a drill that is killed is healed by the next command.
class Healing {
public:
    Healing(Platform& platform, const Lab& lab) : platform_(platform), lab_(lab) {}

    /// What an earlier drill has left. Errors: drill.healing, file.*.
    [[nodiscard]] Result<void> load();
    /// Errors: file.write.
    [[nodiscard]] Result<void> add(Remedy remedy);
    [[nodiscard]] const std::vector<Remedy>& remedies() const { return remedies_; }
    /// All of them, the last added first; one that fails is kept and does not stop the others. Not broken off
    /// by Ctrl-C. Errors: drill.not-healed, with what is left to do.
    [[nodiscard]] Result<void> apply(Rack& rack);

private:
    [[nodiscard]] std::filesystem::path file() const { return lab_.folder / "drill-healing.json"; }
    [[nodiscard]] Result<void> save() const;
    [[nodiscard]] Result<void> apply(Rack& rack, const Remedy& remedy);

    Platform& platform_;
    const Lab& lab_;
    std::vector<Remedy> remedies_;
};

}  // namespace bedplate::lab
