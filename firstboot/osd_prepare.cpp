// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/osd_prepare.hpp"

#include <algorithm>
#include <format>
#include <set>
#include <span>

#include "base/text.hpp"
#include "firstboot/osd_list.hpp"
#include "inventory/bluestore_label.hpp"
#include "inventory/lvm.hpp"
#include "probe/probe.hpp"

namespace bedplate::firstboot {
namespace {

constexpr std::string_view list_path = "/etc/bedplate/osds.json";
constexpr std::string_view ceph_conf = "/etc/ceph/ceph.conf";
constexpr std::string_view bootstrap_key = "/var/lib/ceph/bootstrap-osd/ceph.keyring";
/// One file for each OSD that was seen completed; named after its fsid.
constexpr std::string_view completed_folder = "/var/lib/bedplate/osds";
constexpr std::chrono::minutes ceph_limit{10};

std::filesystem::path completed_mark(const std::string& fsid) {
    return std::filesystem::path(completed_folder) / fsid;
}

// "fsid = 2c1e..." in any section; ceph.conf(5) allows blanks, '_' and '-' in names, but fsid has none.
std::string fsid_in(std::string_view conf) {
    for (const std::string& line : split(conf, '\n')) {
        const std::size_t equals = line.find('=');
        if (equals != std::string::npos && trim(std::string_view(line).substr(0, equals)) == "fsid") {
            return std::string(trim(std::string_view(line).substr(equals + 1)));
        }
    }
    return {};
}

class Osds {
public:
    Osds(Platform& platform, WantedOsds wanted) : platform_(platform), wanted_(std::move(wanted)) {}

    static Result<std::optional<Osds>> open(Platform& platform) {
        if (!platform.files.exists(list_path)) {
            return std::nullopt;
        }
        BEDPLATE_ASSIGN(const std::string text, platform.files.read(list_path));
        BEDPLATE_ASSIGN(auto wanted, parse_osd_list(text, list_path));
        BEDPLATE_ASSIGN(const std::string conf, platform.files.read(ceph_conf));
        if (const std::string fsid = fsid_in(conf); fsid != wanted.cluster_fsid) {
            return fail("osds.cluster",
                        std::format("the Ceph configuration is that of cluster '{}', this node belongs to {}",
                                    fsid, wanted.cluster_fsid),
                        std::string(ceph_conf), "nothing was done: correct the configuration");
        }
        return Osds(platform, std::move(wanted));
    }

    Result<void> activate() {
        BEDPLATE_TRY(look());
        BEDPLATE_TRY(switch_on_groups());
        for (const WantedOsd& osd : wanted_.osds) {
            BEDPLATE_ASSIGN(const OsdState state, state_of(osd));
            const OsdStep step = next_step(osd.keep, state);
            if (step == OsdStep::missing) {
                return fail("osds.missing",
                            std::format("OSD {} ({}) was to be kept, and nothing of it is on this machine",
                                        osd.id, osd.fsid),
                            osd.data.to_text(), "is its disk still in the machine? see bedplate inventory");
            }
            if (step == OsdStep::activate) {
                BEDPLATE_TRY(activate(osd));
            }
        }
        return {};
    }

    Result<void> prepare() {
        BEDPLATE_TRY(look());
        BEDPLATE_TRY(switch_on_groups());
        for (const WantedOsd& osd : wanted_.osds) {
            BEDPLATE_ASSIGN(const OsdState state, state_of(osd));
            const OsdStep step = next_step(osd.keep, state);
            if (step == OsdStep::finish) {
                BEDPLATE_TRY(remove_rest(osd));
            }
            if (step == OsdStep::finish || step == OsdStep::create) {
                BEDPLATE_TRY(create(osd));
            }
        }
        return activate();
    }

    Result<void> erase() {
        BEDPLATE_TRY(look());
        for (const WantedOsd& osd : wanted_.osds) {
            if (block_of(osd) != nullptr) {
                BEDPLATE_TRY(zap(osd));
                BEDPLATE_TRY(platform_.files.remove(completed_mark(osd.fsid)));
                done_.push_back(
                    std::format("erased OSD {} on the disk with {}", osd.fsid, osd.data.to_text()));
            }
        }
        return {};
    }

    /// What is kept has to be known to the monitors: an OSD that was purged never comes up again.
    Result<void> check_known(const std::vector<std::string>& known) const {
        for (const WantedOsd& osd : wanted_.osds) {
            if (osd.keep && !std::ranges::contains(known, osd.fsid)) {
                return fail("osds.unknown",
                            std::format("OSD {} ({}) was kept, and the cluster does not know it (any more)",
                                        osd.id, osd.fsid),
                            osd.data.to_text(),
                            std::format("if nothing on it is needed, erase it and install this node again: "
                                        "ceph-volume lvm zap --destroy --osd-fsid {}",
                                        osd.fsid));
            }
        }
        return {};
    }

