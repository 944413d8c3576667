// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "platform/file_system.hpp"

namespace bedplate {

/// The half of a FileSystem that changes things, refused.
class ReadOnlyFiles : public FileSystem {
public:
    Result<void> write(const std::filesystem::path& path, std::string_view, std::uint32_t) override {
        return refused(path);
    }
    Result<std::unique_ptr<AppendFile>> open_append(const std::filesystem::path& path,
                                                    std::uint32_t) override {
        return refused(path);
    }
    Result<void> make_directories(const std::filesystem::path& path, std::uint32_t) override {
        return refused(path);
    }
    Result<void> symlink(const std::filesystem::path&, const std::filesystem::path& link) override {
        return refused(link);
    }
    Result<void> remove(const std::filesystem::path& path) override { return refused(path); }

private:
    static std::unexpected<Error> refused(const std::filesystem::path& path) {
        return fail("file.write", "looking at a machine changes nothing", path.string());
    }
};

}  // namespace bedplate
