// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/quantities.hpp"
#include "base/result.hpp"
#include "platform/platform.hpp"

namespace bedplate::guests {

/// A file with a disk in it, as qemu-img sees it.
struct ImageFile {
    std::string path, format;
    Bytes size;  ///< as the guest sees it
};
/// Errors (refused): vm.image (no file, no image, or one that needs another file beside it).
[[nodiscard]] Result<ImageFile> look_at_image(Platform& platform, const std::string& path);

/// Images of the RBD pool `vms` by name. Asked for as client.libvirt, whose key every node has. Errors:
/// command.*.
[[nodiscard]] Result<std::map<std::string, Bytes>> list_images(Platform& platform);

/// The pool tells its images within 20 s (times BEDPLATE_TIME_SCALE): monitors and OSDs serve. Errors:
/// command.*.
[[nodiscard]] Result<void> pool_answers(Platform& platform);

/// What is used of the pool `vms`, and what still fits into it: copies and full ratio are counted already.
struct PoolSpace {
    Bytes used, free;
};
/// Errors: command.*, vm.pool.
[[nodiscard]] Result<PoolSpace> pool_space(Platform& platform);

using Say = std::function<void(const std::string&)>;

/// An empty image.
[[nodiscard]] Result<void> make_image(Platform& platform, const std::string& name, Bytes size);
/// An image with what `file` holds, at least as large as it; zeros are not written. It has another name
/// ("NAME.part") until it is whole; what an earlier try left of that is dropped. Says how far it is, every
/// tenth.
[[nodiscard]] Result<void> import_image(Platform& platform, const ImageFile& file, const std::string& name,
                                        Bytes size, const Say& say);
/// Absent is fine. One that is open is tried again for 90 s (times BEDPLATE_TIME_SCALE), which is said.
/// Errors: command.failed: somebody still has it open.
[[nodiscard]] Result<void> delete_image(Platform& platform, const std::string& name, const Say& say);
[[nodiscard]] std::string unfinished_image(const std::string& name);

}  // namespace bedplate::guests
