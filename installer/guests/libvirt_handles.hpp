// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <format>
#include <memory>
#include <string>

#include "base/result.hpp"

/// What all of our code that talks to libvirt's C interface has in common.
namespace bedplate::guests {

template <auto free>
struct Free {
    template <typename T>
    void operator()(T* object) const {
        free(object);
    }
};
using DomainHandle = std::unique_ptr<virDomain, Free<virDomainFree>>;
using NetworkHandle = std::unique_ptr<virNetwork, Free<virNetworkFree>>;

/// libvirt's last error in this thread.
inline std::unexpected<Error> libvirt_failed(std::string code, const std::string& what, std::string where,
                                             std::string hint = {}) {
    return fail(std::move(code), std::format("{}: {}", what, virGetLastErrorMessage()), std::move(where),
                std::move(hint));
}

/// What libvirt says goes into our errors and not, as it would by itself, to stderr.
inline void say_nothing(void* /*unused*/, virErrorPtr /*unused*/) {}

}  // namespace bedplate::guests
