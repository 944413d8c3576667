// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/screens/scenes.hpp"

#include "tui/language.hpp"

namespace bedplate::tui {

namespace {

using RigPtr = std::unique_ptr<Rig>;
using std::chrono::seconds;

RigPtr begun(const std::string& machine, const std::string& site = {}) {
    auto rig = std::make_unique<Rig>(machine, site);
    rig->start();
    return rig;
}

RigPtr on_vm(const std::string& keys) {
    auto rig = begun("vm-r750", lab_site());
    rig->keys(keys);
    return rig;
}

/// Begin without documents, press Enter up to a screen.
RigPtr on_blank(const std::string& keys) {
    auto rig = begun("vm-r750");
    rig->keys(keys);
    return rig;
}

/// Somebody's volume group lies on the disk that the profile wants.
RigPtr on_lived_in_disk(const std::string& keys) {
    auto rig = std::make_unique<Rig>("vm-r750", lab_site());
    rig->installation->live_in();
    rig->start();
    rig->keys(keys);
    return rig;
}

Event event(Event::Type type, const std::string& stage, const std::string& text, double fraction) {
    return {.type = type, .stage = stage, .action = stage, .text = text, .fraction = fraction};
}

std::vector<Event> half_an_installation() {
    auto extract = event(Event::Type::progress, "extract", "unpack the node's system", 0.43);
    extract.bytes_per_second = 41.2e6;
    extract.seconds_left = 21;
    return {
        event(Event::Type::started, "preflight", "check every chunk of the payload", 0.0),
        event(Event::Type::finished, "preflight", "check every chunk of the payload", 0.08),
        event(Event::Type::started, "partition", "write a new partition table to serial BPSYS0001", 0.08),
        event(Event::Type::finished, "partition", "write a new partition table to serial BPSYS0001", 0.09),
        event(Event::Type::note, "format", "make the ext4 file system for /", 0.1),
        event(Event::Type::started, "extract", "unpack the node's system", 0.12),
        extract};
}

RigPtr installing() {
    auto rig = std::make_unique<Rig>("vm-r750", lab_site());
    rig->installation->events = half_an_installation();
    rig->installation->hold = true;
    rig->start();
    rig->keys("Enter Enter Enter Enter Enter Enter");
    rig->type("0001");
    rig->app->handle(Key{.code = Key::Code::enter});
    rig->settle_until(
        [&] { return rig->app->model().progress && rig->app->model().progress->fraction > 0.4; });
    return rig;
}

RigPtr finished(Result<void> outcome) {
    auto rig = std::make_unique<Rig>("vm-r750", lab_site());
    rig->installation->events = half_an_installation();
    rig->installation->outcome = std::move(outcome);
    rig->start();
    rig->keys("Enter Enter Enter Enter Enter Enter");
    rig->type("0001");
    rig->keys("Enter");
    return rig;
}

RigPtr failed() {
    auto error = fail("block.write", "cannot write to /dev/disk/by-partuuid/e46c03fc: Input/output error",
                      "serial BPSYS0001, bay pci-0000:00:03.0-scsi-0:0:0:0",
                      "the disk is failing: replace it, then install again")
                     .error();
    error.context = {"while unpacking the node's system (extract.payload)"};
    return finished(std::unexpected(error));
}

RigPtr with_ticket(const std::string& ticket) {
    auto rig = begun("vm-r750", cluster_site());
    rig->keys("Enter Enter Enter Enter");
    rig->type(ticket);
    return rig;
}

/// Up to the node's screen of a machine whose system a passphrase opens, with `typed` in its field, twice.
RigPtr with_passphrase(const std::string& typed) {
    auto rig = std::make_unique<Rig>("vm-r750", encrypted_site());
    add_encrypted_profile(*rig);
    rig->start();
    rig->keys("Enter Enter Enter Enter");
    if (!typed.empty()) {
        rig->type(typed);
        rig->keys("Tab");
        rig->type(typed);
    }
    return rig;
}

std::vector<Scene> beginning() {
    return {
        {"connecting", [] { return std::make_unique<Rig>("vm-r750", lab_site()); }},
        {"welcome", [] { return on_vm(""); }},
        {"welcome-blank", [] { return on_blank(""); }},
        {"welcome-bad-site",
         [] { return begun("vm-r750", "schema: bedplate/site/v1\nclustr: {name: prod}\n"); }},
        {"welcome-no-probe",
         [] {
             auto rig = std::make_unique<Rig>("vm-r750");
             rig->installation->look_error = fail("probe.lsblk", "lsblk does not answer", "lsblk --json",
                                                  "look at the kernel's messages: dmesg")
                                                 .error();
             rig->start();
             return rig;
         }},
        {"welcome-no-medium",
         [] {
             auto rig = std::make_unique<Rig>("vm-r750", lab_site());
             rig->installation->medium_answer =
                 fail("medium.none", "no installation medium was found (volume label BEDPLATE...)");
             rig->start();
             return rig;
         }},
        {"welcome-dell", [] { return begun("r940-h740p-boss-idsdm-8nvme"); }},
        {"help", [] { return on_vm("?"); }},
        {"leave", [] { return on_vm("Ctrl-C"); }},
        {"profile", [] { return on_vm("Enter"); }},
        {"profile-other", [] { return on_vm("Enter Down Down"); }},
        {"profile-none",
         [] {
             auto rig = begun("t640-4kn-derived");
             rig->keys("Enter");
             return rig;
         }},
        {"disks", [] { return on_vm("Enter Enter"); }},
        {"disks-protected", [] { return on_vm("Enter Enter Down"); }},
        {"disks-many",
         [] {
             auto rig = begun("r940-h740p-boss-idsdm-8nvme");
             rig->keys("Enter Enter");
             return rig;
         }},
        {"disks-dell",
         [] {
             auto rig = begun("r640-boss-h740p-vmedia");
             rig->keys("Enter Enter");
             return rig;
         }},
        {"disks-not-blank", [] { return on_lived_in_disk("Enter Enter"); }},
        {"disks-allowed", [] { return on_lived_in_disk("Enter Enter Space"); }},
        {"consent-lived-in", [] { return on_lived_in_disk("Enter Enter Space Enter Enter Enter Enter"); }},
    };
}

std::vector<Scene> answers() {
    return {
        {"network-empty", [] { return on_blank("Enter Enter Enter"); }},
        {"network-typing",
         [] {
             auto rig = on_blank("Enter Enter Enter");
             rig->type("10.0.100.9/24");
             return rig;
         }},
        {"network-given", [] { return on_vm("Enter Enter Enter"); }},
        {"network-missing", [] { return on_blank("Enter Enter Enter Enter"); }},
        {"network-checks", [] { return on_vm("Enter Enter Enter Right Enter"); }},
        {"node-create", [] { return on_vm("Enter Enter Enter Enter"); }},
        {"node-wrong-name",
         [] {
             auto rig = on_vm("Enter Enter Enter Enter Down Down Down Down Down");
             rig->type("Prod_1");
             return rig;
         }},
        {"node-no-ticket", [] { return with_ticket(""); }},
        {"node-bad-ticket", [] { return with_ticket("bedplate-ticket-v1.eyJzY2hl"); }},
        {"node-other-ticket",
         [] {
             auto ticket = parse_ticket(good_ticket()).value();
             ticket.cluster = "lab";
             return with_ticket(to_text(ticket).reveal());
         }},
        {"node-good-ticket", [] { return with_ticket(good_ticket()); }},
        {"node-empty-stick",
         [] {
             auto rig = with_ticket("");
             rig->keys("Ctrl-U BackTab BackTab BackTab Enter");
             return rig;
         }},
        {"node-no-passphrase", [] { return with_passphrase(""); }},
        {"node-short-passphrase", [] { return with_passphrase("horse"); }},
        {"node-passphrase", [] { return with_passphrase("correct horse"); }},
        {"node-passwords-differ",
         [] {
             auto rig = on_vm("Enter Enter Enter Enter BackTab BackTab");
             rig->type("correct horse");
             return rig;
         }},
    };
}

std::vector<Scene> ending() {
    return {
        {"review", [] { return on_vm("Enter Enter Enter Enter Enter"); }},
        {"review-search",
         [] {
             auto rig = on_vm("Enter Enter Enter Enter Enter /");
             rig->type("efibootmgr");
             rig->keys("Enter");
             return rig;
         }},
        {"review-sideways", [] { return on_vm("Enter Enter Enter Enter Enter End Right Right"); }},
        {"review-searching",
         [] {
             auto rig = on_vm("Enter Enter Enter Enter Enter PageDown /");
             rig->type("lvcre");
             return rig;
         }},
        {"review-saved", [] { return on_vm("Enter Enter Enter Enter Enter s"); }},
        {"review-no-medium",
         [] {
             auto rig = std::make_unique<Rig>("vm-r750", lab_site());
             rig->installation->medium_answer =
                 fail("medium.none", "no installation medium was found (volume label BEDPLATE...)");
             rig->start();
             rig->keys("Enter Enter Enter Enter Enter Enter");
             return rig;
         }},
        {"consent", [] { return on_vm("Enter Enter Enter Enter Enter Enter"); }},
        {"consent-wrong",
         [] {
             auto rig = on_vm("Enter Enter Enter Enter Enter Enter");
             rig->type("0002");
             rig->keys("Enter");
             return rig;
         }},
        {"progress", [] { return installing(); }},
        {"progress-stalled",
         [] {
             auto rig = installing();
             rig->pass(seconds{47});
             return rig;
         }},
        {"done", [] { return finished({}); }},
        {"failed", [] { return failed(); }},
        {"failed-code",
         [] {
             auto rig = failed();
             rig->keys("c");
             return rig;
         }},
        {"chinese",
         [] {
             auto rig = on_vm("l");
             return rig;
         }},
        {"chinese-disks",
         [] {
             auto rig = on_vm("l Enter Enter");
             return rig;
         }},
    };
}

}  // namespace

const std::vector<Scene>& scenes() {
    static const std::vector<Scene> all = [] {
        auto list = beginning();
        for (auto& more : {answers(), ending()}) {
            list.insert(list.end(), more.begin(), more.end());
        }
        return list;
    }();
    return all;
}

}  // namespace bedplate::tui
