// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "machine.hpp"

namespace bedplate::vm {

/// What the unattended installation says first.
inline constexpr std::string_view first_line = "unattended installation";
/// Long after any that goes on: how fast one is, `make bench` says.
inline constexpr std::chrono::minutes install_timeout{20};

/// BEDPLATE_TEST_SEED, else a random number.
[[nodiscard]] std::uint64_t test_seed();

/// BEDPLATE_... as a number, else `otherwise`: how much of a test is run.
[[nodiscard]] unsigned amount(const char* variable, unsigned otherwise);

/// "medium.iso" in the workspace: the image under test with the machine's site document, which carries a
/// secret that the audits look for.
[[nodiscard]] std::filesystem::path make_medium(const Workspace& workspace, const TestMachine& machine,
                                                std::uint64_t generation = 1);

/// Wait until the extraction is about so far, judged by the time that it says is left. Returns how long the
/// whole installation takes about, from when this was called.
std::chrono::seconds wait_for_extraction(SerialConsole& serial, unsigned percent);

/// Boot the medium, install, switch off. Returns the time from the installer's first line on.
std::chrono::milliseconds run_installation(const TestMachine& machine, const std::filesystem::path& medium);

/// The node boots from its own disk and is what was planned.
void check_node(const TestMachine& machine, const Workspace& workspace, Firmware firmware);

/// A finished node is left alone, byte for byte, as long as the site's generation is not higher.
void check_refusal(const TestMachine& machine, const std::filesystem::path& medium);

/// Protected disks, secrets in logs and on the disk.
void check_audits(const TestMachine& machine, const Workspace& workspace);

}  // namespace bedplate::vm
