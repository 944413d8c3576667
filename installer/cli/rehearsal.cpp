// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/rehearsal.hpp"

#include "cli/machine.hpp"

namespace bedplate::cli {

Result<Inventory> Rehearsal::look() {
    BEDPLATE_ASSIGN(auto inventory, read_inventory(files_, inventory_));
    use_inventory(inventory);
    return inventory;
}

Result<void> Rehearsal::apply(const Consent&, const TypedSecrets& /*secrets*/) {
    return refuse("rehearsal.no-commit", "this machine is a recording: nothing is written",
                  inventory_.string());
}

Result<std::vector<DocumentText>> Rehearsal::read_stick(const std::string&) {
    return refuse("stick.none", "this machine is a recording: it has no USB stick", inventory_.string());
}

Result<std::string> Rehearsal::save(const std::string& name, const std::string& text) {
    const auto path = std::filesystem::current_path() / name;
    BEDPLATE_TRY(files_.write(path, text, 0600));
    return path.string();
}

Result<void> Rehearsal::leave() {
    return refuse("rehearsal.no-commit", "this machine is a recording: it cannot be restarted",
                  inventory_.string());
}

}  // namespace bedplate::cli
