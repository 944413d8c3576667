// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/quantities.hpp"
#include "base/result.hpp"
#include "inventory/ceph_volume.hpp"
#include "inventory/inventory.hpp"

namespace bedplate::firstboot {

/// One OSD of /etc/bedplate/osds.json (schema bedplate/osds/v1), which the installer left.
struct WantedOsd {
    bool keep = false;  ///< it is there already and is only activated; else it is made
    std::string fsid, id;
    DiskIdentity data;
    Bytes data_size;
    bool dmcrypt = false;
    std::string device_class;        ///< of one that is made
    std::optional<DiskIdentity> db;  ///< where its database goes; absent: on the data disk
    Bytes db_size;
};

struct WantedOsds {
    std::string cluster_fsid;
    std::vector<WantedOsd> osds;
};

/// Errors: json.syntax, osds.schema, osds.field.
[[nodiscard]] Result<WantedOsds> parse_osd_list(std::string_view text, std::string_view origin);

/// What has to be done about an OSD.
enum class OsdStep {
    none,      ///< it runs
    activate,  ///< it is complete and does not run
    finish,    ///< it was begun and not completed: what there is of it goes, then it is made
    create,    ///< nothing of it is there
    missing,   ///< it was to be kept, and nothing of it is there
};

/// What is known about one OSD.
struct OsdState {
    bool listed = false;     ///< there is a volume with its fsid
    bool running = false;    ///< its service does
    bool completed = false;  ///< this program saw it completed, or its own label says so
    bool unsure = false;     ///< it cannot be told whether it was completed (it is encrypted)
};

/// The decision, as a table: an OSD that may hold data is never made again.
[[nodiscard]] OsdStep next_step(bool keep, const OsdState& state);

/// The packaged ceph-volume, but that no key is an argument of another program (firstboot/ceph_volume.py).
/// Whatever writes a keyring is called by this name.
inline constexpr std::string_view ceph_volume = "/usr/lib/bedplate/ceph-volume";

/// The command that makes it: ceph-volume lvm create with the devices as they are called now.
[[nodiscard]] std::vector<std::string> create_command(const WantedOsd& osd, const std::string& data_path,
                                                      const std::string& db_path);

}  // namespace bedplate::firstboot
