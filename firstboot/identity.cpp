// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/identity.hpp"

#include "base/text.hpp"

namespace bedplate::firstboot {

namespace {

Result<void> make_host_keys(Platform& platform, std::vector<std::string>& made) {
    if (platform.files.exists("/etc/ssh/ssh_host_ed25519_key")) {
        return {};
    }
    BEDPLATE_TRY(run_checked(platform.commands, {.argv = {"ssh-keygen", "-A"}}));
    made.emplace_back("SSH host keys");
    return {};
}

/// A random UUID by the kernel (RFC 9562 version 4).
Result<std::string> random_uuid(const FileSystem& files) {
    BEDPLATE_ASSIGN(const auto text, files.read("/proc/sys/kernel/random/uuid"));
    return std::string(trim(text));
}

Result<void> make_nvme_identity(Platform& platform, std::vector<std::string>& made) {
    if (platform.files.exists("/etc/nvme/hostnqn")) {
        return {};
    }
    BEDPLATE_ASSIGN(const auto uuid, random_uuid(platform.files));
    // NVM Express base specification, 4.7 "NVMe Qualified Names": the UUID form.
    BEDPLATE_TRY(platform.files.write("/etc/nvme/hostid", uuid + "\n"));
    BEDPLATE_TRY(platform.files.write("/etc/nvme/hostnqn", "nqn.2014-08.org.nvmexpress:uuid:" + uuid + "\n"));
    made.emplace_back("NVMe host NQN");
    return {};
}

Result<void> make_initiator_name(Platform& platform, std::vector<std::string>& made) {
    constexpr std::string_view path = "/etc/iscsi/initiatorname.iscsi";
    if (!platform.files.exists("/etc/iscsi") || platform.files.exists(path)) {
        return {};
    }
    BEDPLATE_ASSIGN(const auto uuid, random_uuid(platform.files));
    BEDPLATE_TRY(platform.files.write(path, "InitiatorName=iqn.1993-08.org.debian:01:" + uuid + "\n", 0600));
    made.emplace_back("iSCSI initiator name");
    return {};
}

}  // namespace

Result<std::vector<std::string>> make_identity(Platform& platform) {
    std::vector<std::string> made;
    BEDPLATE_TRY(make_host_keys(platform, made));
    BEDPLATE_TRY(make_nvme_identity(platform, made));
    BEDPLATE_TRY(make_initiator_name(platform, made));
    return made;
}

}  // namespace bedplate::firstboot
