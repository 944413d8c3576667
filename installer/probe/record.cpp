// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/record.hpp"

#include <random>

#include "base/foreign_text.hpp"
#include "probe/probe.hpp"
#include "probe/recorder.hpp"

namespace bedplate {

Result<Inventory> record(Platform& platform, const std::filesystem::path& directory, bool scramble) {
    Recorder recorder(platform);
    BEDPLATE_TRY(probe(recorder.platform()));
    Recording recording = recorder.take();
    if (scramble) {
        std::random_device random;
        scramble_identifiers(recording, std::format("{:08x}{:08x}", random(), random()));
    }
    BEDPLATE_TRY(save(recording, platform.files, directory / "raw"));
    // What is written is what the recording gives, so that it can be compared later.
    BEDPLATE_ASSIGN(Inventory inventory, replay(platform, directory));
    BEDPLATE_TRY(platform.files.write(directory / "inventory.json", pretty(to_json(inventory)) + "\n"));
    return inventory;
}

Result<Inventory> replay(Platform& platform, const std::filesystem::path& directory) {
    BEDPLATE_ASSIGN(Recording recording, load_recording(platform.files, directory / "raw"));
    Replayer replayer(std::move(recording), platform);
    return probe(replayer.platform());
}

}  // namespace bedplate
