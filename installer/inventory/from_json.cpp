// SPDX-License-Identifier: GPL-3.0-or-later
#include <concepts>
#include <limits>

#include "base/text.hpp"
#include "inventory/inventory.hpp"
#include "inventory/names.hpp"

namespace bedplate {
namespace {

/// What is wrong with the document so far; all of it goes into one error.
using Problems = std::vector<std::string>;

/// Reads the fields of one JSON object. Every field that is asked for is known; finish() reports the others.
class Fields {
public:
    Fields(const Json& object, std::string path, Problems& problems)
        : object_(object), path_(std::move(path)), problems_(problems) {
        if (!object_.is_object()) {
            problem(path_.empty() ? "the document" : path_, "must be an object");
        }
    }

    void text(const char* name, std::string& value) {
        if (const Json* field = required(name)) {
            if (field->is_string()) {
                value = field->get<std::string>();
            } else {
                problem(at(name), "must be a string");
            }
        }
    }

    void optional_text(const char* name, std::string& value) {
        if (present(name)) {
            text(name, value);
        }
    }

    void boolean(const char* name, bool& value) {
        if (const Json* field = required(name)) {
            if (field->is_boolean()) {
                value = field->get<bool>();
            } else {
                problem(at(name), "must be true or false");
            }
        }
    }

    void optional(const char* name, std::optional<bool>& value) {
        if (present(name)) {
            bool read = false;
            boolean(name, read);
            value = read;
        }
    }

    template <std::unsigned_integral T>
    void number(const char* name, T& value) {
        if (const Json* field = required(name)) {
            number_at(*field, at(name), value);
        }
    }

    template <std::unsigned_integral T>
    void optional(const char* name, std::optional<T>& value) {
        if (present(name)) {
            T read = 0;
            number(name, read);
            value = read;
        }
    }

    void bytes(const char* name, Bytes& value) { number(name, value.value); }

    void texts(const char* name, std::vector<std::string>& values) {
        each(name, [&](const Json& item, const std::string& path) {
            if (item.is_string()) {
                values.push_back(item.get<std::string>());
            } else {
                problem(path, "must be a string");
            }
        });
    }

    template <std::unsigned_integral T>
    void numbers(const char* name, std::vector<T>& values) {
        each(name, [&](const Json& item, const std::string& path) {
            T value = 0;
            number_at(item, path, value);
            values.push_back(value);
        });
    }

    template <typename Enum, std::size_t Size>
    void choice(const char* name, const NameTable<Enum, Size>& table, Enum& value) {
        std::string spelled;
        text(name, spelled);
        if (const auto known = value_of(table, spelled)) {
            value = *known;
        } else if (present(name)) {
            problem(at(name), std::format("'{}' is not one of the known values", elide(spelled, 40)));
        }
    }

    /// Calls read(Fields&) for the object in field `name`.
    template <typename Read>
    void object(const char* name, Read read) {
        if (const Json* field = required(name)) {
            Fields fields(*field, at(name), problems_);
            read(fields);
            fields.finish();
        }
    }

    /// Calls read(Fields&, T&) for every object of the array in field `name`.
    template <typename T, typename Read>
    void objects(const char* name, std::vector<T>& values, Read read) {
        each(name, [&](const Json& item, const std::string& path) {
            Fields fields(item, path, problems_);
            read(fields, values.emplace_back());
            fields.finish();
        });
    }

    /// Any JSON object, taken as it is.
    void any_object(const char* name, Json& value) {
        if (const Json* field = required(name)) {
            if (field->is_object()) {
                value = *field;
            } else {
                problem(at(name), "must be an object");
            }
        }
    }

    [[nodiscard]] bool present(const char* name) {
        remember(name);
        return object_.is_object() && object_.contains(name);
    }

    void finish() {
        if (!object_.is_object()) {
            return;
        }
        for (const auto& [name, value] : object_.items()) {
            if (std::ranges::find(known_, name) == known_.end()) {
                const auto meant = did_you_mean(name, known_);
                problem(at(name.c_str()),
                        "unknown field" + (meant ? std::format(" (did you mean '{}'?)", *meant) : ""));
            }
        }
    }

private:
    [[nodiscard]] std::string at(const char* name) const {
        return path_.empty() ? name : std::format("{}.{}", path_, name);
    }

    void problem(std::string_view where, std::string_view what) {
        problems_.push_back(std::format("{}: {}", where, what));
    }

    void remember(const char* name) {
        if (std::ranges::find(known_, name) == known_.end()) {
            known_.emplace_back(name);
        }
    }

