// SPDX-License-Identifier: GPL-3.0-or-later
// The published JSON Schemas and the reference say what the loader knows, no more and no less.
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "documents.hpp"

using namespace bedplate;
using namespace bedplate::test;

namespace {

Json schema_file(const std::string& kind) {
    const auto path = source_path("profiles/schema/" + kind + "-v1.schema.json");
    return parse_json(read_file(path), path.string()).value();
}

/// Compares a shape of the loader with a JSON Schema and collects every difference.
class Comparison {
public:
    explicit Comparison(Json root) : root_(std::move(root)) { compare("", shape_of_root(), root_); }

    [[nodiscard]] const std::vector<std::string>& differences() const { return differences_; }

private:
    [[nodiscard]] Json shape_of_root() const {
        return document_shape(root_["properties"]["schema"]["const"].get<std::string>());
    }

    [[nodiscard]] const Json& resolved(const Json& schema) const {
        if (!schema.contains("$ref")) {
            return schema;
        }
        const std::string reference = schema["$ref"];
        return root_.at("$defs").at(reference.substr(std::string("#/$defs/").size()));
    }

    void expect(bool good, const std::string& path, const std::string& what) {
        if (!good) {
            differences_.push_back(std::format("{}: {}", path, what));
        }
    }

    static std::set<std::string> types(const Json& schema) {
        const Json& type = schema.contains("type") ? schema["type"] : Json();
        return type.is_array() ? type.get<std::set<std::string>>() : std::set{type.get<std::string>()};
    }

    void compare(const std::string& path, const Json& shape, const Json& written) {
        const Json& schema = resolved(written);
        if (schema.contains("oneOf")) {
            expect(schema["oneOf"].size() == 2 && shape.contains("or_else"), path, "alternatives");
            compare(path, shape, schema["oneOf"][0]);
            compare(path, shape.value("or_else", Json::object()), schema["oneOf"][1]);
            return;
        }
        expect(types(schema).contains(shape["type"]), path, "type is " + shape["type"].dump());
        expect(types(schema).contains("null") == shape["nullable"].get<bool>(), path, "null");
        if (shape.contains("words")) {
            const Json words = schema.contains("const") ? Json::array({schema["const"]})
                                                        : schema.value("enum", Json::array());
            expect(words == shape["words"], path, "words are " + shape["words"].dump());
        } else {
            expect(!schema.contains("enum"), path, "the loader has no list of words");
        }
        if (shape["type"] == "array") {
            compare(std::format("{}[]", path), shape["element"], schema["items"]);
        }
        if (shape["type"] == "object") {
            compare_keys(path, shape, schema);
        }
    }

    void compare_keys(const std::string& path, const Json& shape, const Json& schema) {
        expect(schema.value("additionalProperties", true) == false, path, "is not closed");
        std::set<std::string> required;
        for (const auto& [key, entry] : shape["keys"].items()) {
            const std::string place = path.empty() ? key : std::format("{}.{}", path, key);
            if (entry["required"]) {
                required.insert(key);
            }
            if (!schema["properties"].contains(key)) {
                expect(false, place, "is missing in the schema");
                continue;
            }
            expect(schema["properties"][key].contains("description"), place, "has no description");
            compare(place, entry["value"], schema["properties"][key]);
        }
        for (const auto& [key, unused] : schema["properties"].items()) {
            expect(shape["keys"].contains(key), std::format("{}.{}", path, key),
                   "is not known to the loader");
        }
        expect(schema.value("required", Json::array()).get<std::set<std::string>>() == required, path,
               "required keys");
    }

