// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/names.hpp"

#include "inventory/inventory.hpp"

namespace bedplate {

std::string_view to_string(Transport transport) {
    return name_of(transport_names, transport);
}

std::string_view to_string(FirmwareMode mode) {
    return name_of(firmware_mode_names, mode);
}

std::string_view to_string(Holder::Kind kind) {
    return name_of(holder_kind_names, kind);
}

std::string_view to_string(InstallationMark::State state) {
    return name_of(installation_state_names, state);
}

}  // namespace bedplate