    [[nodiscard]] const Json* required(const char* name) {
        remember(name);
        if (!object_.is_object()) {
            return nullptr;
        }
        const auto found = object_.find(name);
        if (found == object_.end()) {
            problem(at(name), "missing");
            return nullptr;
        }
        return &*found;
    }

    template <std::unsigned_integral T>
    void number_at(const Json& field, const std::string& path, T& value) {
        // A number that was parsed from text is unsigned; one that a program put there may be signed.
        const bool whole =
            field.is_number_unsigned() || (field.is_number_integer() && field.get<std::int64_t>() >= 0);
        if (!whole) {
            problem(path, "must be a whole number, not negative");
        } else if (field.get<std::uint64_t>() > std::numeric_limits<T>::max()) {
            problem(path, std::format("must be at most {}", std::numeric_limits<T>::max()));
        } else {
            value = static_cast<T>(field.get<std::uint64_t>());
        }
    }

    template <typename Read>
    void each(const char* name, Read read) {
        const Json* field = required(name);
        if (field == nullptr) {
            return;
        }
        if (!field->is_array()) {
            problem(at(name), "must be an array");
            return;
        }
        for (std::size_t i = 0; i < field->size(); ++i) {
            read((*field)[i], std::format("{}[{}]", at(name), i));
        }
    }

