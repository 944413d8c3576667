// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "platform/platform.hpp"

namespace bedplate::guests {

/// How a machine is started that is forgotten when it ends, and how it is ended; gone already is fine.
struct Trial {
    std::function<Result<void>(const std::string& xml)> start;
    std::function<Result<void>(const std::string& domain)> end;
};

/// Whether a kernel really runs under KVM. There are machines whose /dev/kvm opens and answers while guests
/// hang: the kernel, without an initramfs, has to come as far as asking for its root file system within ten
/// seconds. `folder` is one that QEMU may read; what is put there is removed again. Errors: file.*, those of
/// `end`.
[[nodiscard]] Result<bool> kvm_works(Platform& platform, const Trial& trial, const std::string& kernel,
                                     const std::filesystem::path& folder);

}  // namespace bedplate::guests
