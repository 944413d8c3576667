// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/extract.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>

#include "tests/support/fake_clock.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/execute/machine/payload_builder.hpp"

using namespace bedplate;
using test::BytesSource;
using test::TarBuilder;

namespace {

constexpr std::size_t chunk_size = 10'000;

struct Unpacked {
    BytesSource source;
    Payload payload;
    fakes::FakeClock clock;

    Unpacked(const std::string& tar, std::uint64_t entries)
        : payload(test::make_payload(tar, entries, chunk_size, source)) {}
    Result<ExtractReport> into(const std::filesystem::path& root, std::set<std::string> digests = {}) {
        return extract_payload(
            source, payload, root, clock,
            {.stream = {.threads = 3, .buffers = 4}, .writers = 2, .digests = std::move(digests)},
            [](Bytes) {});
    }
};

Unpacked of(TarBuilder& tar) {
    const std::uint64_t entries = tar.entries();
    return {tar.finish(), entries};
}

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct stat status_of(const std::filesystem::path& path) {
    struct stat status{};
    INFO(path.string());
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status;
}

std::string attribute(const std::filesystem::path& path, const char* name) {
    std::string value(256, '\0');
    const ssize_t size = ::lgetxattr(path.c_str(), name, value.data(), value.size());
    value.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return value;
}

bool root() {
    return ::geteuid() == 0;
}

std::string pattern(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        text[i] = static_cast<char>((i * 7919) >> 5U);
    }
    return text;
}

}  // namespace

