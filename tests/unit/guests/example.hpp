// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <format>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "guests/guests.hpp"
#include "tests/support/fake_etcd.hpp"
#include "tests/support/fake_platform.hpp"
#include "tests/unit/cluster/example.hpp"

namespace bedplate::guests::test {

/// As `virsh hypervisor-cpu-baseline` prints it.
inline constexpr std::string_view baseline = R"(<cpu mode='custom' match='exact'>
  <model fallback='forbid'>Cascadelake-Server-noTSX</model>
  <vendor>Intel</vendor>
  <feature policy='require' name='ss'/>
  <feature policy='disable' name='pku'/>
</cpu>
)";

/// Cut down to what is read: 16 GiB and 1 MiB on the first NUMA node, 16 GiB on the second.
inline constexpr std::string_view capabilities =
    R"(<capabilities><host><uuid>x</uuid><topology><cells num='2'>
<cell id='0'><memory unit='KiB'>16778240</memory><pages unit='KiB' size='4'>4000000</pages>
<pages unit='KiB' size='2048'>16</pages><pages unit='KiB' size='1048576'>0</pages><distances/>
<cpus num='4'><cpu id='0' socket_id='0'/><cpu id='1'/><cpu id='8'/><cpu id='2'/></cpus></cell>
<cell id='1'><memory unit='KiB'>16777216</memory><pages unit='KiB' size='4'>4194304</pages>
<cpus num='2'><cpu id='3'/><cpu id='5'/></cpus></cell></cells></topology></host></capabilities>)";

inline constexpr std::string_view domain_capabilities =
    "<domainCapabilities><path>/usr/bin/qemu-system-x86_64</path><domain>kvm</domain>"
    "<machine>pc-q35-10.0</machine><arch>x86_64</arch></domainCapabilities>";

/// One node's libvirt, in memory.
struct FakeLibvirt {
    std::vector<Domain> domains;
    std::vector<std::string> networks{"service"};
    std::vector<std::string> calls;  ///< "make web", "migrate web qemu+tls://node2-mig/system", in order
    bool ends_by_itself = true;      ///< a guest that is asked to
    unsigned refuses_to_start = 0;   ///< so many times
};

class FakeHypervisor : public Hypervisor {
public:
    explicit FakeHypervisor(FakeLibvirt& libvirt) : libvirt_(libvirt) {}

    Result<std::vector<Domain>> domains() override { return libvirt_.domains; }
    Result<std::vector<std::string>> networks() override { return libvirt_.networks; }
    std::string address(const std::string& domain) override { return domain == "web" ? "10.0.200.7" : ""; }
    Result<std::string> capabilities() override { return std::string(test::capabilities); }
    Result<std::string> domain_capabilities() override { return std::string(test::domain_capabilities); }
    Result<void> make(const std::string& xml) override {
        const auto from = xml.find("<name>") + 6;
        const auto name = xml.substr(from, xml.find("</name>") - from);
        libvirt_.domains.push_back(
            {.state = Domain::State::running, .name = name, .uuid = {}, .memory = gib(1), .cpus = 1});
        return note("make " + name);
    }
    Result<void> run_once(const std::string& /*xml*/) override { return note("run_once"); }
    Result<void> shut_down(const std::string& domain) override {
        if (libvirt_.ends_by_itself) {
            set(domain, Domain::State::off);
        }
        return note("shut_down " + domain);
    }
    Result<void> power_off(const std::string& domain) override {
        set(domain, Domain::State::off);
        return note("power_off " + domain);
    }
    Result<void> forget(const std::string& domain) override {
        std::erase_if(libvirt_.domains, [&](const Domain& each) { return each.name == domain; });
        return note("forget " + domain);
    }
    Result<void> migrate(const std::string& domain, const std::string& to, const std::string& data) override {
        return note(std::format("migrate {} {} {}", domain, to, data));
    }
    Result<void> start_with_node(const std::string& domain) override {
        return note("start_with_node " + domain);
    }
    Result<std::vector<std::string>> left_off() override {
        std::vector<std::string> names;
        for (const auto& domain : libvirt_.domains) {
            if (domain.state == Domain::State::off) {
                names.push_back(domain.name);
            }
        }
        return names;
    }
    Result<void> start(const std::string& domain) override {
        if (libvirt_.refuses_to_start > 0) {
            --libvirt_.refuses_to_start;
            return fail("libvirt.start", "cannot start the machine", domain);
        }
        set(domain, Domain::State::running);
        return note("start " + domain);
    }

private:
    Result<void> note(std::string call) {
        libvirt_.calls.push_back(std::move(call));
        return {};
    }
    void set(const std::string& domain, Domain::State state) {
        for (auto& each : libvirt_.domains) {
            if (each.name == domain) {
                each.state = state;
            }
        }
    }
    FakeLibvirt& libvirt_;
};

/// A cluster of three on fakes: etcd, Pacemaker, the pool and three libvirts; we are node1.
class FakeCluster {
public:
    FakeCluster();

    fakes::FakePlatform fake;
    fakes::FakeEtcd etcd{fake.http};
    Etcd client{fake.http, {std::string(fakes::FakeEtcd::endpoint)}};
    Registry registry{client, fake.clock};
    std::map<std::string, FakeLibvirt> libvirts;   ///< by URI
    std::map<std::string, Bytes> images;           ///< of the pool
    std::map<std::string, std::string> resources;  ///< id -> node; "" is stopped
    std::set<std::string> offline;                 ///< nodes that Pacemaker does not see
    std::vector<std::string> said;
    unsigned open_for = 0;  ///< so many times rbd says that an image is open still
    bool starts = true;     ///< Pacemaker starts what it is given, on node2
    bool follows =
        true;  ///< every node writes machines' files, between one question to Pacemaker and the next

    [[nodiscard]] Guests guests();
    [[nodiscard]] FakeLibvirt& libvirt(unsigned node);

private:
    void follow();
    [[nodiscard]] std::string crm_mon() const;
    [[nodiscard]] Result<CommandResult> rbd(const Command& command);
    [[nodiscard]] Result<CommandResult> cibadmin(const Command& command);
    [[nodiscard]] Result<CommandResult> crm_resource(const Command& command);
};

}  // namespace bedplate::guests::test