    const Json& object_;
    std::string path_;
    Problems& problems_;
    std::vector<std::string> known_;
};

void read_partition(Fields& fields, PartitionFacts& partition) {
    fields.number("number", partition.number);
    fields.bytes("start", partition.start);
    fields.bytes("size_bytes", partition.size);
    fields.text("type", partition.type);
    fields.text("label", partition.label);
    fields.text("fstype", partition.fstype);
    fields.text("uuid", partition.uuid);
}

void read_holder(Fields& fields, Holder& holder) {
    fields.choice("kind", holder_kind_names, holder.kind);
    fields.text("name", holder.name);
    fields.any_object("detail", holder.detail);
    fields.optional("partition", holder.partition);
    fields.optional_text("uuid", holder.uuid);
    fields.optional_text("device", holder.device);
    fields.optional("active", holder.active);
    if (fields.present("holders")) {
        fields.objects("holders", holder.holders, read_holder);
    }
}

void read_mark(Fields& fields, InstallationMark& mark) {
    fields.choice("state", installation_state_names, mark.state);
    fields.text("cluster", mark.cluster);
    fields.text("hostname", mark.hostname);
    fields.number("generation", mark.generation);
    fields.text("disk_guid", mark.disk_guid);
}

void read_run_record(Fields& fields, RunRecord& record) {
    fields.text("cluster", record.cluster);
    fields.text("hostname", record.hostname);
    fields.text("plan_digest", record.plan_digest);
    fields.text("action", record.action);
    fields.number("number", record.number);
    fields.number("total", record.total);
}

void read_disk(Fields& fields, Disk& disk) {
    fields.text("name", disk.name);
    fields.text("path", disk.path);
    fields.texts("by_id", disk.by_id);
    fields.text("by_path", disk.by_path);
    fields.text("wwn", disk.wwn);
    fields.text("serial", disk.serial);
    fields.text("model", disk.model);
    fields.text("vendor", disk.vendor);
    fields.choice("transport", transport_names, disk.transport);
    fields.optional("rotational", disk.rotational);
    fields.boolean("removable", disk.removable);
    fields.boolean("read_only", disk.read_only);
    fields.bytes("size_bytes", disk.size);
    fields.bytes("logical_block_size", disk.logical_block_size);
    fields.bytes("physical_block_size", disk.physical_block_size);
    fields.text("hctl", disk.hctl);
    fields.text("pci", disk.pci);
    fields.optional("numa_node", disk.numa_node);
    fields.optional_text("multipath_of", disk.multipath_of);
    fields.boolean("bmc_virtual", disk.bmc_virtual);
    fields.boolean("installation_medium", disk.installation_medium);
    fields.text("partition_table", disk.partition_table);
    fields.optional_text("partition_table_uuid", disk.partition_table_uuid);
    fields.objects("partitions", disk.partitions, read_partition);
    fields.texts("signatures", disk.signatures);
    fields.objects("holders", disk.holders, read_holder);
    if (fields.present("installation")) {
        fields.object("installation", [&](Fields& inner) { read_mark(inner, disk.installation.emplace()); });
    }
    if (fields.present("interrupted")) {
        fields.object("interrupted",
                      [&](Fields& inner) { read_run_record(inner, disk.interrupted.emplace()); });
    }
}

void read_nic(Fields& fields, Nic& nic) {
    fields.text("name", nic.name);
    fields.text("mac", nic.mac);
    fields.text("permanent_mac", nic.permanent_mac);
    fields.text("driver", nic.driver);
    fields.text("model", nic.model);
    fields.text("pci", nic.pci);
    fields.optional("speed_mbps", nic.speed_mbps);
    fields.optional("max_speed_mbps", nic.max_speed_mbps);
    fields.optional("link", nic.link);
    fields.number("mtu_max", nic.mtu_max);
    fields.optional("numa_node", nic.numa_node);
    fields.boolean("bmc_virtual", nic.bmc_virtual);
    if (fields.present("lldp")) {
        fields.object("lldp", [&](Fields& inner) {
            Lldp& lldp = nic.lldp.emplace();
            inner.text("chassis", lldp.chassis);
            inner.text("port", lldp.port);
            inner.numbers("vlans", lldp.vlans);
        });
    }
}

void read_machine(Fields& fields, Inventory& inventory) {
    fields.object("system", [&](Fields& system) {
        system.text("manufacturer", inventory.system.manufacturer);
        system.text("product", inventory.system.product);
        system.text("serial", inventory.system.serial);
        system.text("uuid", inventory.system.uuid);
        system.text("sku", inventory.system.sku);
    });
    fields.object("firmware", [&](Fields& firmware) {
        firmware.choice("mode", firmware_mode_names, inventory.firmware.mode);
        firmware.boolean("secure_boot", inventory.firmware.secure_boot);
        firmware.text("version", inventory.firmware.version);
        firmware.optional_text("serial_console", inventory.firmware.serial_console);
    });
    fields.object("bmc", [&](Fields& bmc) {
        bmc.boolean("present", inventory.bmc.present);
        bmc.text("ip", inventory.bmc.ip);
        bmc.text("mac", inventory.bmc.mac);
    });
    fields.object("cpu", [&](Fields& cpu) {
        cpu.text("vendor", inventory.cpu.vendor);
        cpu.text("model", inventory.cpu.model);
        cpu.number("sockets", inventory.cpu.sockets);
        cpu.number("cores", inventory.cpu.cores);
        cpu.number("threads", inventory.cpu.threads);
        cpu.texts("flags", inventory.cpu.flags);
    });
    fields.object("memory", [&](Fields& memory) {
        memory.bytes("total_bytes", inventory.memory.total);
        memory.objects("numa_nodes", inventory.memory.numa_nodes, [](Fields& node, NumaNode& value) {
            node.number("id", value.id);
            node.bytes("bytes", value.bytes);
            node.text("cpus", value.cpus);
        });
    });
}

/// A block size that is no power of two, or below a sector, would make every later computation nonsense.
void check_block_sizes(const Inventory& inventory, Problems& problems) {
    const auto sane = [](Bytes size) {
        return size.value >= 512 && size.value <= mib(1).value && (size.value & (size.value - 1)) == 0;
    };
    for (std::size_t i = 0; i < inventory.disks.size(); ++i) {
        if (!sane(inventory.disks[i].logical_block_size) || !sane(inventory.disks[i].physical_block_size)) {
            problems.push_back(
                std::format("disks[{}]: block sizes must be powers of two from 512 to 1048576", i));
        }
    }
}

Error error_of(std::string code, std::string message, std::string_view origin) {
    return Error{.kind = ErrorKind::findings,
                 .code = std::move(code),
                 .message = std::move(message),
                 .where = std::string(origin),
                 .hint = "record it again with 'bedplate inventory --json'",
                 .context = {}};
}

}  // namespace

Result<Inventory> inventory_from_json(const Json& json, std::string_view origin) {
    if (!json.is_object() || !json.contains("schema") || json["schema"] != Inventory::schema) {
        return std::unexpected(
            error_of("inventory.schema",
                     std::format("not an inventory: 'schema' must be '{}'", Inventory::schema), origin));
    }
    Inventory inventory;
    Problems problems;
    Fields fields(json, "", problems);
    std::string schema;
    fields.text("schema", schema);
    read_machine(fields, inventory);
    fields.objects("disks", inventory.disks, read_disk);
    fields.objects("nics", inventory.nics, read_nic);
    fields.any_object("recorded_with", inventory.recorded_with);
    fields.finish();
    check_block_sizes(inventory, problems);
    if (!problems.empty()) {
        return std::unexpected(error_of("inventory.field", join(problems, "\n"), origin));
    }
    return inventory;
}

}  // namespace bedplate
