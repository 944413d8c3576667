// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/quantities.hpp"
#include "base/result.hpp"

namespace bedplate::guests {

/// A virtual machine as one node's libvirt knows it.
struct Domain {
    enum class State { running, paused, off, crashed } state = State::off;
    std::string name, uuid;
    Bytes memory;
    std::uint32_t cpus = 0;
};
[[nodiscard]] std::string_view to_string(Domain::State state);

/// libvirt of one node. Names are looked up each time: Pacemaker changes things, too. Errors: libvirt.*, with
/// libvirt's own words.
class Hypervisor {
public:
    Hypervisor() = default;
    Hypervisor(const Hypervisor&) = delete;
    Hypervisor& operator=(const Hypervisor&) = delete;
    virtual ~Hypervisor() = default;

    [[nodiscard]] virtual Result<std::vector<Domain>> domains() = 0;
    /// Names of the networks that are active.
    [[nodiscard]] virtual Result<std::vector<std::string>> networks() = 0;
    /// The first IPv4 address that is not loopback which the guest's agent tells; empty: no agent, no
    /// address.
    [[nodiscard]] virtual std::string address(const std::string& domain) = 0;
    [[nodiscard]] virtual Result<std::string> capabilities() = 0;
    /// For "q35", with the kind of machine that libvirt takes by itself: KVM where it works.
    [[nodiscard]] virtual Result<std::string> domain_capabilities() = 0;

    /// Defined from XML, started, and started with the node.
    [[nodiscard]] virtual Result<void> make(const std::string& xml) = 0;
    /// Started from XML, and forgotten as soon as it is off.
    [[nodiscard]] virtual Result<void> run_once(const std::string& xml) = 0;
    /// Asked to end by itself, as by its power button; absent or off is fine.
    [[nodiscard]] virtual Result<void> shut_down(const std::string& domain) = 0;
    /// As the cable is pulled; absent or off is fine.
    [[nodiscard]] virtual Result<void> power_off(const std::string& domain) = 0;
    /// Forgotten, with what libvirt keeps of it; absent is fine.
    [[nodiscard]] virtual Result<void> forget(const std::string& domain) = 0;
    /// Move it while it runs; it is defined there afterwards and no more here. `to` is the other node's URI,
    /// `data` where its memory goes ("tcp://node2-mig").
    [[nodiscard]] virtual Result<void> migrate(const std::string& domain, const std::string& to,
                                               const std::string& data) = 0;
    [[nodiscard]] virtual Result<void> start_with_node(const std::string& domain) = 0;
    /// Names of the machines that start with the node and are off.
    [[nodiscard]] virtual Result<std::vector<std::string>> left_off() = 0;
    /// Absent or on is fine.
    [[nodiscard]] virtual Result<void> start(const std::string& domain) = 0;
};

/// Opens a connection. Errors: libvirt.connect.
using Connect = std::function<Result<std::unique_ptr<Hypervisor>>(const std::string& uri)>;

/// libvirt's daemons over its C interface. Another node has ten seconds (times BEDPLATE_TIME_SCALE) to take
/// the connection.
[[nodiscard]] Result<std::unique_ptr<Hypervisor>> connect_libvirt(const std::string& uri);

inline constexpr std::string_view own_libvirt = "qemu:///system";
/// Another node's libvirt, over TLS on the migration network.
[[nodiscard]] std::string libvirt_of(const std::string& hostname);

}  // namespace bedplate::guests
