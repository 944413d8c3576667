// SPDX-License-Identifier: GPL-3.0-or-later
// The same expectations for the real file system and for the fake, so that tests on the fake mean something.
#include "platform/file_system.hpp"

#include <sys/stat.h>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include "platform/linux/linux.hpp"
#include "tests/support/fake_file_system.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;

namespace {

struct Real {
    fakes::TempDir dir;
    std::unique_ptr<FileSystem> owner = linux_file_system();
    FileSystem& files = *owner;
    std::filesystem::path root = dir.path();

    std::uint32_t mode(const std::filesystem::path& path) const {
        struct stat status{};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        return status.st_mode & 07777U;
    }
};

struct Fake {
    fakes::FakeFileSystem files;
    std::filesystem::path root = "/t";
    Fake() { files.add_directory(root); }

    std::uint32_t mode(const std::filesystem::path& path) const { return files.mode_of(path).value(); }
};

}  // namespace

TEMPLATE_TEST_CASE("files are written whole, with their mode whatever the umask", "", Real, Fake) {
    TestType t;
    const auto before = ::umask(0077);
    CHECK(t.files.write(t.root / "a/b/file", "text").has_value());
    CHECK(t.files.write(t.root / "secret", "s", 0600).has_value());
    CHECK(t.files.write(t.root / "tool", "#!", 0755).has_value());
    ::umask(before);
    CHECK(t.files.read(t.root / "a/b/file") == "text");
    CHECK(t.mode(t.root / "a") == 0755);
    CHECK(t.mode(t.root / "a/b/file") == 0644);
    CHECK(t.mode(t.root / "secret") == 0600);
    CHECK(t.mode(t.root / "tool") == 0755);
}

TEMPLATE_TEST_CASE("a rewritten file has the new text and the new mode, and nothing is left over", "", Real,
                   Fake) {
    TestType t;
    REQUIRE(t.files.write(t.root / "file", "a long first text").has_value());
    REQUIRE(t.files.write(t.root / "file", "short", 0600).has_value());
    CHECK(t.files.read(t.root / "file") == "short");
    CHECK(t.mode(t.root / "file") == 0600);
    CHECK(t.files.list(t.root) == std::vector<std::string>{"file"});
    REQUIRE(t.files.write(t.root / "file", "").has_value());
    CHECK(t.files.read(t.root / "file") == "");
}

TEMPLATE_TEST_CASE("writing replaces a symbolic link and not what it points to", "", Real, Fake) {
    TestType t;
    REQUIRE(t.files.write(t.root / "target", "precious").has_value());
    REQUIRE(t.files.symlink("target", t.root / "link").has_value());
    REQUIRE(t.files.write(t.root / "link", "new").has_value());
    CHECK(t.files.read(t.root / "target") == "precious");
    CHECK(t.files.read(t.root / "link") == "new");
    CHECK_FALSE(t.files.read_link(t.root / "link").has_value());
}

TEMPLATE_TEST_CASE("a file that cannot be written is an error", "", Real, Fake) {
    TestType t;
    REQUIRE(t.files.make_directories(t.root / "dir").has_value());
    const auto over_directory = t.files.write(t.root / "dir", "x");
    REQUIRE_FALSE(over_directory.has_value());
    CHECK(over_directory.error().code == "file.write");
    CHECK(t.files.list(t.root) == std::vector<std::string>{"dir"});
}

TEMPLATE_TEST_CASE("reading says whether a file is absent, too large or no file", "", Real, Fake) {
    TestType t;
    REQUIRE(t.files.write(t.root / "file", "12345").has_value());
    CHECK(t.files.read(t.root / "none").error().code == "file.not-found");
    CHECK(t.files.read(t.root / "file/under").error().code == "file.not-found");
    CHECK(t.files.read(t.root / "file", Bytes{4}).error().code == "file.too-large");
    CHECK(t.files.read(t.root / "file", Bytes{5}) == "12345");
    CHECK(t.files.read(t.root).error().code == "file.read");
    CHECK(t.files.list(t.root / "none").error().code == "file.not-found");
    CHECK(t.files.list(t.root / "file").error().code == "file.not-found");
}

TEMPLATE_TEST_CASE("appending adds to the end and keeps the mode", "", Real, Fake) {
    TestType t;
    {
        auto file = t.files.open_append(t.root / "journal", 0600);
        REQUIRE(file.has_value());
        REQUIRE((*file)->append("one\n").has_value());
        REQUIRE((*file)->append("two\n").has_value());
    }
    auto again = t.files.open_append(t.root / "journal", 0644);
    REQUIRE(again.has_value());
    REQUIRE((*again)->append("three\n").has_value());
    CHECK(t.files.read(t.root / "journal") == "one\ntwo\nthree\n");
    CHECK(t.mode(t.root / "journal") == 0600);
    CHECK(t.files.open_append(t.root / "none/journal").error().code == "file.write");
}