    Result<bool> all_run() {
        BEDPLATE_TRY(look());
        for (const WantedOsd& osd : wanted_.osds) {
            BEDPLATE_ASSIGN(const OsdState state, state_of(osd));
            if (!state.running) {
                return false;
            }
        }
        return true;
    }

    std::vector<std::string> done() { return std::move(done_); }

private:
    // An installed node switches groups on by itself; a disk that came late, or a group that was switched off
    // by hand, would make ceph-volume fail with "failed to read label".
    Result<void> switch_on_groups() {
        std::set<std::string> groups;
        for (const OsdVolume& osd : volumes_) {
            if (osd.cluster_fsid == wanted_.cluster_fsid) {
                groups.insert(osd.volume_group);
            }
        }
        for (const std::string& group : groups) {
            BEDPLATE_TRY(run({"vgchange", "--yes", "--activate", "y", group}));
        }
        return {};
    }

    // LVM's tags are what ceph-volume goes by; to be asked itself, it starts a whole Python each time.
    Result<void> look() {
        BEDPLATE_ASSIGN(const std::string text, run({"lvs", "--reportformat", "json", "-o",
                                                     "lv_name,lv_uuid,vg_name,lv_tags,devices"}));
        BEDPLATE_ASSIGN(const auto volumes, parse_lvs(text));
        volumes_ = osd_volumes(volumes);
        return {};
    }

    const OsdVolume* block_of(const WantedOsd& osd) const {
        const auto found = std::ranges::find_if(volumes_, [&](const OsdVolume& volume) {
            return volume.osd_fsid == osd.fsid && volume.type == "block";
        });
        return found == volumes_.end() ? nullptr : &*found;
    }

    Result<OsdState> state_of(const WantedOsd& osd) {
        OsdState state;
        const OsdVolume* const block = block_of(osd);
        if (block == nullptr) {
            return state;
        }
        state.listed = true;
        if (!osd.id.empty() && block->osd_id != osd.id) {
            return fail("osds.missing", std::format("the OSD with fsid {} is number {} now, planned is {}",
                                                    osd.fsid, block->osd_id, osd.id));
        }
        BEDPLATE_ASSIGN(const CommandResult service,
                        platform_.commands.run(
                            {.argv = {"systemctl", "is-active", "--quiet", "ceph-osd@" + block->osd_id}}));
        state.running = service.exit_status == 0;
        state.completed = platform_.files.exists(completed_mark(osd.fsid)) || label_says_complete(*block);
        state.unsure = block->encrypted && !state.completed;
        return state;
    }

    // ceph-osd --mkfs writes "mkfs_done" into the label as the last thing it does.
    bool label_says_complete(const OsdVolume& block) const {
        if (block.encrypted || block.path.empty()) {
            return false;
        }
        const auto device = platform_.blocks.open(block.path, BlockAccess::read);
        std::string text(bluestore_label_size.value, '\0');
        if (!device || !(*device)->read(Bytes{0}, std::as_writable_bytes(std::span(text)))) {
            return false;
        }
        const auto label = bluestore_label_in(text, Bytes{0});
        return label && label->meta_value("mkfs_done") == "yes";
    }

    Result<void> activate(const WantedOsd& osd) {
        const OsdVolume* const block = block_of(osd);
        BEDPLATE_TRY(
            run({std::string(ceph_volume), "lvm", "activate", "--bluestore", block->osd_id, osd.fsid}));
        BEDPLATE_TRY(mark_completed(osd));
        done_.push_back(std::format("started OSD {} ({})", block->osd_id, osd.fsid));
        return {};
    }

    Result<void> mark_completed(const WantedOsd& osd) {
        const auto mark = completed_mark(osd.fsid);
        return platform_.files.exists(mark) ? Result<void>{} : platform_.files.write(mark, "");
    }

    // Only what carries this OSD's own fsid, and only where no data can be in it yet.
    Result<void> remove_rest(const WantedOsd& osd) {
        BEDPLATE_TRY(zap(osd));
        done_.push_back(std::format("removed what was left of OSD {}, which was not completed", osd.fsid));
        inventory_.reset();
        return {};
    }

