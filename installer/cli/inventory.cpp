// SPDX-License-Identifier: GPL-3.0-or-later
#include <iostream>
#include <memory>

#include "cli/machine.hpp"
#include "cli/verbs.hpp"
#include "probe/probe.hpp"
#include "probe/record.hpp"

namespace bedplate::cli {

namespace {

struct InventoryOptions {
    std::string record;
    bool scramble = false;
};

void print_text(const Inventory& inventory) {
    std::cout << std::format("{} {}  serial {}\n", inventory.system.manufacturer, inventory.system.product,
                             inventory.system.serial);
    std::cout << std::format("firmware {} {}{}\n", to_string(inventory.firmware.mode),
                             inventory.firmware.version,
                             inventory.firmware.secure_boot ? ", Secure Boot on" : "");
    std::cout << std::format("{}, {} threads, {} of memory\n", inventory.cpu.model, inventory.cpu.threads,
                             to_binary_text(inventory.memory.total));
    std::cout << "disks:\n";
    for (const auto& disk : inventory.disks) {
        std::cout << "  " << describe(disk) << '\n';
    }
    std::cout << "network ports:\n";
    for (const auto& nic : inventory.nics) {
        std::cout << std::format("  {:<10} {}  {:<10} {}\n", nic.name,
                                 nic.permanent_mac.empty() ? nic.mac : nic.permanent_mac, nic.driver,
                                 nic.link.value_or(false) ? "link" : "no link");
    }
}

Result<int> show_inventory(const InventoryOptions& options, const Invocation& invocation) {
    Machine machine;
    BEDPLATE_ASSIGN(const auto inventory, options.record.empty()
                                              ? probe(machine.platform())
                                              : record(machine.platform(), options.record, options.scramble));
    if (invocation.json) {
        print_json(to_json(inventory));
    } else {
        print_text(inventory);
    }
    return 0;
}

}  // namespace

void add_inventory_verb(CLI::App& app, Invocation& invocation) {
    auto* verb = app.add_subcommand("inventory", "What this machine is made of");
    auto options = std::make_shared<InventoryOptions>();
    verb->add_option("--record", options->record,
                     "Keep the raw output of every tool in this directory, as a fixture");
    verb->add_flag("--scramble", options->scramble,
                   "With --record: replace serial numbers and MAC addresses");
    verb->add_flag("--json", invocation.json, "Print the inventory as JSON");
    verb->callback([options, &invocation] {
        invocation.run = [options, &invocation] {
            const auto status = show_inventory(*options, invocation);
            return status ? *status : report_error(status.error(), invocation);
        };
    });
}

}  // namespace bedplate::cli
