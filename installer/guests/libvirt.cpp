// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdlib>
#include <string_view>

#include "guests/hypervisor.hpp"
#include "guests/libvirt_handles.hpp"
#include "guests/reach.hpp"
#include "platform/time_scale.hpp"

namespace bedplate::guests {

namespace {

/// A text that libvirt allocated.
using Text = std::unique_ptr<char, Free<std::free>>;

/// A list of objects that libvirt allocated, each to be given back.
template <typename T, auto release>
class List {
public:
    List() = default;
    List(const List&) = delete;
    List& operator=(const List&) = delete;
    ~List() {
        for (int i = 0; i < count; ++i) {
            release(items[i]);
        }
        std::free(static_cast<void*>(items));
    }
    T** items = nullptr;
    int count = 0;
};

Domain::State state_of(const virDomainInfo& info) {
    switch (info.state) {
        case VIR_DOMAIN_SHUTOFF:
            return Domain::State::off;
        case VIR_DOMAIN_CRASHED:
            return Domain::State::crashed;
        case VIR_DOMAIN_PAUSED:
        case VIR_DOMAIN_PMSUSPENDED:
            return Domain::State::paused;
        default:
            return Domain::State::running;
    }
}

class LibvirtHypervisor : public Hypervisor {
public:
    LibvirtHypervisor(virConnectPtr connection, std::string uri)
        : connection_(connection), uri_(std::move(uri)) {}

    Result<std::vector<Domain>> domains() override {
        List<virDomain, virDomainFree> list;
        list.count = virConnectListAllDomains(connection_.get(), &list.items, 0);
        if (list.count < 0) {
            return failed("libvirt.list", "cannot list the machines");
        }
        std::vector<Domain> all;
        for (int i = 0; i < list.count; ++i) {
            virDomainInfo info{};
            char uuid[VIR_UUID_STRING_BUFLEN] = "";
            // One that went away since the list was made is no machine any more.
            if (virDomainGetInfo(list.items[i], &info) == 0 &&
                virDomainGetUUIDString(list.items[i], uuid) == 0) {
                all.push_back({.state = state_of(info),
                               .name = virDomainGetName(list.items[i]),
                               .uuid = uuid,
                               .memory = kib(info.maxMem),
                               .cpus = info.nrVirtCpu});
            }
        }
        return all;
    }

    Result<std::vector<std::string>> networks() override {
        List<virNetwork, virNetworkFree> list;
        list.count =
            virConnectListAllNetworks(connection_.get(), &list.items, VIR_CONNECT_LIST_NETWORKS_ACTIVE);
        if (list.count < 0) {
            return failed("libvirt.list", "cannot list the networks");
        }
        std::vector<std::string> names;
        for (int i = 0; i < list.count; ++i) {
            names.emplace_back(virNetworkGetName(list.items[i]));
        }
        return names;
    }

    std::string address(const std::string& name) override {
        const auto domain = find(name);
        List<virDomainInterface, virDomainInterfaceFree> list;
        if (domain) {
            list.count = virDomainInterfaceAddresses(domain.get(), &list.items,
                                                     VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT, 0);
        }
        for (int i = 0; i < list.count; ++i) {
            for (unsigned k = 0; k < list.items[i]->naddrs; ++k) {
                const auto& found = list.items[i]->addrs[k];
                const std::string_view text = found.addr;
                if (found.type == VIR_IP_ADDR_TYPE_IPV4 && !text.starts_with("127.")) {
                    return std::string(text);
                }
            }
        }
        return "";
    }

    Result<std::string> capabilities() override {
        const Text text(virConnectGetCapabilities(connection_.get()));
        return text ? Result<std::string>(text.get())
                    : failed("libvirt.capabilities", "cannot say what the node is");
    }

    Result<std::string> domain_capabilities() override {
        const Text text(
            virConnectGetDomainCapabilities(connection_.get(), nullptr, "x86_64", "q35", nullptr, 0));
        return text ? Result<std::string>(text.get())
                    : failed("libvirt.capabilities", "cannot say what machines the node can run");
    }

    Result<void> make(const std::string& xml) override {
        const DomainHandle domain(
            virDomainDefineXMLFlags(connection_.get(), xml.c_str(), VIR_DOMAIN_DEFINE_VALIDATE));
        if (!domain || virDomainSetAutostart(domain.get(), 1) != 0) {
            return failed("libvirt.define", "cannot define the machine");
        }
        if (virDomainIsActive(domain.get()) != 1 && virDomainCreate(domain.get()) != 0) {
            return failed("libvirt.start", "cannot start the machine");
        }
        return {};
    }

    Result<void> run_once(const std::string& xml) override {
        const DomainHandle domain(
            virDomainCreateXML(connection_.get(), xml.c_str(), VIR_DOMAIN_START_VALIDATE));
        return domain ? Result<void>() : failed("libvirt.start", "cannot start the machine");
    }

