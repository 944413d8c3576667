// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/nics.hpp"

#include "base/text.hpp"
#include "inventory/ethtool.hpp"
#include "probe/classify.hpp"

namespace bedplate {
namespace {

std::filesystem::path sysfs_folder(const IpLink& link) {
    return std::filesystem::path("/sys/class/net") / link.name;
}

template <typename T>
std::optional<T> ethtool(Sources& sources, std::vector<std::string> argv,
                         Result<T> (*parse)(std::string_view)) {
    const auto text = sources.output(std::move(argv));
    return text ? sources.accept(parse(*text)) : std::nullopt;
}

std::string driver_in_sysfs(const Sources& sources, const IpLink& link) {
    const std::string driver = sources.resolve(sysfs_folder(link) / "device/driver");
    return driver.substr(driver.rfind('/') + 1);
}

std::string usb_id_of(const UdevDevice* udev) {
    if (udev == nullptr || udev->property("ID_BUS") != "usb") {
        return {};
    }
    const std::string vendor = udev->property("ID_USB_VENDOR_ID");
    return vendor.empty() ? udev->property("ID_VENDOR_ID") + ":" + udev->property("ID_MODEL_ID")
                          : vendor + ":" + udev->property("ID_USB_MODEL_ID");
}

std::string permanent_mac(Sources& sources, const IpLink& link) {
    const auto permanent =
        ethtool(sources, {"ethtool", "-P", link.name}, parse_ethtool_permanent).value_or(std::string());
    if (!permanent.empty()) {
        return permanent;
    }
    return link.permanent_address.empty() ? link.address : link.permanent_address;
}

}  // namespace

bool is_network_port(const Sources& sources, const IpLink& link) {
    return link.link_type == "ether" && link.kind.empty() && sources.exists(sysfs_folder(link) / "device") &&
           !sources.exists(sysfs_folder(link) / "device/physfn");
}

Nic nic_of(Sources& sources, const IpLink& link, const UdevDevice* udev,
           const std::map<std::string, Lldp>& neighbours) {
    const auto settings = ethtool(sources, {"ethtool", link.name}, parse_ethtool).value_or(EthtoolSettings{});
    const auto driver =
        ethtool(sources, {"ethtool", "-i", link.name}, parse_ethtool_driver).value_or(EthtoolDriver{});
    Nic nic;
    nic.name = link.name;
    nic.mac = link.address;
    nic.permanent_mac = permanent_mac(sources, link);
    nic.driver = driver.driver.empty() ? driver_in_sysfs(sources, link) : driver.driver;
    nic.model = udev == nullptr ? std::string() : udev->property("ID_MODEL_FROM_DATABASE");
    nic.pci = link.parent_bus == "pci" ? link.parent_device
                                       : last_pci_address(sources.resolve(sysfs_folder(link) / "device"));
    nic.max_speed_mbps = settings.max_speed_mbps;
    if (link.up) {
        nic.speed_mbps = settings.speed_mbps;
        nic.link = settings.link.value_or(link.carrier);
    }
    nic.mtu_max = link.max_mtu;
    if (const auto numa = parse_unsigned(sources.file_or_empty(sysfs_folder(link) / "device/numa_node"))) {
        nic.numa_node = static_cast<std::uint32_t>(*numa);
    }
    nic.bmc_virtual = is_bmc_nic(nic.name, nic.driver, usb_id_of(udev));
    if (const auto neighbour = neighbours.find(nic.name); neighbour != neighbours.end()) {
        nic.lldp = neighbour->second;
    }
    return nic;
}

}  // namespace bedplate
