// SPDX-License-Identifier: GPL-3.0-or-later
// Disks of machines in the RBD pool, by rbd and qemu-img.
#include "guests/images.hpp"

#include <charconv>
#include <format>

#include "base/json.hpp"
#include "base/text.hpp"
#include "guests/domain.hpp"
#include "platform/command_runner.hpp"
#include "platform/time_scale.hpp"

namespace bedplate::guests {

namespace {

constexpr std::string_view keyring = "/var/lib/bedplate/ceph/client.libvirt.keyring";
/// Copying takes as long as the image is large.
constexpr std::chrono::hours copy_limit{12};

Result<std::string> rbd(Platform& platform, std::vector<std::string> arguments,
                        std::chrono::milliseconds limit = std::chrono::minutes{2}) {
    Command command{
        .argv = {"rbd", "--id", "libvirt", "--keyring", std::string(keyring), "--pool", std::string(vm_pool)},
        .timeout = limit};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    return run_checked(platform.commands, command);
}

/// "    (12.34/100%)" -> 12.
std::optional<unsigned> percent_in(std::string_view line) {
    const auto open = line.find('(');
    unsigned value = 0;
    if (open == std::string_view::npos) {
        return std::nullopt;
    }
    const auto digits = line.substr(open + 1);
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return parsed.ec == std::errc{} ? std::optional(value) : std::nullopt;
}

/// How QEMU's tools name an image of the pool. The key stays in its file.
std::string qemu_name(const std::string& image) {
    return std::format("rbd:{}/{}:id=libvirt:keyring={}:conf=/etc/ceph/ceph.conf", vm_pool, image, keyring);
}

Result<void> copy(Platform& platform, const ImageFile& file, const std::string& image, const Say& say) {
    Command command{.argv = {"qemu-img", "convert", "-p", "-n", "--target-is-zero", "-f", file.format, "-O",
                             "raw", file.path, qemu_name(image)},
                    .timeout = copy_limit};
    unsigned next = 10;
    command.on_line = [&](std::string_view line) {
        const auto percent = percent_in(line);
        if (percent && *percent >= next) {
            say(std::format("  {} % of {}", *percent / 10 * 10, to_binary_text(file.size)));
            next = *percent / 10 * 10 + 10;
        }
    };
    BEDPLATE_TRY(run_checked(platform.commands, command));
    return {};
}

}  // namespace

Result<ImageFile> look_at_image(Platform& platform, const std::string& path) {
    if (!path.starts_with('/') || !platform.files.exists(path)) {
        return refuse("vm.image", "there is no such file on this node", path,
                      "copy it here first, and give its whole path");
    }
    const auto said = run_checked(platform.commands, {.argv = {"qemu-img", "info", "--output=json", path}});
    if (!said) {
        return refuse("vm.image", "qemu-img cannot read it: " + said.error().message, path);
    }
    BEDPLATE_ASSIGN(const Json info, parse_json(*said, "qemu-img info"));
    // An image that points at other files would read whatever its maker named.
    const bool alone =
        !info.contains("backing-filename") &&
        !info.value("format-specific", Json::object()).value("data", Json::object()).contains("data-file");
    if (!alone) {
        return refuse("vm.image", "the image needs another file beside it", path,
                      "make one image of it: qemu-img convert -O qcow2 IMAGE WHOLE.qcow2");
    }
    return ImageFile{.path = path,
                     .format = info.value("format", "raw"),
                     .size = Bytes{info.value("virtual-size", std::uint64_t{0})}};
}

Result<std::map<std::string, Bytes>> list_images(Platform& platform) {
    BEDPLATE_ASSIGN(const auto said, rbd(platform, {"ls", "--long", "--format", "json"}));
    BEDPLATE_ASSIGN(const Json list, parse_json(said, "rbd ls"));
    std::map<std::string, Bytes> images;
    for (const Json& entry : list) {
        if (!entry.contains("snapshot")) {
            images[entry.value("image", "")] = Bytes{entry.value("size", std::uint64_t{0})};
        }
    }
    return images;
}

Result<void> pool_answers(Platform& platform) {
    BEDPLATE_TRY(rbd(platform, {"ls"}, scaled(std::chrono::seconds{20})));
    return {};
}

Result<PoolSpace> pool_space(Platform& platform) {
    const Json request{{"command", {{"prefix", "df"}, {"format", "json"}}}};
    BEDPLATE_ASSIGN(
        const auto said,
        run_checked(platform.commands, {.argv = {"/usr/lib/bedplate/bedplate-ceph", "--name",
                                                 "client.libvirt", "--keyring", std::string(keyring)},
                                        .input = request.dump()}));
    BEDPLATE_ASSIGN(const Json usage, parse_json(said, "ceph df"));
    for (const Json& pool : usage.value("pools", Json::array())) {
        const Json stats = pool.value("stats", Json::object());
        if (pool.value("name", "") == vm_pool) {
            return PoolSpace{.used = Bytes{stats.value("stored", std::uint64_t{0})},
                             .free = Bytes{stats.value("max_avail", std::uint64_t{0})}};
        }
    }
    return fail("vm.pool", "Ceph has no pool for machines yet", std::string(vm_pool),
                "look at 'bedplate node status' on the control nodes");
}

std::string unfinished_image(const std::string& name) {
    return name + ".part";
}

Result<void> make_image(Platform& platform, const std::string& name, Bytes size) {
    BEDPLATE_TRY(rbd(platform, {"create", "--size", std::format("{}B", size.value), name}));
    return {};
}

Result<void> import_image(Platform& platform, const ImageFile& file, const std::string& name, Bytes size,
                          const Say& say) {
    const std::string part = unfinished_image(name);
    BEDPLATE_TRY(delete_image(platform, part, say));
    BEDPLATE_TRY(make_image(platform, part, size));
    BEDPLATE_TRY(copy(platform, file, part, say));
    BEDPLATE_TRY(rbd(platform, {"rename", part, name}));
    return {};
}

Result<void> delete_image(Platform& platform, const std::string& name, const Say& say) {
    constexpr std::chrono::seconds patience{90}, pause{5};
    BEDPLATE_ASSIGN(const auto images, list_images(platform));
    if (!images.contains(name)) {
        return {};
    }
    const auto deadline = platform.clock.steady() + scaled(patience);
    for (bool told = false;; told = true) {
        const auto done = rbd(platform, {"rm", "--no-progress", name});
        // What rbd says of EBUSY: a QEMU that was killed has the image open until Ceph misses it.
        const bool is_open = !done && done.error().message.contains("watchers");
        if (done) {
            return {};
        }
        if (!is_open || platform.clock.steady() >= deadline) {
            return std::unexpected(done.error());
        }
        if (!told) {
            say(std::format("  the image {}/{} is open still; that ends about 30 s after what had it open",
                            vm_pool, name));
        }
        platform.clock.sleep(pause);
    }
}

}  // namespace bedplate::guests
