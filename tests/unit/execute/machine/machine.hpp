// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "execute/execute.hpp"
#include "platform/linux/linux.hpp"
#include "tests/support/fake_block_devices.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_command_runner.hpp"
#include "tests/support/fake_file_system.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/execute/machine/payload_builder.hpp"
#include "tests/unit/execute/machine/recording_sink.hpp"
#include "tests/unit/plan/example.hpp"

namespace bedplate::test {

/// Paths below a real folder are real, everything else (/sys, /proc, /dev) is in memory.
class HybridFiles : public FileSystem {
public:
    explicit HybridFiles(std::filesystem::path real_root) : root_(std::move(real_root)) {}

    Result<std::string> read(const std::filesystem::path& path, Bytes max = mib(16)) const override;
    Result<void> write(const std::filesystem::path& path, std::string_view text,
                       std::uint32_t mode = 0644) override;
    Result<std::unique_ptr<AppendFile>> open_append(const std::filesystem::path& path,
                                                    std::uint32_t mode = 0600) override;
    bool exists(const std::filesystem::path& path) const override;
    Result<std::vector<std::string>> list(const std::filesystem::path& path) const override;
    Result<std::filesystem::path> read_link(const std::filesystem::path& path) const override;
    Result<std::filesystem::path> resolve(const std::filesystem::path& path) const override;
    Result<void> make_directories(const std::filesystem::path& path, std::uint32_t mode = 0755) override;
    Result<void> symlink(const std::filesystem::path& target, const std::filesystem::path& link) override;
    Result<void> remove(const std::filesystem::path& path) override;

    fakes::FakeFileSystem fake;
    /// The n-th write to the real tree from now fails; 0: none.
    std::size_t fail_write_at = 0;

private:
    const FileSystem& side(const std::filesystem::path& path) const;
    FileSystem& side(const std::filesystem::path& path);
    Result<void> attempt(const std::filesystem::path& path);
    std::filesystem::path root_;
    std::unique_ptr<FileSystem> real_ = linux_file_system();
};

/// How many disks the system is on.
enum class SystemDisks { one, mirror };

/// A machine with one or two system disks (sdb, sdd) and two data disks, simulated as far as the executor
/// looks: tools change the state that other tools then show. mtools and mkfs.vfat are the real ones.
class Machine {
public:
    explicit Machine(FirmwareMode firmware = FirmwareMode::uefi, SystemDisks disks = SystemDisks::one);

    /// A plan for the machine as it is; the payload is made for it.
    Plan plan() const { return example.plan().value(); }
    Consent consent(const Plan& plan) const;
    Result<void> run(const Plan& plan);
    Result<void> run(const Plan& plan, const Consent& consent);

    /// Nothing was written to the data disks, and nothing opened them for writing.
    bool others_untouched() const;
    /// A system disk would be booted from: UEFI: the ESP has a boot sector and a loader; BIOS: boot code.
    bool bootable() const;
    bool bootable(std::size_t disk) const;
    /// Text of a file on the ESP of a system disk, by mtype; empty where there is none.
    std::string esp_file(const std::string& path, std::size_t disk = 0) const;
    std::string target_file(const std::string& path) const;

    fakes::TempDir folder;
    std::filesystem::path target = folder / "target";
    std::filesystem::path journal = folder / "run/journal.jsonl";
    Example example;
    fakes::FakeCommandRunner commands;
    HybridFiles files{folder.path()};
    fakes::FakeBlockDevices blocks;
    fakes::FakeClock clock;
    RecordingSink sink;
    BytesSource source;
    Manifest manifest;
    std::optional<Secret> root_password_hash, disk_passphrase, join_ticket;
    std::map<std::string, Secret> node_secrets;
    std::chrono::milliseconds hang_limit{};
    unsigned parallel = 1;  ///< so that the n-th command or write is always the same one
    /// Commands that write to the disk and ran without its lock, and commands that wait for udev and ran with
    /// it.
    std::vector<std::string> lock_mistakes;
    /// What stands in the record of the system disk; empty where there is none.
    std::optional<RunRecord> record() const;
    /// The kernel's list of mounts, after `mounts` or `read_only` were changed by hand.
    void show_mounts();

    struct Content {
        std::string type, uuid, label;
    };
    std::map<std::string, Content> contents;  ///< device -> what is on it
    std::string volume_group;                 ///< of the physical volume
    std::string physical_volume;
    std::map<std::string, Bytes> volumes;  ///< name -> size
    bool active = false;
    std::map<std::string, std::string> mounts;  ///< point -> source
    std::set<std::string> read_only;            ///< points
    std::vector<std::string> arrays;            ///< links of those that were made
    std::vector<std::string> boot_entries;      ///< lines of efibootmgr
    std::vector<std::string> boot_order;

private:
    void add_disk(const Disk& disk);
    void check_lock(const std::string& line);
    void add_payload();
    void answer_storage();
    void answer_lvm();
    void answer_mounts();
    void answer_boot();
    void pass_through(const std::string& pattern);
    Result<CommandResult> blkid(const Command& command);
    void reread(const std::string& disk);
    Result<CommandResult> make_array(const Command& command);
    Result<CommandResult> make_entry(const Command& command);
    void answer_arrays();
    std::string system_path(std::size_t disk = 0) const { return example.inventory.disks[1 + 2 * disk].path; }
    bool is_system(const std::string& path) const;

    std::unique_ptr<CommandRunner> real_commands_ = linux_command_runner();
    std::string payload_bytes_;
};

/// For INFO(): what went wrong, or "done".
inline std::string text_of(const Result<void>& done) {
    return done ? "done" : done.error().to_text();
}

}  // namespace bedplate::test