TEMPLATE_TEST_CASE("links are read, followed and counted as existing only with a target", "", Real, Fake) {
    TestType t;
    REQUIRE(t.files.write(t.root / "dir/file", "text").has_value());
    REQUIRE(t.files.symlink("dir", t.root / "way").has_value());
    REQUIRE(t.files.symlink("../dir/file", t.root / "dir/again").has_value());
    REQUIRE(t.files.symlink("nowhere", t.root / "dangling").has_value());
    REQUIRE(t.files.symlink("loop", t.root / "loop").has_value());
    CHECK(t.files.read(t.root / "way/again") == "text");
    CHECK(t.files.resolve(t.root / "way/again") == t.root / "dir/file");
    CHECK(t.files.read_link(t.root / "way") == std::filesystem::path("dir"));
    CHECK(t.files.exists(t.root / "way/file"));
    CHECK_FALSE(t.files.exists(t.root / "dangling"));
    CHECK_FALSE(t.files.exists(t.root / "loop"));
    CHECK_FALSE(t.files.resolve(t.root / "loop").has_value());
    CHECK(t.files.resolve(t.root / "dangling").error().code == "file.not-found");
    CHECK(t.files.read_link(t.root / "none").error().code == "file.not-found");
    CHECK(t.files.read_link(t.root / "dir").error().code == "file.read");
    CHECK(t.files.symlink("x", t.root / "way").error().code == "file.write");
}

TEMPLATE_TEST_CASE("directories are made with their parents and listed in order", "", Real, Fake) {
    TestType t;
    REQUIRE(t.files.make_directories(t.root / "x/y/z", 0700).has_value());
    REQUIRE(t.files.make_directories(t.root / "x/y/z", 0755).has_value());
    CHECK(t.mode(t.root / "x/y/z") == 0700);
    REQUIRE(t.files.write(t.root / "x/b", "").has_value());
    REQUIRE(t.files.write(t.root / "x/a", "").has_value());
    CHECK(t.files.list(t.root / "x") == std::vector<std::string>{"a", "b", "y"});
    CHECK(t.files.make_directories(t.root / "x/a").error().code == "file.write");
}

TEMPLATE_TEST_CASE("removing takes files, links and empty directories, and what is absent already", "", Real,
                   Fake) {
    TestType t;
    REQUIRE(t.files.write(t.root / "dir/file", "text").has_value());
    REQUIRE(t.files.symlink("dir/file", t.root / "link").has_value());
    CHECK(t.files.remove(t.root / "link").has_value());
    CHECK(t.files.exists(t.root / "dir/file"));
    CHECK(t.files.remove(t.root / "dir").error().code == "file.write");
    CHECK(t.files.remove(t.root / "dir/file").has_value());
    CHECK(t.files.remove(t.root / "dir").has_value());
    CHECK(t.files.remove(t.root / "dir").has_value());
    CHECK(t.files.list(t.root)->empty());
}

TEST_CASE("files of the kernel, which have no size, are read") {
    const auto files = linux_file_system();
    CHECK(files->read("/proc/self/status")->contains("Name:"));
    CHECK(files->read("/dev/zero", kib(100)).error().code == "file.too-large");
}

TEST_CASE("the fake file system fails from the chosen change on and counts them") {
    fakes::FakeFileSystem files;
    files.fail_at(2);
    CHECK(files.write("/a", "1").has_value());
    CHECK(files.write("/b", "2").error().code == "file.write");
    CHECK(files.remove("/a").error().code == "file.write");
    CHECK(files.changes() == std::vector<std::string>{"write /a"});
    CHECK(files.files() == std::map<std::string, std::string>{{"/a", "1"}});
}

TEST_CASE("the fake file system takes over a real folder") {
    const fakes::TempDir dir;
    const auto real = linux_file_system();
    REQUIRE(real->write(dir / "sys/block/sda/size", "8\n").has_value());
    REQUIRE(real->symlink("../block/sda", dir / "sys/link").has_value());
    fakes::FakeFileSystem files;
    files.add_tree(dir.path());
    CHECK(files.read("/sys/block/sda/size") == "8\n");
    CHECK(files.list("/") == std::vector<std::string>{"sys"});
}