    Result<void> zap(const WantedOsd& osd) {
        BEDPLATE_TRY(run({"ceph-volume", "lvm", "zap", "--destroy", "--osd-fsid", osd.fsid}));
        return {};
    }

    Result<void> create(const WantedOsd& osd) {
        BEDPLATE_ASSIGN(const Disk* data, disk_of(osd.data));
        BEDPLATE_TRY(check_blank(osd, *data));
        std::string db_path;
        if (osd.db) {
            BEDPLATE_ASSIGN(const Disk* db, disk_of(*osd.db));
            BEDPLATE_TRY(check_for_databases(osd, *db));
            db_path = db->path;
        }
        BEDPLATE_TRY(run(create_command(osd, data->path, db_path)));
        BEDPLATE_TRY(mark_completed(osd));
        done_.push_back(std::format("made OSD {} on the disk with {}", osd.fsid, osd.data.to_text()));
        inventory_.reset();
        return look();
    }

    Result<const Disk*> disk_of(const DiskIdentity& identity) {
        if (!inventory_) {
            BEDPLATE_ASSIGN(inventory_, probe(platform_));
        }
        auto found = find_disk(identity, *inventory_);
        if (!found) {
            return fail("osds.disk", "a disk of the plan is not in this machine: " + found.error().message,
                        identity.to_text());
        }
        return *found;
    }

    static Result<void> check_blank(const WantedOsd& osd, const Disk& disk) {
        if (osd.data_size != Bytes{} && disk.size != osd.data_size) {
            return fail("osds.disk",
                        std::format("the disk for OSD {} has {}, planned are {}", osd.fsid,
                                    to_exact_text(disk.size), to_exact_text(osd.data_size)),
                        osd.data.to_text());
        }
        const bool blank = disk.partition_table.empty() && disk.partitions.empty() &&
                           disk.signatures.empty() && disk.holders.empty();
        return blank ? Result<void>{}
                     : fail("osds.disk", "the disk for a new OSD is not blank: " + describe(disk),
                            osd.data.to_text(),
                            "nothing was erased; empty the disk, or take it out of the plan");
    }

    // Databases of other OSDs of this cluster may be there, and nothing else.
    Result<void> check_for_databases(const WantedOsd& osd, const Disk& disk) const {
        for (const Holder* holder : all_holders(disk)) {
            const bool group = holder->kind == Holder::Kind::lvm;
            const bool ours = holder->kind == Holder::Kind::ceph_osd &&
                              holder->detail.value("cluster_fsid", "") == wanted_.cluster_fsid;
            if (!group && !ours) {
                return fail("osds.disk", "the disk for databases holds something else: " + describe(disk),
                            osd.db->to_text());
            }
        }
        return {};
    }

    Result<std::string> run(std::vector<std::string> argv) {
        return run_checked(platform_.commands, {.argv = std::move(argv), .timeout = ceph_limit});
    }

    Platform& platform_;
    WantedOsds wanted_;
    std::vector<OsdVolume> volumes_;
    std::optional<Inventory> inventory_;
    std::vector<std::string> done_;
};

}  // namespace

Result<std::vector<std::string>> activate_osds(Platform& platform) {
    BEDPLATE_ASSIGN(auto osds, Osds::open(platform));
    if (!osds) {
        return std::vector<std::string>{};
    }
    BEDPLATE_TRY(osds->activate());
    return osds->done();
}

Result<std::vector<std::string>> prepare_osds(Platform& platform) {
    BEDPLATE_ASSIGN(auto osds, Osds::open(platform));
    if (!osds) {
        return std::vector<std::string>{};
    }
    if (!platform.files.exists(bootstrap_key)) {
        return fail("osds.key", "there is no key to make OSDs with", std::string(bootstrap_key),
                    "it comes with creating or joining the cluster");
    }
    BEDPLATE_TRY(osds->prepare());
    return osds->done();
}

Result<std::vector<std::string>> erase_osds(Platform& platform) {
    BEDPLATE_ASSIGN(auto osds, Osds::open(platform));
    if (!osds) {
        return std::vector<std::string>{};
    }
    BEDPLATE_TRY(osds->erase());
    return osds->done();
}

Result<void> check_kept_osds(Platform& platform, const std::vector<std::string>& known) {
    BEDPLATE_ASSIGN(const auto osds, Osds::open(platform));
    return osds ? osds->check_known(known) : Result<void>{};
}

Result<bool> osds_run(Platform& platform) {
    BEDPLATE_ASSIGN(auto osds, Osds::open(platform));
    return osds ? osds->all_run() : Result<bool>(true);
}

}  // namespace bedplate::firstboot
