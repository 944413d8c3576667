// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/execute/machine/machine.hpp"

namespace bedplate::test {

namespace fs = std::filesystem;

const FileSystem& HybridFiles::side(const fs::path& path) const {
    return path.string().starts_with(root_.string()) ? static_cast<const FileSystem&>(*real_) : fake;
}

FileSystem& HybridFiles::side(const fs::path& path) {
    return path.string().starts_with(root_.string()) ? *real_ : static_cast<FileSystem&>(fake);
}

Result<void> HybridFiles::attempt(const fs::path& path) {
    if (fail_write_at > 0 && --fail_write_at == 0) {
        return fail("file.write", "made to fail by the test", path.string());
    }
    return {};
}

Result<std::string> HybridFiles::read(const fs::path& path, Bytes max) const {
    return side(path).read(path, max);
}

Result<void> HybridFiles::write(const fs::path& path, std::string_view text, std::uint32_t mode) {
    BEDPLATE_TRY(attempt(path));
    return side(path).write(path, text, mode);
}

Result<std::unique_ptr<AppendFile>> HybridFiles::open_append(const fs::path& path, std::uint32_t mode) {
    return side(path).open_append(path, mode);
}

bool HybridFiles::exists(const fs::path& path) const {
    return side(path).exists(path);
}

Result<std::vector<std::string>> HybridFiles::list(const fs::path& path) const {
    return side(path).list(path);
}

Result<fs::path> HybridFiles::read_link(const fs::path& path) const {
    return side(path).read_link(path);
}

Result<fs::path> HybridFiles::resolve(const fs::path& path) const {
    return side(path).resolve(path);
}

Result<void> HybridFiles::make_directories(const fs::path& path, std::uint32_t mode) {
    return side(path).make_directories(path, mode);
}

Result<void> HybridFiles::symlink(const fs::path& target, const fs::path& link) {
    BEDPLATE_TRY(attempt(link));
    return side(link).symlink(target, link);
}

Result<void> HybridFiles::remove(const fs::path& path) {
    return side(path).remove(path);
}

}  // namespace bedplate::test
