// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/libvirt.hpp"

#include <cstdlib>

#include "guests/libvirt_handles.hpp"

#include "lab/xml.hpp"

namespace bedplate::lab {

namespace {

using Domain = guests::DomainHandle;
using Network = guests::NetworkHandle;
using guests::libvirt_failed;
using Text = std::unique_ptr<char, guests::Free<std::free>>;

}  // namespace

struct Libvirt::Connection {
    virConnectPtr handle = nullptr;

    explicit Connection(virConnectPtr opened) : handle(opened) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { virConnectClose(handle); }

    [[nodiscard]] Domain find(const std::string& name) const {
        return Domain(virDomainLookupByName(handle, name.c_str()));
    }
    [[nodiscard]] Result<Domain> need(const std::string& name) const {
        auto domain = find(name);
        if (!domain) {
            return libvirt_failed("libvirt.none", "there is no such virtual machine", name);
        }
        return domain;
    }
};

Libvirt::Libvirt(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Libvirt::Libvirt(Libvirt&&) noexcept = default;
Libvirt& Libvirt::operator=(Libvirt&&) noexcept = default;
Libvirt::~Libvirt() = default;

Result<Libvirt> Libvirt::connect(const std::string& uri) {
    virSetErrorFunc(nullptr, guests::say_nothing);
    auto* const handle = virConnectOpen(uri.c_str());
    if (handle == nullptr) {
        return libvirt_failed(
            "libvirt.connect", "cannot reach libvirt", uri,
            "start libvirtd (package libvirt-daemon-system), and be root or in the group libvirt");
    }
    return Libvirt(std::make_unique<Connection>(handle));
}

Result<void> Libvirt::make_network(const std::string& name, const std::string& xml) {
    Network network(virNetworkLookupByName(connection_->handle, name.c_str()));
    if (network && virNetworkIsActive(network.get()) == 1) {
        return {};
    }
    network.reset(virNetworkDefineXMLFlags(connection_->handle, xml.c_str(), VIR_NETWORK_DEFINE_VALIDATE));
    if (!network || virNetworkCreate(network.get()) != 0) {
        return libvirt_failed("libvirt.network", "cannot make the network", name);
    }
    return {};
}

Result<void> Libvirt::define(const std::string& xml) {
    const Domain domain(
        virDomainDefineXMLFlags(connection_->handle, xml.c_str(), VIR_DOMAIN_DEFINE_VALIDATE));
    if (!domain) {
        return libvirt_failed("libvirt.domain", "cannot define the virtual machine", "");
    }
    return {};
}

Result<void> Libvirt::start_transient(const std::string& xml) {
    const Domain domain(virDomainCreateXML(connection_->handle, xml.c_str(), VIR_DOMAIN_START_VALIDATE));
    if (!domain) {
        return libvirt_failed("libvirt.start", "cannot start the virtual machine", "");
    }
    return {};
}

Result<void> Libvirt::end_transient(const std::string& domain) {
    const auto found = connection_->find(domain);
    if (found && virDomainDestroy(found.get()) != 0 && virDomainIsActive(found.get()) == 1) {
        return libvirt_failed("libvirt.stop", "cannot power off the virtual machine", domain);
    }
    return {};
}

Result<void> Libvirt::start(const std::string& domain) {
    BEDPLATE_ASSIGN(const auto found, connection_->need(domain));
    if (virDomainCreate(found.get()) != 0) {
        return libvirt_failed("libvirt.start", "cannot start the virtual machine", domain);
    }
    return {};
}

Result<void> Libvirt::power_off(const std::string& domain) {
    BEDPLATE_ASSIGN(const auto found, connection_->need(domain));
    if (virDomainIsActive(found.get()) == 1 && virDomainDestroy(found.get()) != 0) {
        return libvirt_failed("libvirt.stop", "cannot power off the virtual machine", domain);
    }
    return {};
}

Result<Libvirt::State> Libvirt::state(const std::string& domain) const {
    const auto found = connection_->find(domain);
    if (!found) {
        return State::absent;
    }
    int state = 0, reason = 0;
    if (virDomainGetState(found.get(), &state, &reason, 0) != 0) {
        return libvirt_failed("libvirt.state", "cannot look at the virtual machine", domain);
    }
    switch (state) {
        case VIR_DOMAIN_SHUTOFF:
            return reason == VIR_DOMAIN_SHUTOFF_CRASHED ? State::crashed : State::off;
        case VIR_DOMAIN_CRASHED:
            return State::crashed;
        default:
            return State::running;
    }
}

Result<void> Libvirt::suspend(const std::string& domain) {
    BEDPLATE_ASSIGN(const auto found, connection_->need(domain));
    if (virDomainSuspend(found.get()) != 0) {
        return libvirt_failed("libvirt.suspend", "cannot suspend the virtual machine", domain);
    }
    return {};
}

Result<void> Libvirt::resume(const std::string& domain) {
    BEDPLATE_ASSIGN(const bool suspended, is_suspended(domain));
    if (!suspended) {
        return {};
    }
    BEDPLATE_ASSIGN(const auto found, connection_->need(domain));
    if (virDomainResume(found.get()) != 0) {
        return libvirt_failed("libvirt.resume", "cannot resume the virtual machine", domain);
    }
    return {};
}

Result<bool> Libvirt::is_suspended(const std::string& domain) const {
    const auto found = connection_->find(domain);
    int state = 0, reason = 0;
    if (found && virDomainGetState(found.get(), &state, &reason, 0) != 0) {
        return libvirt_failed("libvirt.state", "cannot look at the virtual machine", domain);
    }
    return found && state == VIR_DOMAIN_PAUSED;
}

Result<void> Libvirt::set_link(const std::string& domain, const std::string& mac, bool up) {
    BEDPLATE_ASSIGN(const auto found, connection_->need(domain));
    const Text xml(virDomainGetXMLDesc(found.get(), 0));
    if (!xml) {
        return libvirt_failed("libvirt.port", "cannot read the virtual machine's description", domain);
    }
    BEDPLATE_ASSIGN(const auto port, port_xml(xml.get(), mac, up));
    if (virDomainUpdateDeviceFlags(found.get(), port.c_str(), VIR_DOMAIN_AFFECT_LIVE) != 0) {
        return libvirt_failed("libvirt.port", "cannot change the port " + mac, domain);
    }
    return {};
}

Result<void> Libvirt::remove_domain(const std::string& domain) {
    const auto found = connection_->find(domain);
    if (!found) {
        return {};
    }
    BEDPLATE_TRY(power_off(domain));
    constexpr unsigned with_all =
        VIR_DOMAIN_UNDEFINE_NVRAM | VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA;
    if (virDomainUndefineFlags(found.get(), with_all) != 0) {
        return libvirt_failed("libvirt.undefine", "cannot forget the virtual machine", domain);
    }
    return {};
}

Result<void> Libvirt::remove_network(const std::string& network) {
    const Network found(virNetworkLookupByName(connection_->handle, network.c_str()));
    if (!found) {
        return {};
    }
    if ((virNetworkIsActive(found.get()) == 1 && virNetworkDestroy(found.get()) != 0) ||
        virNetworkUndefine(found.get()) != 0) {
        return libvirt_failed("libvirt.network", "cannot remove the network", network);
    }
    return {};
}

std::string_view to_string(Libvirt::State state) {
    switch (state) {
        case Libvirt::State::absent:
            return "absent";
        case Libvirt::State::off:
            return "off";
        case Libvirt::State::running:
            return "running";
        case Libvirt::State::crashed:
            return "crashed";
    }
    return "?";
}

}  // namespace bedplate::lab
