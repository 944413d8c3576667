// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/tree.hpp"

#include <catch2/catch_test_macros.hpp>

#include "image/compress.hpp"
#include "image/files.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;
using namespace bedplate::image;

namespace {

Tree example() {
    Tree tree;
    put_file(tree, "etc/hostname", "node\n");
    put_file(tree, "usr/bin/program", std::string(100000, 'x'), 0755);
    put_file(tree, "usr/share/F\xc5\x91tan\xc3\xbas\xc3\xadtv\xc3\xa1ny.crt", "certificate");
    put_link(tree, "bin", "usr/bin");
    return tree;
}

PathFilter everything() {
    return [](std::string_view) { return true; };
}

}  // namespace

TEST_CASE("a tree survives the way through a tar archive, names outside ASCII included") {
    const fakes::TempDir directory;
    const auto tar = to_tar(example(), 1000);
    REQUIRE(tar);
    REQUIRE(write_text(directory / "a.tar", *tar + std::string(1024, '\0')));
    Tree back;
    const auto facts = read_tar(directory / "a.tar", everything(), back);
    REQUIRE(facts);
    CHECK(facts->end.value == tar->size());
    CHECK(facts->entries == back.size());
    CHECK(back.size() == example().size());
    CHECK(back.at("usr/bin/program").content.size() == 100000);
    CHECK(back.at("usr/bin/program").mode == 0755);
    CHECK(back.at("bin").content == "usr/bin");
    CHECK(back.contains("usr/share/F\xc5\x91tan\xc3\xbas\xc3\xadtv\xc3\xa1ny.crt"));
    CHECK(back.at("etc/hostname").mtime == 1000);
}

TEST_CASE("archives one after another are one archive, as the payload's parts are") {
    const fakes::TempDir directory;
    Tree second;
    put_file(second, "etc/hostname", "other\n");
    const auto a = to_tar(example(), 1000);
    const auto b = to_tar(second, 1000);
    REQUIRE(a);
    REQUIRE(b);
    REQUIRE(write_text(directory / "both.tar", *a + *b));
    Tree back;
    REQUIRE(read_tar(directory / "both.tar", everything(), back));
    CHECK(back.at("etc/hostname").content == "other\n");
    CHECK(back.contains("usr/bin/program"));
}

TEST_CASE("equal trees give equal archives, whatever their files' times") {
    Tree newer = example();
    for (auto& [path, node] : newer) {
        node.mtime = 5000;
    }
    CHECK(*to_tar(example(), 1000) == *to_tar(newer, 1000));
    CHECK(*to_cpio(example(), 1000) == *to_cpio(newer, 1000));
}

TEST_CASE("a cpio archive may be followed by zero bytes") {
    const auto cpio = to_cpio(example(), 1000);
    REQUIRE(cpio);
    CHECK(cpio->size() % 4 == 0);
    CHECK(cpio->starts_with("070701"));
    const auto back = read_cpio(*cpio + std::string(4096, '\0'));
    REQUIRE(back);
    CHECK(back->at("etc/hostname").content == "node\n");
    CHECK(back->at("bin").kind == TreeNode::Kind::symlink);
}

TEST_CASE("chunks are independent frames that add up to the tar") {
    const fakes::TempDir directory;
    std::string tar(3 * chunk_size + 12345, '\0');
    for (std::size_t i = 0; i < tar.size(); ++i) {
        tar[i] = static_cast<char>(i * 2654435761U >> 13U);
    }
    const auto chunks = write_chunks(tar, 3, 2, directory / "frames", {});
    REQUIRE(chunks);
    REQUIRE(chunks->size() == 4);
    const auto frames = read_text(directory / "frames");
    REQUIRE(frames);
    std::string back;
    Bytes offset;
    for (const auto& chunk : *chunks) {
        CHECK(chunk.offset == offset);
        offset += chunk.size;
        const auto piece = decompress_frame(
            std::string_view(*frames).substr(chunk.offset.value, chunk.size.value), chunk.tar_size.value);
        REQUIRE(piece);
        back += *piece;
    }
    CHECK(back == tar);
    CHECK(offset.value == frames->size());

    const auto again = write_chunks(tar, 3, 1, directory / "again", {});
    REQUIRE(again);
    CHECK(*read_text(directory / "again") == *frames);
    const auto json = chunks_from_json(chunks_to_json(*chunks), "test");
    REQUIRE(json);
    CHECK(json->back().offset == chunks->back().offset);
    CHECK(json->back().sha256 == chunks->back().sha256);
}

TEST_CASE("the wanted files of an initramfs are read through its compression, of the first archive only") {
    Tree second;
    put_file(second, "late", "x");
    const auto first_cpio = to_cpio(example(), 1000), second_cpio = to_cpio(second, 1000);
    REQUIRE(first_cpio);
    REQUIRE(second_cpio);
    const auto a = compress_frame(*first_cpio, 3, 1), b = compress_frame(*second_cpio, 3, 1);
    REQUIRE(a);
    REQUIRE(b);
    const auto tree = read_initramfs(*a + *b, [](std::string_view path) { return path.starts_with("etc/"); });
    REQUIRE(tree);
    REQUIRE(tree->size() == 1);
    CHECK(tree->at("etc/hostname").content == "node\n");
    CHECK(read_initramfs("no archive at all", everything()).error().code == "archive.read");
}

TEST_CASE("a file that was compressed by itself comes back, and one that was not stays as it is") {
    const std::string text(100000, 'm');
    const auto frame = compress_frame(text, 3, 1);
    REQUIRE(frame);
    const auto back = uncompressed(*frame, "module.ko.zst");
    REQUIRE(back);
    CHECK(*back == text);
    const auto plain = uncompressed(
        "\x7f"
        "ELF and more",
        "module.ko");
    REQUIRE(plain);
    CHECK(*plain ==
          "\x7f"
          "ELF and more");
}
