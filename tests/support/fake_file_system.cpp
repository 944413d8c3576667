// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_file_system.hpp"

#include <deque>
#include <format>
#include <fstream>
#include <iterator>

namespace bedplate::fakes {

namespace fs = std::filesystem;

class FakeFileSystem::Appender : public AppendFile {
public:
    Appender(FakeFileSystem& files, fs::path path) : files_(files), path_(std::move(path)) {}
    Result<void> append(std::string_view text) override {
        BEDPLATE_TRY(files_.change("append", path_));
        files_.nodes_[path_.string()].text += text;
        return {};
    }

private:
    FakeFileSystem& files_;
    fs::path path_;
};

void FakeFileSystem::put(const fs::path& path, Node node) {
    for (auto parent = path.parent_path(); !nodes_.contains(parent.string()); parent = parent.parent_path()) {
        nodes_[parent.string()] = Node{.kind = Kind::directory, .text = {}, .mode = 0755};
        if (parent == parent.root_path()) {
            break;
        }
    }
    nodes_[path.string()] = std::move(node);
}

void FakeFileSystem::add_file(const fs::path& path, std::string_view text, std::uint32_t mode) {
    const std::scoped_lock guard(mutex_);
    put(path, Node{.kind = Kind::file, .text = std::string(text), .mode = mode});
}

void FakeFileSystem::add_link(const fs::path& link, const fs::path& target) {
    const std::scoped_lock guard(mutex_);
    put(link, Node{.kind = Kind::link, .text = target.string(), .mode = 0777});
}

void FakeFileSystem::add_directory(const fs::path& path) {
    const std::scoped_lock guard(mutex_);
    put(path, Node{.kind = Kind::directory, .text = {}, .mode = 0755});
}

void FakeFileSystem::add_tree(const fs::path& real_folder, const fs::path& at) {
    for (const auto& entry : fs::recursive_directory_iterator(real_folder)) {
        const auto path = at / entry.path().lexically_relative(real_folder);
        if (entry.is_symlink()) {
            add_link(path, fs::read_symlink(entry.path()));
        } else if (entry.is_directory()) {
            add_directory(path);
        } else {
            std::ifstream file(entry.path(), std::ios::binary);
            add_file(path, std::string(std::istreambuf_iterator<char>(file), {}));
        }
    }
}

std::optional<fs::path> FakeFileSystem::follow(const fs::path& path, bool follow_last) const {
    constexpr int max_links = 40;  // as path_resolution(7)
    int links = 0;
    const auto normal = path.lexically_normal();
    std::deque<fs::path> rest(normal.begin(), normal.end());
    fs::path done = "/";
    while (!rest.empty()) {
        const fs::path part = rest.front();
        rest.pop_front();
        if (part.empty() || part == "/" || part == ".") {
            continue;
        }
        if (part == "..") {
            done = done.parent_path();
            continue;
        }
        const auto node = nodes_.find((done / part).string());
        if (node == nodes_.end() || node->second.kind != Kind::link || (rest.empty() && !follow_last)) {
            done /= part;
            continue;
        }
        if (++links > max_links) {
            return std::nullopt;
        }
        const fs::path target = node->second.text;
        if (target.is_absolute()) {
            done = "/";
        }
        rest.insert(rest.begin(), target.begin(), target.end());
    }
    return done;
}

const FakeFileSystem::Node* FakeFileSystem::find(const fs::path& path) const {
    const auto real = follow(path, true);
    const auto node = real ? nodes_.find(real->string()) : nodes_.end();
    return node == nodes_.end() ? nullptr : &node->second;
}

Result<void> FakeFileSystem::change(const std::string& what, const fs::path& path) {
    if (fail_at_ && changes_.size() >= *fail_at_) {
        return fail("file.write", "made to fail by the test", path.string());
    }
    changes_.push_back(std::format("{} {}", what, path.string()));
    return {};
}

Result<std::string> FakeFileSystem::read(const fs::path& path, Bytes max) const {
    const std::scoped_lock guard(mutex_);
    const Node* node = find(path);
    if (node == nullptr) {
        return fail("file.not-found", std::format("there is no file {}", path.string()), path.string());
    }
    if (node->kind == Kind::directory) {
        return fail("file.read", std::format("{} is a directory", path.string()), path.string());
    }
    if (node->text.size() > max.value) {
        return fail("file.too-large", std::format("{} is too large", path.string()), path.string());
    }
    return node->text;
}

Result<void> FakeFileSystem::write(const fs::path& path, std::string_view text, std::uint32_t mode) {
    const std::scoped_lock guard(mutex_);
    BEDPLATE_TRY(change("write", path));
    // As with rename(2), a link at the end of the path is replaced and not followed.
    const auto real = follow(path, false);
    if (!real || (nodes_.contains(real->string()) && nodes_.at(real->string()).kind == Kind::directory)) {
        return fail("file.write", std::format("{} is a directory", path.string()), path.string());
    }
    put(*real, Node{.kind = Kind::file, .text = std::string(text), .mode = mode});
    return {};
}

Result<std::unique_ptr<AppendFile>> FakeFileSystem::open_append(const fs::path& path, std::uint32_t mode) {
    const std::scoped_lock guard(mutex_);
    const auto real = follow(path, true);
    if (!real || !exists(real->parent_path())) {
        return fail("file.write", std::format("{} has no parent directory", path.string()), path.string());
    }
    if (!nodes_.contains(real->string())) {
        BEDPLATE_TRY(change("create", path));
        put(*real, Node{.kind = Kind::file, .text = {}, .mode = mode});
    }
    return std::make_unique<Appender>(*this, *real);
}

bool FakeFileSystem::exists(const fs::path& path) const {
    const std::scoped_lock guard(mutex_);
    return find(path) != nullptr;
}

Result<std::vector<std::string>> FakeFileSystem::list(const fs::path& path) const {
    const std::scoped_lock guard(mutex_);
    const auto real = follow(path, true);
    const Node* node = find(path);
    if (!real || node == nullptr || node->kind != Kind::directory) {
        return fail("file.not-found", std::format("there is no directory {}", path.string()), path.string());
    }
    std::vector<std::string> names;
    for (const auto& [name, child] : nodes_) {
        const fs::path child_path = name;
        if (child_path != *real && child_path.parent_path() == *real) {
            names.push_back(child_path.filename().string());
        }
    }
    return names;
}

Result<fs::path> FakeFileSystem::read_link(const fs::path& path) const {
    const std::scoped_lock guard(mutex_);
    const auto real = follow(path, false);
    const auto node = real ? nodes_.find(real->string()) : nodes_.end();
    if (node == nodes_.end()) {
        return fail("file.not-found", std::format("there is no file {}", path.string()), path.string());
    }
    if (node->second.kind != Kind::link) {
        return fail("file.read", std::format("{} is no symbolic link", path.string()), path.string());
    }
    return fs::path(node->second.text);
}

Result<fs::path> FakeFileSystem::resolve(const fs::path& path) const {
    const std::scoped_lock guard(mutex_);
    const auto real = follow(path, true);
    if (!real || !nodes_.contains(real->string())) {
        return fail("file.not-found", std::format("there is no file {}", path.string()), path.string());
    }
    return *real;
}

Result<void> FakeFileSystem::make_directories(const fs::path& path, std::uint32_t mode) {
    const std::scoped_lock guard(mutex_);
    BEDPLATE_TRY(change("mkdir", path));
    const auto real = follow(path, true);
    if (!real) {
        return fail("file.write", "too many symbolic links", path.string());
    }
    if (const Node* node = find(*real); node != nullptr) {
        return node->kind == Kind::directory
                   ? Result<void>{}
                   : fail("file.write", std::format("{} is no directory", path.string()), path.string());
    }
    put(*real, Node{.kind = Kind::directory, .text = {}, .mode = mode});
    return {};
}

Result<void> FakeFileSystem::symlink(const fs::path& target, const fs::path& link) {
    const std::scoped_lock guard(mutex_);
    BEDPLATE_TRY(change("symlink", link));
    const auto real = follow(link, false);
    if (!real || nodes_.contains(real->string())) {
        return fail("file.write", std::format("{} is there already", link.string()), link.string());
    }
    put(*real, Node{.kind = Kind::link, .text = target.string(), .mode = 0777});
    return {};
}

Result<void> FakeFileSystem::remove(const fs::path& path) {
    const std::scoped_lock guard(mutex_);
    BEDPLATE_TRY(change("remove", path));
    const auto real = follow(path, false);
    if (!real || !nodes_.contains(real->string())) {
        return {};
    }
    if (const auto names = list(*real); names && !names->empty()) {
        return fail("file.write", std::format("{} is not empty", path.string()), path.string());
    }
    nodes_.erase(real->string());
    return {};
}

std::optional<std::uint32_t> FakeFileSystem::mode_of(const fs::path& path) const {
    const std::scoped_lock guard(mutex_);
    const Node* node = find(path);
    return node == nullptr ? std::nullopt : std::optional(node->mode);
}

std::map<std::string, std::string> FakeFileSystem::files() const {
    const std::scoped_lock guard(mutex_);
    std::map<std::string, std::string> files;
    for (const auto& [path, node] : nodes_) {
        if (node.kind == Kind::file) {
            files[path] = node.text;
        }
    }
    return files;
}

}  // namespace bedplate::fakes
