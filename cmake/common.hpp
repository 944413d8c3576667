// SPDX-License-Identifier: GPL-3.0-or-later
// What nearly every file of this project includes, compiled once. Each file still names all that it uses:
// nothing may rely on this header, which only saves time.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <format>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>