    Json root_;
    std::vector<std::string> differences_;
};

void collect_keys(const Json& shape, std::set<std::string>& keys) {
    const Json own_keys = shape.value("keys", Json::object());
    for (const auto& [key, entry] : own_keys.items()) {
        keys.insert(key);
        collect_keys(entry["value"], keys);
    }
    for (const char* inner : {"element", "or_else"}) {
        if (shape.contains(inner)) {
            collect_keys(shape[inner], keys);
        }
    }
}

/// Every key of `json`, and of what is in it, has its place in the schema; `root` is the document that it is
/// from.
void check_described(const Json& json, const Json& written, const Json& root, const std::string& path) {
    const Json& schema = written.contains("$ref")
                             ? root.at("$defs").at(written["$ref"].get<std::string>().substr(8))
                             : written;
    if (json.is_array()) {
        for (const Json& element : json) {
            check_described(element, schema["items"], root, std::format("{}[]", path));
        }
        return;
    }
    if (!json.is_object() || !schema.contains("properties")) {
        return;
    }
    CHECK(schema.value("additionalProperties", true) == false);
    for (const auto& [key, value] : json.items()) {
        INFO(path << "." << key);
        REQUIRE(schema["properties"].contains(key));
        check_described(value, schema["properties"][key], root, std::format("{}.{}", path, key));
    }
    for (const Json& key : schema["required"]) {
        INFO(path << "." << key);
        CHECK(json.contains(key.get<std::string>()));
    }
}

/// An inventory in which every optional field is there.
Inventory full_inventory() {
    Inventory inventory;
    inventory.memory.numa_nodes = {{.id = 0, .bytes = gib(1), .cpus = "0"}};
    Disk disk;
    disk.rotational = true;
    disk.numa_node = 0;
    disk.multipath_of = "sdb";
    disk.partitions = {PartitionFacts{}};
    disk.partition_table_uuid = "x";
    disk.holders = {Holder{.partition = 1,
                           .uuid = "x",
                           .device = "/dev/md127",
                           .active = true,
                           .holders = {Holder{.name = "sys"}}}};
    disk.installation = InstallationMark{};
    inventory.disks = {disk};
    inventory.nics = {
        Nic{.speed_mbps = 1, .max_speed_mbps = 1, .link = true, .numa_node = 0, .lldp = Lldp{}}};
    return inventory;
}

}  // namespace

TEST_CASE("the JSON Schemas of profile, site and secrets say what the loader knows") {
    for (const std::string kind : {"profile", "site", "secrets"}) {
        INFO(kind);
        const Comparison comparison(schema_file(kind));
        CHECK(comparison.differences() == std::vector<std::string>{});
    }
}

TEST_CASE("the comparison notices a key more, a key less and another word") {
    Json more = schema_file("site");
    more["properties"]["install"]["properties"]["speed"] = {{"type", "string"}, {"description", "x"}};
    CHECK(Comparison(more).differences() ==
          std::vector<std::string>{"install.speed: is not known to the loader"});
    Json less = schema_file("site");
    less["$defs"]["network"]["properties"].erase("mtu");
    CHECK(Comparison(less).differences().size() == network_roles().size());
    Json word = schema_file("profile");
    word["properties"]["fencing"]["properties"]["via"]["enum"].push_back("magic");
    CHECK(Comparison(word).differences().size() == 1);
}

TEST_CASE("the JSON Schema of the inventory describes every field that is written") {
    const Json schema = schema_file("inventory");
    check_described(to_json(full_inventory()), schema, schema, "");
    for (const std::string& name : machine_names()) {
        INFO(name);
        check_described(to_json(machine(name)), schema, schema, "");
    }
}

TEST_CASE("the reference has every key of profile, site and secrets") {
    const std::string reference = read_file(source_path("docs/profile-reference.md"));
    std::set<std::string> keys;
    collect_keys(document_shape(Profile::schema), keys);
    collect_keys(document_shape(Site::schema), keys);
    collect_keys(document_shape(Secrets::schema), keys);
    CHECK(keys.size() > 80);
    for (const std::string& key : keys) {
        INFO(key);
        CHECK(reference.contains("`" + key + "`"));
    }
}

TEST_CASE("there is no shape for what is read without a table") {
    CHECK(document_shape("bedplate/plan/v1").is_null());
}