    Result<void> shut_down(const std::string& name) override {
        const auto domain = find(name);
        if (domain && virDomainIsActive(domain.get()) == 1 && virDomainShutdown(domain.get()) != 0) {
            return failed("libvirt.stop", "cannot ask the machine to end", name);
        }
        return {};
    }

    Result<void> power_off(const std::string& name) override {
        const auto domain = find(name);
        if (domain && virDomainIsActive(domain.get()) == 1 && virDomainDestroy(domain.get()) != 0) {
            return failed("libvirt.stop", "cannot power off the machine", name);
        }
        return {};
    }

    Result<void> forget(const std::string& name) override {
        const auto domain = find(name);
        constexpr unsigned with_all = VIR_DOMAIN_UNDEFINE_KEEP_NVRAM | VIR_DOMAIN_UNDEFINE_MANAGED_SAVE |
                                      VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA;
        if (domain && virDomainIsPersistent(domain.get()) == 1 &&
            virDomainUndefineFlags(domain.get(), with_all) != 0) {
            return failed("libvirt.undefine", "cannot forget the machine", name);
        }
        return {};
    }

    Result<void> migrate(const std::string& name, const std::string& to, const std::string& data) override {
        const auto domain = find(name);
        if (!domain) {
            return failed("libvirt.none", "there is no such machine", name);
        }
        constexpr unsigned flags = VIR_MIGRATE_LIVE | VIR_MIGRATE_PEER2PEER | VIR_MIGRATE_PERSIST_DEST |
                                   VIR_MIGRATE_UNDEFINE_SOURCE | VIR_MIGRATE_TLS | VIR_MIGRATE_AUTO_CONVERGE;
        virTypedParameterPtr parameters = nullptr;
        int count = 0, room = 0;
        const bool set =
            virTypedParamsAddString(&parameters, &count, &room, VIR_MIGRATE_PARAM_URI, data.c_str()) == 0;
        const int done = set ? virDomainMigrateToURI3(domain.get(), to.c_str(), parameters,
                                                      static_cast<unsigned>(count), flags)
                             : -1;
        // The reason is libvirt's last error: it is taken before the parameters are given back.
        auto result = done == 0 ? Result<void>()
                                : Result<void>(failed("libvirt.migrate", "cannot move the machine", name));
        virTypedParamsFree(parameters, count);
        return result;
    }

    Result<std::vector<std::string>> left_off() override {
        constexpr unsigned filter = VIR_CONNECT_LIST_DOMAINS_INACTIVE | VIR_CONNECT_LIST_DOMAINS_AUTOSTART;
        List<virDomain, virDomainFree> list;
        list.count = virConnectListAllDomains(connection_.get(), &list.items, filter);
        if (list.count < 0) {
            return failed("libvirt.list", "cannot list the machines");
        }
        std::vector<std::string> names;
        for (int i = 0; i < list.count; ++i) {
            names.emplace_back(virDomainGetName(list.items[i]));
        }
        return names;
    }

    Result<void> start(const std::string& name) override {
        const auto domain = find(name);
        if (domain && virDomainIsActive(domain.get()) != 1 && virDomainCreate(domain.get()) != 0) {
            return failed("libvirt.start", "cannot start the machine", name);
        }
        return {};
    }

    Result<void> start_with_node(const std::string& name) override {
        const auto domain = find(name);
        if (!domain || virDomainSetAutostart(domain.get(), 1) != 0) {
            return failed("libvirt.define", "cannot let the machine start with its node", name);
        }
        return {};
    }

private:
    [[nodiscard]] DomainHandle find(const std::string& name) const {
        return DomainHandle(virDomainLookupByName(connection_.get(), name.c_str()));
    }
    [[nodiscard]] std::unexpected<Error> failed(std::string code, const std::string& what,
                                                const std::string& name = {}) const {
        return libvirt_failed(std::move(code), what, name.empty() ? uri_ : name + " on " + uri_);
    }

    std::unique_ptr<virConnect, Free<virConnectClose>> connection_;
    std::string uri_;
};

}  // namespace

std::string_view to_string(Domain::State state) {
    switch (state) {
        case Domain::State::running:
            return "running";
        case Domain::State::paused:
            return "paused";
        case Domain::State::off:
            return "off";
        case Domain::State::crashed:
            return "crashed";
    }
    return "?";
}

Result<std::unique_ptr<Hypervisor>> connect_libvirt(const std::string& uri) {
    virSetErrorFunc(nullptr, say_nothing);
    if (const auto host = host_of(uri)) {
        BEDPLATE_TRY(reach(*host, libvirt_tls_port, scaled(std::chrono::seconds{10})));
    }
    auto* const handle = virConnectOpen(uri.c_str());
    if (handle == nullptr) {
        return libvirt_failed("libvirt.connect", "cannot reach libvirt", uri,
                              "look at 'bedplate node status' there");
    }
    return std::make_unique<LibvirtHypervisor>(handle, uri);
}

std::string libvirt_of(const std::string& hostname) {
    return "qemu+tls://" + hostname + "-mig/system";
}

}  // namespace bedplate::guests