TEST_CASE("files, directories, links, long and non-ASCII names come out as they went in") {
    TarBuilder tar;
    tar.directory("./", 0755);
    tar.directory("usr", 0755);
    tar.directory("usr/sticky", 01777);
    tar.directory("usr/setgid", 02755);
    tar.file("usr/setuid", "x", 04755);
    tar.file("usr/secret", "y", 0600);
    tar.file("usr/empty", "");
    tar.file("usr/big", pattern(123'456));
    tar.file("usr/größe-\u65e5\u672c.txt", "utf8");
    const std::string longname = std::string(100, 'd') + "/" + std::string(200, 'f');
    tar.file(longname, "long");
    tar.link("bin", "usr/bin");
    tar.link("usr/absolute", "/etc/target");
    tar.hard_link("usr/big-again", "usr/big");
    tar.directory("closed", 0500);
    tar.file("closed/in", "inside");
    const fakes::TempDir folder;
    auto unpacked = of(tar);
    const auto report = unpacked.into(folder.path(), {"usr/big", "usr/empty", "usr/none"});
    INFO((report ? "" : report.error().to_text()));
    REQUIRE(report);

    CHECK(report->digests.size() == 2);
    CHECK(report->digests.at("usr/big") == sha256_hex(pattern(123'456)));
    CHECK(report->digests.at("usr/empty") == sha256_hex(""));
    CHECK(text_of(folder / "usr/big") == pattern(123'456));
    CHECK(text_of(folder / "usr/größe-\u65e5\u672c.txt") == "utf8");
    CHECK(text_of(folder / longname) == "long");
    CHECK(text_of(folder / "closed/in") == "inside");
    CHECK((status_of(folder / "usr/sticky").st_mode & 07777U) == 01777);
    CHECK((status_of(folder / "usr/setgid").st_mode & 07777U) == 02755);
    CHECK((status_of(folder / "usr/setuid").st_mode & 07777U) == 04755);
    CHECK((status_of(folder / "usr/secret").st_mode & 07777U) == 0600);
    CHECK((status_of(folder / "closed").st_mode & 07777U) == 0500);
    CHECK(status_of(folder / "usr/big").st_ino == status_of(folder / "usr/big-again").st_ino);
    CHECK(std::filesystem::read_symlink(folder / "bin") == "usr/bin");
    CHECK(std::filesystem::read_symlink(folder / "usr/absolute") == "/etc/target");
    for (const char* path : {"usr", "usr/sticky", "usr/big", "bin", "closed"}) {
        CHECK(status_of(folder / path).st_mtime == 1700000000);
    }
}

TEST_CASE("owners, capabilities, attributes, access lists and devices come out as they went in") {
    if (!root()) {
        SKIP("only root may set owners, capabilities and devices");
    }
    // struct vfs_cap_data, revision 2: cap_net_raw+ep, as on ping.
    const std::string capability(
        "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
    TarBuilder tar;
    tar.directory("d", 0750, [](archive_entry* entry) {
        archive_entry_acl_add_entry(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, 7, ARCHIVE_ENTRY_ACL_USER_OBJ, -1,
                                    "");
        archive_entry_acl_add_entry(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, 5, ARCHIVE_ENTRY_ACL_GROUP_OBJ, -1,
                                    "");
        archive_entry_acl_add_entry(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, 5, ARCHIVE_ENTRY_ACL_GROUP, 4,
                                    "adm");
        archive_entry_acl_add_entry(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, 5, ARCHIVE_ENTRY_ACL_MASK, -1, "");
        archive_entry_acl_add_entry(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, 0, ARCHIVE_ENTRY_ACL_OTHER, -1,
                                    "");
    });
    tar.file("d/ping", "p", 0755, [&](archive_entry* entry) {
        archive_entry_xattr_add_entry(entry, "security.capability", capability.data(), capability.size());
        archive_entry_xattr_add_entry(entry, "user.note", "hello", 5);
    });
    tar.file("d/owned", "o", 06755, [](archive_entry* entry) {
        archive_entry_set_uid(entry, 1234);
        archive_entry_set_gid(entry, 5678);
    });
    tar.file("d/listed", "l", 0640, [](archive_entry* entry) {
        archive_entry_acl_add_entry(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, 6, ARCHIVE_ENTRY_ACL_USER, 33,
                                    "www");
        archive_entry_acl_add_entry(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, 6, ARCHIVE_ENTRY_ACL_MASK, -1, "");
    });
    tar.add("d/null", S_IFCHR, 0666, "", [](archive_entry* entry) {
        archive_entry_set_rdevmajor(entry, 1);
        archive_entry_set_rdevminor(entry, 3);
    });
    tar.add("d/fifo", S_IFIFO, 0600, "", {});
    tar.file("d/immutable", "i", 0644,
             [](archive_entry* entry) { archive_entry_set_fflags(entry, 0x40, 0); });
    const fakes::TempDir folder;
    auto unpacked = of(tar);
    const auto report = unpacked.into(folder.path());
    if (!report && report.error().message.contains("Operation not supported")) {
        SKIP("the file system under the temporary directory cannot hold these attributes");
    }
    INFO((report ? "" : report.error().to_text()));
    REQUIRE(report);
    CHECK(attribute(folder / "d/ping", "security.capability") == capability);
    CHECK(attribute(folder / "d/ping", "user.note") == "hello");
    CHECK(status_of(folder / "d/owned").st_uid == 1234);
    CHECK(status_of(folder / "d/owned").st_gid == 5678);
    CHECK((status_of(folder / "d/owned").st_mode & 07777U) == 06755);
    const auto null = status_of(folder / "d/null");
    CHECK(S_ISCHR(null.st_mode));
    CHECK(null.st_rdev == ::makedev(1, 3));
    CHECK((null.st_mode & 07777U) == 0666);
    CHECK(S_ISFIFO(status_of(folder / "d/fifo").st_mode));
    const std::string access = attribute(folder / "d/listed", "system.posix_acl_access");
    REQUIRE(access.size() == 4 + 5 * 8);
    CHECK(access.substr(12, 8) == std::string("\x02\x00\x06\x00\x21\x00\x00\x00", 8));
    CHECK(attribute(folder / "d", "system.posix_acl_default").size() == 4 + 5 * 8);
    // A new file in the directory got nothing from its default list.
    CHECK(attribute(folder / "d/owned", "system.posix_acl_access").empty());
}

TEST_CASE("a sparse file keeps its holes and its bytes") {
    // GNU form 1.0 as a pax tar: libarchive's writer makes it from the regions given.
    TarBuilder tar;
    std::string text(1'000'000, '\0');
    text.replace(400'000, 5, "hello");
    tar.file("sparse", text, 0644,
             [](archive_entry* entry) { archive_entry_sparse_add_entry(entry, 399'360, 1024); });
    const fakes::TempDir folder;
    auto unpacked = of(tar);
    const auto report = unpacked.into(folder.path(), {"sparse"});
    INFO((report ? "" : report.error().to_text()));
    REQUIRE(report);
    CHECK(text_of(folder / "sparse") == text);
    CHECK(status_of(folder / "sparse").st_blocks < 100);
    CHECK(report->digests.at("sparse") == sha256_hex(text));
}

TEST_CASE("an overlay that follows the base without an end of archive replaces its entries") {
    TarBuilder base;
    base.directory("etc");
    base.file("etc/a", "base", 0600);
    base.hard_link("etc/a-link", "etc/a");
    base.file("etc/b", pattern(50'000));
    base.link("etc/c", "nowhere");
    base.directory("etc/dir", 0700);
    TarBuilder overlay;
    overlay.file("etc/a", "overlay", 0644);
    overlay.link("etc/b", "a");
    overlay.file("etc/c", "file now");
    overlay.directory("etc/dir", 0755);
    overlay.file("new/folder/file", "without its directories");
    const std::uint64_t entries = base.entries() + overlay.entries();
    Unpacked unpacked(base.finish(false) + overlay.finish(), entries);
    const fakes::TempDir folder;
    const auto report = unpacked.into(folder.path());
    INFO((report ? "" : report.error().to_text()));
    REQUIRE(report);
    CHECK(text_of(folder / "etc/a") == "overlay");
    CHECK((status_of(folder / "etc/a").st_mode & 07777U) == 0644);
    CHECK(text_of(folder / "etc/a-link") == "base");
    CHECK(std::filesystem::read_symlink(folder / "etc/b") == "a");
    CHECK(text_of(folder / "etc/c") == "file now");
    CHECK_FALSE(std::filesystem::is_symlink(folder / "etc/c"));
    CHECK((status_of(folder / "etc/dir").st_mode & 07777U) == 0755);
    CHECK(text_of(folder / "new/folder/file") == "without its directories");
}

TEST_CASE("an extraction is repeated over a partial one") {
    TarBuilder tar;
    tar.directory("d", 0755);
    tar.file("d/file", "right", 0644);
    tar.link("d/link", "file");
    tar.hard_link("d/hard", "d/file");
    const fakes::TempDir folder;
    std::filesystem::create_directory(folder / "d");
    std::filesystem::create_symlink("/nowhere/at/all", folder / "d/file");
    std::ofstream(folder / "d/link") << "half";
    std::ofstream(folder / "d/hard") << "half";
    auto unpacked = of(tar);
    REQUIRE(unpacked.into(folder.path()));
    REQUIRE(unpacked.into(folder.path()));
    CHECK(text_of(folder / "d/file") == "right");
    CHECK_FALSE(std::filesystem::is_symlink(folder / "d/file"));
    CHECK(std::filesystem::read_symlink(folder / "d/link") == "file");
    CHECK(text_of(folder / "d/hard") == "right");
}

TEST_CASE("no entry reaches outside of the tree") {
    const fakes::TempDir folder;
    const fakes::TempDir outside;
    const auto refused = [&](const std::function<void(TarBuilder&)>& fill) {
        TarBuilder tar;
        fill(tar);
        auto unpacked = of(tar);
        const auto report = unpacked.into(folder.path());
        CHECK(std::filesystem::is_empty(outside.path()));
        return report ? std::string("done") : report.error().code;
    };
    CHECK(refused([](TarBuilder& tar) { tar.file("../evil", "x"); }) == "extract.path");
    CHECK(refused([](TarBuilder& tar) { tar.file("a/../../evil", "x"); }) == "extract.path");
    CHECK(refused([](TarBuilder& tar) { tar.file("/etc/evil", "x"); }) == "extract.path");
    CHECK(refused([&](TarBuilder& tar) {
              tar.link("way", outside.path().string());
              tar.file("way/evil", "x");
          }) == "extract.symlink-parent");
    CHECK(refused([&](TarBuilder& tar) {
              tar.link("way2", outside.path().string());
              tar.directory("way2/evil");
          }) == "extract.symlink-parent");
    CHECK(refused([&](TarBuilder& tar) {
              tar.link("inner", "other");
              tar.link("inner/evil", "x");
          }) == "extract.symlink-parent");
    CHECK(refused([](TarBuilder& tar) { tar.hard_link("h", "../../etc/passwd"); }) == "extract.path");
}

TEST_CASE(
    "a flipped byte in a chunk is named with chunk and offset, and verifying finds it before extraction") {
    TarBuilder tar;
    tar.file("a", pattern(100'000));
    auto unpacked = of(tar);
    const Chunk& bad = unpacked.payload.chunks[3];
    unpacked.source.bytes[bad.offset.value + 5] ^= 0x10;
    std::size_t kept = 0;
    const auto verified = verify_chunks(
        unpacked.source, unpacked.payload, 3, unpacked.clock, [](Bytes) {},
        [&](const Chunk&, std::span<const std::byte>) { ++kept; });
    REQUIRE_FALSE(verified);
    CHECK(verified.error().code == "payload.corrupt");
    CHECK(verified.error().message.contains("chunk 3 of"));
    CHECK(verified.error().message.contains(std::format("offset {}", bad.offset.value)));
    const fakes::TempDir folder;
    const auto report = unpacked.into(folder.path());
    REQUIRE_FALSE(report);
    CHECK(report.error().code == "payload.corrupt");
}

TEST_CASE("a payload that ends too early is truncated, not damaged") {
    TarBuilder tar;
    tar.file("a", pattern(100'000));
    auto unpacked = of(tar);
    unpacked.source.bytes.resize(unpacked.source.bytes.size() - 10);
    const fakes::TempDir folder;
    CHECK(unpacked.into(folder.path()).error().code == "payload.truncated");
}

TEST_CASE("reads that fail are repeated with pauses, and not for ever") {
    TarBuilder tar;
    tar.file("a", "text");
    auto unpacked = of(tar);
    unpacked.source.failing_reads = 4;
    REQUIRE(read_chunk(unpacked.source, unpacked.payload, 0, unpacked.clock));
    CHECK(unpacked.clock.elapsed() == std::chrono::milliseconds{250 + 500 + 1000 + 2000});
    unpacked.source.failing_reads = 5;
    const auto chunk = read_chunk(unpacked.source, unpacked.payload, 0, unpacked.clock);
    REQUIRE_FALSE(chunk);
    CHECK(chunk.error().code == "payload.read");
    CHECK(chunk.error().context.front().contains("chunk 0 of 1"));
}

TEST_CASE("a tar that is not what the manifest says is an error") {
    TarBuilder tar;
    tar.file("a", pattern(30'000));
    auto unpacked = of(tar);
    const fakes::TempDir folder;
    ++unpacked.payload.entries;
    CHECK(unpacked.into(folder.path()).error().code == "extract.count");

    Unpacked noise(pattern(30'000), 1);
    CHECK(noise.into(folder.path()).error().code == "extract.archive");

    const std::string whole = [] {
        TarBuilder cut;
        cut.file("a", pattern(30'000));
        return cut.finish();
    }();
    Unpacked half(whole.substr(0, 10'000), 1);
    CHECK(half.into(folder.path()).error().code == "extract.archive");
}

TEST_CASE("a chunk that does not decode is an error although its digest is right") {
    TarBuilder tar;
    tar.file("a", pattern(30'000));
    auto unpacked = of(tar);
    unpacked.payload.chunks[1].tar_size = Bytes{chunk_size - 1};
    const fakes::TempDir folder;
    CHECK(unpacked.into(folder.path()).error().code == "payload.decode");
}
