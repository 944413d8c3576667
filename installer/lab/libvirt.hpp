// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"

namespace bedplate::lab {

/// A connection to libvirt's daemon. Names are looked up each time: somebody else may have changed things.
class Libvirt {
public:
    enum class State { absent, off, running, crashed };

    /// Errors: libvirt.connect.
    [[nodiscard]] static Result<Libvirt> connect(const std::string& uri = "qemu:///system");
    Libvirt(Libvirt&&) noexcept;
    Libvirt& operator=(Libvirt&&) noexcept;
    ~Libvirt();

    /// Define from XML and start; one that runs is left as it is. Errors: libvirt.network.
    [[nodiscard]] Result<void> make_network(const std::string& name, const std::string& xml);
    /// Define from XML, not started. Errors: libvirt.domain.
    [[nodiscard]] Result<void> define(const std::string& xml);
    /// Start from XML what is forgotten as soon as it is off. Errors: libvirt.start.
    [[nodiscard]] Result<void> start_transient(const std::string& xml);
    /// Off and forgotten; gone by itself already is fine. Errors: libvirt.stop.
    [[nodiscard]] Result<void> end_transient(const std::string& domain);
    /// Errors: libvirt.start, libvirt.none.
    [[nodiscard]] Result<void> start(const std::string& domain);
    /// As the cable is pulled; off already is fine. Errors: libvirt.stop, libvirt.none.
    [[nodiscard]] Result<void> power_off(const std::string& domain);
    [[nodiscard]] Result<State> state(const std::string& domain) const;
    /// Stop its processors where they are, as a machine hangs. Errors: libvirt.suspend, libvirt.none.
    [[nodiscard]] Result<void> suspend(const std::string& domain);
    /// Let a suspended one go on; one that is not suspended stays as it is. Errors: libvirt.resume.
    [[nodiscard]] Result<void> resume(const std::string& domain);
    [[nodiscard]] Result<bool> is_suspended(const std::string& domain) const;
    /// Pull or plug the cable of the port with this MAC address of a running machine. Errors: libvirt.port.
    [[nodiscard]] Result<void> set_link(const std::string& domain, const std::string& mac, bool up);
    /// Power off, and forget it with its firmware's variables. Absent is fine.
    [[nodiscard]] Result<void> remove_domain(const std::string& domain);
    [[nodiscard]] Result<void> remove_network(const std::string& network);

private:
    struct Connection;
    explicit Libvirt(std::unique_ptr<Connection> connection);
    std::unique_ptr<Connection> connection_;
};

[[nodiscard]] std::string_view to_string(Libvirt::State state);

}  // namespace bedplate::lab
