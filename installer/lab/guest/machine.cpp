// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/guest/machine.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/input.h>
#include <linux/reboot.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <format>

namespace bedplate::pulse {

namespace {

namespace fs = std::filesystem;

/// Names in a directory, sorted; none where there is no such directory.
std::vector<std::string> names_in(const char* directory) {
    std::vector<std::string> names;
    std::error_code error;
    for (auto item = fs::directory_iterator(directory, error); !error && item != fs::directory_iterator();
         item.increment(error)) {
        names.push_back(item->path().filename().string());
    }
    std::ranges::sort(names);
    return names;
}

sockaddr_in ipv4(const std::string& address, std::uint16_t port) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    ::inet_pton(AF_INET, address.c_str(), &name.sin_addr);
    return name;
}

sockaddr_in netmask(unsigned prefix) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(~std::uint32_t{0} << (32 - prefix));
    return name;
}

bool has_mark(const std::string& device) {
    const Descriptor disk(::open(device.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, RingLayout::mark.size()> there{};
    const auto n =
        ::pread(disk.get(), there.data(), there.size(), static_cast<off_t>(RingLayout::mark_offset));
    return n == static_cast<ssize_t>(there.size()) &&
           std::string_view(there.data(), there.size()) == RingLayout::mark;
}

}  // namespace

void say(std::string_view line) {
    const auto text = std::format("pulse: {}\n", line);
    // A console that takes nothing must not stop the pulse.
    [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, text.data(), text.size());
}

std::string text_of(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 4096> buffer{};
    const auto n = ::read(file.get(), buffer.data(), buffer.size());
    return n > 0 ? std::string(buffer.data(), static_cast<std::size_t>(n)) : std::string();
}

void mount_system() {
    struct Mount {
        const char *type, *place;
    };
    for (const auto& [type, place] :
         {Mount{"proc", "/proc"}, Mount{"sysfs", "/sys"}, Mount{"devtmpfs", "/dev"}}) {
        ::mkdir(place, 0755);
        ::mount(type, place, type, 0, nullptr);
    }
    if (const int console = ::open("/dev/console", O_RDWR | O_NOCTTY); console >= 0) {
        for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
            ::dup2(console, standard);
        }
    }
}

void load_modules() {
    for (const auto& name : names_in("/modules")) {
        const Descriptor file(::open(("/modules/" + name).c_str(), O_RDONLY | O_CLOEXEC));
        if (::syscall(SYS_finit_module, file.get(), "", 0) != 0 && errno != EEXIST) {
            say(std::format("{} is not loaded: {}", name, std::strerror(errno)));
        }
    }
}

std::optional<std::string> find_disk() {
    for (const auto& name : names_in("/sys/block")) {
        if (const auto device = "/dev/" + name; has_mark(device)) {
            return device;
        }
    }
    return std::nullopt;
}

bool bring_up_network(const Settings& settings) {
    auto names = names_in("/sys/class/net");
    std::erase(names, "lo");
    if (names.empty() || names.front().size() >= IFNAMSIZ) {
        return false;
    }
    const Descriptor handle(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::ranges::copy(names.front(), request.ifr_name);
    const auto set = [&](unsigned long what, const sockaddr_in& name) {
        std::memcpy(&request.ifr_addr, &name, sizeof name);
        return ::ioctl(handle.get(), what, &request) == 0;
    };
    if (!set(SIOCSIFADDR, ipv4(settings.address, 0)) || !set(SIOCSIFNETMASK, netmask(settings.prefix))) {
        return false;
    }
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    return ::ioctl(handle.get(), SIOCSIFFLAGS, &request) == 0;
}

Descriptor open_socket(const Settings& settings) {
    Descriptor handle(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto name = ipv4(settings.collector, settings.port);
    ::connect(handle.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name);
    return handle;
}

PowerButton::PowerButton() {
    for (const auto& name : names_in("/dev/input")) {
        if (name.starts_with("event")) {
            const auto path = "/dev/input/" + name;
            inputs_.emplace_back(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        }
    }
}

bool PowerButton::pressed() {
    bool yes = false;
    for (const auto& input : inputs_) {
        input_event event{};
        while (::read(input.get(), &event, sizeof event) == static_cast<ssize_t>(sizeof event)) {
            yes |= event.type == EV_KEY && event.code == KEY_POWER && event.value == 1;
        }
    }
    return yes;
}

void power_off() {
    ::sync();
    ::reboot(static_cast<int>(LINUX_REBOOT_CMD_POWER_OFF));
    for (;;) {
        ::pause();
    }
}

}  // namespace bedplate::pulse
