// SPDX-License-Identifier: GPL-3.0-or-later
// The plan as JSON. Everything an action will do stands in it, since the digest that consent names is taken
// over this form.
#include <format>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "plan/plan.hpp"
#include "plan/shown.hpp"

namespace bedplate {
namespace {

Json of(const action::VerifyPayload& /*kind*/) {
    return Json::object();
}

Json of(const action::ZapBluestore& kind) {
    Json json = Json::object();
    if (kind.partition) {
        json["partition"] = *kind.partition;
    }
    json["volume"] = kind.volume;
    json["offsets"] = Json::array();
    for (const Bytes offset : kind.offsets) {
        json["offsets"].push_back(offset.value);
    }
    return json;
}

Json of(const action::CloseCrypt& kind) {
    return Json{{"name", kind.name}};
}

Json of(const action::DeactivateVolumeGroup& kind) {
    return Json{{"name", kind.name}, {"uuid", kind.uuid}};
}

Json of(const action::StopArray& kind) {
    return Json{{"name", kind.name}, {"device", kind.device}};
}

Json of(const action::StopBcache& kind) {
    return Json{{"name", kind.name}, {"uuid", kind.uuid}};
}

Json of(const action::RemoveMultipathMap& kind) {
    return Json{{"name", kind.name}};
}

Json of(const action::WipeDisk& kind) {
    Json partitions = Json::array();
    for (const PartitionFacts& partition : kind.partitions) {
        partitions.push_back(Json{{"number", partition.number},
                                  {"start", partition.start.value},
                                  {"size_bytes", partition.size.value}});
    }
    return Json{{"partitions", partitions}};
}

Json of(const action::WritePartitionTable& kind) {
    Json partitions = Json::array();
    for (const action::PlannedPartition& partition : kind.partitions) {
        partitions.push_back(Json{{"number", partition.number},
                                  {"name", partition.name},
                                  {"type", partition.type.to_text()},
                                  {"guid", partition.guid.to_text()},
                                  {"first_lba", partition.first.value},
                                  {"last_lba", partition.last.value}});
    }
    return Json{{"disk_guid", kind.disk_guid.to_text()},
                {"logical_block_size", kind.logical_block_size.value},
                {"cleared_bytes", {{"start", kind.cleared_start.value}, {"end", kind.cleared_end.value}}},
                {"partitions", partitions}};
}

Json of(const action::CreateArray& kind) {
    return Json{{"name", kind.name},
                {"uuid", md_uuid_text(kind.uuid)},
                {"level", kind.level},
                {"members", kind.members}};
}

std::string_view unlock_text(Encryption unlock) {
    return unlock == Encryption::tpm2 ? "tpm2" : "passphrase";
}

Json of(const action::CreateCrypt& kind) {
    return Json{{"device", kind.device},
                {"label", kind.label},
                {"uuid", kind.uuid.to_text()},
                {"unlock", unlock_text(kind.unlock)}};
}

Json of(const action::OpenCrypt& kind) {
    return Json{{"device", kind.device}, {"name", kind.name}, {"uuid", kind.uuid.to_text()}};
}

Json of(const action::BindTpm2& kind) {
    return Json{{"device", kind.device}, {"uuid", kind.uuid.to_text()}};
}

Json of(const action::CreatePhysicalVolume& kind) {
    return Json{{"device", kind.device}};
}

Json of(const action::CreateVolumeGroup& kind) {
    return Json{{"name", kind.name}, {"device", kind.device}};
}

Json of(const action::CreateLogicalVolume& kind) {
    return Json{{"volume_group", kind.volume_group},
                {"name", kind.name},
                {"device", kind.device},
                {"size_bytes", kind.size.value}};
}

Json of(const action::MakeFileSystem& kind) {
    return Json{
        {"device", kind.device}, {"type", kind.type}, {"label", kind.label}, {"uuid", kind.uuid.to_text()}};
}

Json of(const action::MakeSwap& kind) {
    return Json{{"device", kind.device}, {"label", kind.label}, {"uuid", kind.uuid.to_text()}};
}

Json of(const action::MountVolume& kind) {
    return Json{{"device", kind.device}, {"path", kind.path}};
}

Json of(const action::ExtractPayload& /*kind*/) {
    return Json::object();
}

Json of(const action::WriteFile& kind) {
    if (!kind.link_target.empty()) {
        return Json{{"path", kind.path}, {"link_target", kind.link_target}};
    }
    return Json{{"path", kind.path},
                {"mode", std::format("{:04o}", kind.mode)},
                {"needs_kernel_release", kind.needs_kernel_release},
                {"needs_plan_digest", kind.needs_plan_digest},
                {"text", kind.text}};
}

Json of(const action::SetRootPassword& kind) {
    return Json{{"locked", kind.locked}};
}

Json of(const action::HandOverTicket& kind) {
    return Json{{"path", kind.path}};
}

Json of(const action::HandOverSecrets& kind) {
    return Json{{"path", kind.path}};
}

Json of(const action::UpdateInitramfs& /*kind*/) {
    return Json::object();
}

Json of(const action::WriteEsp& kind) {
    return Json{{"device", kind.device},
                {"volume_id", std::format("{:08x}", kind.volume_id)},
                {"size_bytes", kind.size.value},
                {"logical_block_size", kind.logical_block_size.value},
                {"withhold_first_block", kind.withhold_first_block},
                {"copies", kind.copies},
                {"texts", kind.texts}};
}

Json of(const action::PrepareBiosLoader& kind) {
    return Json{{"array", kind.array}};
}

Json of(const action::VerifyTarget& kind) {
    return Json{{"files", kind.files}};
}

Json of(const action::ProtectTarget& kind) {
    return Json{{"paths", kind.paths}};
}

Json of(const action::UnmountTarget& /*kind*/) {
    return Json::object();
}

Json of(const action::CommitBoot& kind) {
    return Json{{"firmware", to_string(kind.firmware)}, {"esp_device", kind.esp_device}};
}

Json of(const action::SetBootEntry& kind) {
    return Json{{"label", kind.label},
                {"loader", kind.loader},
                {"esp_number", kind.esp_number},
                {"position", kind.position}};
}

Json segments_json(const std::vector<Segment>& segments) {
    Json json = Json::array();
    for (const Segment& segment : segments) {
        json.push_back(Json{{"label", segment.label},
                            {"start", segment.start.value},
                            {"size_bytes", segment.size.value},
                            {"content", segment.content}});
    }
    return json;
}

Json dwellers_json(const std::vector<Dweller>& dwellers) {
    Json json = Json::array();
    for (const Dweller& dweller : dwellers) {
        json.push_back(Json{{"depth", dweller.depth}, {"what", dweller.what}, {"fate", dweller.fate}});
    }
    return json;
}

Json disk_json(const PlannedDisk& disk) {
    return Json{{"serial", disk.identity.serial},
                {"wwn", disk.identity.wwn},
                {"path", disk.path},
                {"role", to_string(disk.role)},
                {"model", disk.identity.model},
                {"by_path", disk.identity.by_path},
                {"description", disk.description},
                {"size_bytes", disk.size.value},
                {"logical_block_size", disk.logical_block_size.value},
                {"written", disk.written},
                {"contents", disk.contents},
                {"dwellers", dwellers_json(disk.dwellers)},
                {"fate", disk.fate},
                {"before", segments_json(disk.before)},
                {"after", segments_json(disk.after)}};
}

Json osd_json(const PlannedOsd& osd) {
    const auto disk = [](const DiskIdentity& identity, const std::string& path, Bytes size) {
        return Json{{"serial", identity.serial},   {"wwn", identity.wwn}, {"model", identity.model},
                    {"by_path", identity.by_path}, {"path", path},        {"size_bytes", size.value}};
    };
    Json json{{"state", to_string(osd.state)},
              {"fsid", osd.fsid},
              {"id", osd.id},
              {"data", disk(osd.data, osd.data_path, osd.data_size)},
              {"device_class", osd.device_class},
              {"weight", osd.weight},
              {"dmcrypt", osd.dmcrypt}};
    if (osd.db) {
        json["db"] = disk(*osd.db, osd.db_path, osd.db_size);
        json["db"]["slots"] = osd.db_slots;
    }
    return json;
}

Json action_json(const Action& action, const CommandContext& context) {
    Json json{{"id", action.id},
              {"stage", to_string(action.stage)},
              {"kind", kind_name(action.kind)},
              {"after", action.after}};
    if (action.device) {
        json["device"] = Json{{"serial", action.device->serial}, {"wwn", action.device->wwn}};
    }
    if (!action.also.empty()) {
        json["also"] = Json::array();
        for (const DiskIdentity& disk : action.also) {
            json["also"].push_back(Json{{"serial", disk.serial}, {"wwn", disk.wwn}});
        }
    }
    json["destructive"] = action.destructive;
    json["summary"] = action.summary;
    json["commands"] = commands(action, context);
    json["weight"] = action.weight;
    json["detail"] = std::visit([](const auto& kind) { return of(kind); }, action.kind);
    return json;
}

Json tuning_json(const std::vector<TuningValue>& values) {
    Json json = Json::array();
    for (const TuningValue& value : values) {
        json.push_back(Json{{"name", value.name},
                            {"wanted", value.wanted},
                            {"by", to_string(find_tuning_item(value.name)->means)},
                            {"required", value.required}});
    }
    return json;
}

std::string_view after_text(InstallSettings::After after) {
    return after == InstallSettings::After::reboot ? "reboot" : "poweroff";
}

/// All fields of the plan but schema and digest.
void add_body(Json& json, const Plan& plan) {
    json["profile"] = plan.profile_name;
    json["node"] = plan.hostname;
    json["cluster"] = plan.cluster_name;
    json["generation"] = plan.generation;
    json["machine"] = plan.machine;
    json["firmware"] = to_string(plan.firmware);
    json["after_installation"] = after_text(plan.after);
    json["profile_digest"] = plan.profile_digest;
    json["site_digest"] = plan.site_digest;
    json["inventory_digest"] = plan.inventory_digest;
    json["disks"] = Json::array();
    for (const PlannedDisk& disk : plan.disks) {
        json["disks"].push_back(disk_json(disk));
    }
    json["actions"] = Json::array();
    for (const Action& action : plan.actions) {
        json["actions"].push_back(action_json(action, shown_context(plan, action)));
    }
    json["ceph_fsid"] = plan.ceph_fsid;
    json["osds"] = Json::array();
    for (const PlannedOsd& osd : plan.osds) {
        json["osds"].push_back(osd_json(osd));
    }
    json["network"] = to_json(plan.network);
    json["network"]["files"] = plan.network_files;
    json["tuning"] = tuning_json(plan.tuning);
    json["first_boot"] = plan.first_boot;
    json["findings"] = plan.findings.to_json();
}

}  // namespace

Json to_json(const Plan& plan) {
    Json json;
    json["schema"] = Plan::schema;
    json["digest"] = plan.digest();
    add_body(json, plan);
    return json;
}

std::string Plan::digest() const {
    Json json;
    json["schema"] = schema;
    add_body(json, *this);
    return sha256_hex(canonical(json));
}

}  // namespace bedplate
