// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/manifest.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/digest.hpp"

using namespace bedplate;

namespace {

Manifest sample() {
    Manifest manifest;
    manifest.version = "0.1.0";
    manifest.build_id = sha256_hex("build");
    manifest.source_date_epoch = 1767225600;
    manifest.suite = "trixie";
    manifest.payload = {.path = "bedplate/payload/node.tar.zst",
                        .size = Bytes{300},
                        .tar_size = Bytes{3000},
                        .entries = 12,
                        .sha256 = sha256_hex("payload"),
                        .kernel = "6.12.0-amd64",
                        .chunks = {{Bytes{0}, Bytes{100}, Bytes{1000}, sha256_hex("1")},
                                   {Bytes{100}, Bytes{150}, Bytes{1500}, sha256_hex("2")},
                                   {Bytes{250}, Bytes{50}, Bytes{500}, sha256_hex("3")}}};
    manifest.files = {{"boot/installer.cpio.zst", Bytes{7}, sha256_hex("i")},
                      {"boot/vmlinuz", Bytes{9}, sha256_hex("k")}};
    return manifest;
}

}  // namespace

TEST_CASE("a manifest survives the way through JSON") {
    const Json json = to_json(sample());
    const auto back = manifest_from_json(json, "manifest.json");
    REQUIRE(back.has_value());
    CHECK(canonical(to_json(*back)) == canonical(json));
    CHECK(back->payload.chunks[2].offset == Bytes{250});
    CHECK(back->files[1].path == "boot/vmlinuz");
    CHECK(back->site_area_size == mib(1));
}

TEST_CASE("a manifest with one wrong thing in it is refused") {
    struct Row {
        const char* pointer;  ///< what to replace
        Json value;           ///< null: remove it
        const char* code;
    };
    const Row rows[] = {
        {"/schema", "bedplate/manifest/v2", "manifest.schema"},
        {"/schema", 1, "manifest.schema"},
        {"/schema", nullptr, "manifest.schema"},
        {"/version", nullptr, "manifest.field"},
        {"/version", 1, "manifest.field"},
        {"/extra", true, "manifest.field"},
        {"/payload/extra", true, "manifest.field"},
        {"/payload/chunks/1/extra", true, "manifest.field"},
        {"/files/0/extra", true, "manifest.field"},
        {"/site_area/extra", true, "manifest.field"},
        {"/source_date_epoch", -1, "manifest.field"},
        {"/source_date_epoch", 1.5, "manifest.field"},
        {"/payload", Json::array(), "manifest.field"},
        {"/payload/size", "300", "manifest.field"},
        {"/payload/size", -300, "manifest.field"},
        {"/payload/path", "../etc/shadow", "manifest.field"},
        {"/payload/path", "/etc/shadow", "manifest.field"},
        {"/payload/path", "a//b", "manifest.field"},
        {"/payload/path", "", "manifest.field"},
        {"/payload/sha256", "abc", "manifest.field"},
        {"/payload/chunks", Json::object(), "manifest.field"},
        {"/payload/chunks/0", 5, "manifest.field"},
        {"/payload/chunks/0/sha256", std::string(64, 'A'), "manifest.field"},
        {"/files", nullptr, "manifest.field"},
        {"/files/0", "x", "manifest.field"},
        {"/files/0/path", "boot/vmlinuz", "manifest.field"},
        {"/files/0/path", "z", "manifest.field"},
        {"/files/1/path", "boot/../boot/vmlinuz", "manifest.field"},
        {"/payload/chunks", Json::array(), "manifest.chunks"},
        {"/payload/chunks/0/offset", 1, "manifest.chunks"},
        {"/payload/chunks/1/offset", 99, "manifest.chunks"},
        {"/payload/chunks/1/offset", 101, "manifest.chunks"},
        {"/payload/chunks/1/size", 149, "manifest.chunks"},
        {"/payload/chunks/2/size", 49, "manifest.chunks"},
        {"/payload/chunks/2/size", 51, "manifest.chunks"},
        {"/payload/chunks/2/size", 0, "manifest.chunks"},
        {"/payload/chunks/2/size", 18446744073709551615ULL, "manifest.chunks"},
        {"/payload/chunks/2/tar_size", 499, "manifest.chunks"},
        {"/payload/chunks/2/tar_size", 18446744073709551615ULL, "manifest.chunks"},
        {"/payload/size", 301, "manifest.chunks"},
        {"/payload/tar_size", 2999, "manifest.chunks"},
    };
    for (const auto& row : rows) {
        INFO(row.pointer << " = " << row.value.dump());
        Json json = to_json(sample());
        const Json::json_pointer pointer(row.pointer);
        if (row.value.is_null()) {
            json.at(pointer.parent_pointer()).erase(pointer.back());
        } else {
            json[pointer] = row.value;
        }
        const auto manifest = manifest_from_json(json, "manifest.json");
        REQUIRE_FALSE(manifest.has_value());
        CHECK(manifest.error().code == row.code);
        CHECK(manifest.error().where == "manifest.json");
    }
}

TEST_CASE("what is no object at all is no manifest") {
    for (const Json& json : {Json(nullptr), Json(1), Json("x"), Json::array(), Json::object()}) {
        REQUIRE_FALSE(manifest_from_json(json, "m").has_value());
        CHECK(manifest_from_json(json, "m").error().code == "manifest.schema");
    }
}
